"""Triggers that keep the audit log append-only on PostgreSQL."""

from django.db import migrations
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


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0003_roles")]

    replaces = [("liveblog", "0007_audit_log")]

    operations = [migrations.RunPython(make_triggers, drop_function)]
