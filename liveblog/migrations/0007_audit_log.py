"""The audit log, its triggers on PostgreSQL, and the permission of chief editors to read it."""

import django.db.models.deletion
from django.contrib.auth.management import create_permissions
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# Entries are only added. A head moves on by one entry at a time, and never away.
ON_POSTGRESQL = [
    """
    CREATE FUNCTION liveblog_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING
            MESSAGE = 'The audit log is append-only: ' || TG_OP || ' is refused',
            ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON liveblog_auditentry
    FOR EACH ROW EXECUTE FUNCTION liveblog_audit_refuse()
    """,
    """
    CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON liveblog_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION liveblog_audit_refuse()
    """,
    """
    CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON liveblog_audithead
    FOR EACH ROW EXECUTE FUNCTION liveblog_audit_refuse()
    """,
    """
    CREATE TRIGGER audit_head_no_truncate BEFORE TRUNCATE ON liveblog_audithead
    FOR EACH STATEMENT EXECUTE FUNCTION liveblog_audit_refuse()
    """,
    """
    CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON liveblog_audithead FOR EACH ROW
    WHEN (NEW.chain <> OLD.chain OR NEW.position <> OLD.position + 1)
    EXECUTE FUNCTION liveblog_audit_refuse()
    """,
]


def make_triggers(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for statement in ON_POSTGRESQL:
            schema_editor.execute(statement)


def drop_function(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the function and the triggers that call it; the tables are dropped next."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION liveblog_audit_refuse() CASCADE")


def let_chief_editors_read(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    config = apps.get_app_config("liveblog")
    # Permissions are otherwise made after the last migration.
    module, config.models_module = getattr(config, "models_module", None), True  # type: ignore[assignment]
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = module
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    permission = Permission.objects.get(content_type__app_label="liveblog", codename="view_auditentry")
    for group in Group.objects.filter(name="Chief editor"):
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("liveblog", "0006_front_position"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("chain", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("position", models.PositiveBigIntegerField(default=0)),
                (
                    "hash",
                    models.CharField(
                        default="0000000000000000000000000000000000000000000000000000000000000000",
                        max_length=64,
                    ),
                ),
            ],
            options={
                "ordering": ["chain"],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("chain", models.CharField(max_length=40, verbose_name="chain")),
                ("position", models.PositiveBigIntegerField(verbose_name="position")),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "by_kind",
                    models.CharField(
                        choices=[
                            ("person", "Person"),
                            ("key", "API key"),
                            ("system", "The system"),
                            ("nobody", "Not signed in"),
                        ],
                        max_length=6,
                        verbose_name="kind of actor",
                    ),
                ),
                ("by_id", models.BigIntegerField(null=True, verbose_name="actor's id")),
                ("by_name", models.CharField(blank=True, max_length=250, verbose_name="by")),
                (
                    "door",
                    models.CharField(
                        choices=[
                            ("desk", "Live desk"),
                            ("admin", "Admin"),
                            ("api", "API"),
                            ("command", "Command"),
                            ("schedule", "Schedule"),
                        ],
                        max_length=8,
                        verbose_name="through",
                    ),
                ),
                ("address", models.GenericIPAddressField(null=True, verbose_name="from")),
                ("action", models.CharField(max_length=40, verbose_name="action")),
                ("subject_kind", models.CharField(blank=True, max_length=40, verbose_name="kind of object")),
                ("subject_id", models.CharField(blank=True, max_length=40, verbose_name="object's id")),
                ("subject_name", models.CharField(blank=True, max_length=250, verbose_name="object")),
                ("details", models.JSONField(default=dict, verbose_name="details")),
                ("previous_hash", models.CharField(max_length=64, verbose_name="hash of the entry before")),
                ("hash", models.CharField(max_length=64, verbose_name="hash")),
                (
                    "blog",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="liveblog.liveblog",
                        verbose_name="live blog",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit log",
                "ordering": ["-at", "-pk"],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["-at", "-id"], name="audit_newest"),
                    models.Index(fields=["action", "-at"], name="audit_by_action"),
                    models.Index(fields=["by_kind", "by_id", "-at"], name="audit_by_actor"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "position"), name="audit_once_per_position")
                ],
            },
        ),
        migrations.RunPython(make_triggers, drop_function),
        migrations.RunPython(let_chief_editors_read, migrations.RunPython.noop),
    ]
