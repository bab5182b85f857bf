from django.contrib.auth.management import create_permissions
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db import migrations

READ = [
    f"view_{name}"
    for name in (
        "liveblog",
        "update",
        "image",
        "byline",
        "topic",
        "relatedstory",
        "revision",
        "change",
        "glossaryterm",
    )
]
REPORTER = [*READ, "add_update", "add_image"]
EDITOR = [
    *REPORTER,
    "change_update",
    "publish_update",
    "withdraw_update",
    "change_image",
    "change_relatedstory",
    "add_byline",
    "change_byline",
    "view_readerresponse",
    "moderate_readerresponse",
]
CHIEF_EDITOR = [
    *EDITOR,
    "add_liveblog",
    "change_liveblog",
    "run_coverage",
    "join_every_team",
    "add_topic",
    "change_topic",
    "add_glossaryterm",
    "change_glossaryterm",
    "delete_glossaryterm",
    "view_auditentry",
    "override_safeguards",
]
PEOPLE = ["add_user", "change_user", "view_user", "view_group"]
SYNDICATION_MANAGER = [
    "view_liveblog",
    "view_change",
    *(f"{verb}_{name}" for name in ("partner", "apikey", "webhook") for verb in ("add", "change", "view")),
    "view_webhookcursor",
    "view_delivery",
]
ROLES = {
    "Reporter": {"liveblog": REPORTER},
    "Editor": {"liveblog": EDITOR},
    "Chief editor": {"liveblog": CHIEF_EDITOR, "auth": PEOPLE},
    "Syndication manager": {"liveblog": SYNDICATION_MANAGER},
}


def make_roles(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the four roles as groups; give a group of that name that exists already what it lacks."""
    for label in ("auth", "liveblog"):
        # Permissions are otherwise made after the last migration.
        config = apps.get_app_config(label)
        module, config.models_module = getattr(config, "models_module", None), True  # type: ignore[assignment]
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = module
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, role in ROLES.items():
        group, _is_new = Group.objects.get_or_create(name=name)
        for label, codenames in role.items():
            wanted = Permission.objects.filter(content_type__app_label=label, codename__in=codenames)
            missing = set(codenames) - set(wanted.values_list("codename", flat=True))
            if missing:
                raise RuntimeError(f"There are no such permissions: {missing}")
            group.permissions.add(*wanted)


class Migration(migrations.Migration):
    dependencies = [
        ("liveblog", "0002_search_index"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    replaces = [("liveblog", "0006_roles")]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
