"""The two-person rule and the legal hold, which chief editors may override and lift."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def let_chief_editors_override(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    config = apps.get_app_config("liveblog")
    # Permissions are otherwise made after the last migration.
    module, config.models_module = getattr(config, "models_module", None), True  # type: ignore[assignment]
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = module
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    permission = Permission.objects.get(content_type__app_label="liveblog", codename="override_safeguards")
    for group in Group.objects.filter(name="Chief editor"):
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("liveblog", "0007_audit_log"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="liveblog",
            options={
                "ordering": ["-created_at", "-pk"],
                "permissions": [
                    ("run_coverage", "Can start, end and withdraw coverage"),
                    ("join_every_team", "Can work on every live blog, whatever its team"),
                    (
                        "override_safeguards",
                        "Can override the two-person rule, and place and lift legal holds",
                    ),
                ],
                "verbose_name": "live blog",
                "verbose_name_plural": "live blogs",
            },
        ),
        migrations.AddField(
            model_name="liveblog",
            name="is_on_hold",
            field=models.BooleanField(default=False, editable=False, verbose_name="under a legal hold"),
        ),
        migrations.AddField(
            model_name="liveblog",
            name="needs_second_person",
            field=models.BooleanField(
                default=False, editable=False, verbose_name="everything needs a second person"
            ),
        ),
        migrations.AddField(
            model_name="update",
            name="flags",
            field=models.JSONField(
                default=list, editable=False, help_text="Why it needs a second person: values of Flag."
            ),
        ),
        migrations.AddField(
            model_name="update",
            name="written_by",
            field=models.ForeignKey(
                editable=False,
                help_text="Who wrote the present content; empty for a partner, the importer and earlier updates.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "update",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="approval",
                        to="liveblog.update",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("content", models.JSONField(help_text="Like a revision's.")),
                ("note", models.TextField(blank=True, help_text="Empty for a minor edit.")),
                (
                    "base",
                    models.CharField(
                        help_text="The fingerprint of the content that it changes.", max_length=64
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "update",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposal",
                        to="liveblog.update",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.RunPython(let_chief_editors_override, migrations.RunPython.noop),
    ]
