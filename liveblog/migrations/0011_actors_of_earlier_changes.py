from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db import migrations
from django.db.models import OuterRef, Subquery


def copy_actors_from_revisions(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Name who made the earlier changes where a revision of the same number says so.

    Pins, marks and edits of a live blog itself kept no revision, so who made those is not known.
    """
    Change, Revision = apps.get_model("liveblog", "Change"), apps.get_model("liveblog", "Revision")
    revision = Revision.objects.filter(update=OuterRef("update"), number=OuterRef("number"))
    Change.objects.filter(update__isnull=False, by__isnull=True, by_partner__isnull=True).update(
        by=Subquery(revision.values("by")[:1]), by_partner=Subquery(revision.values("by_partner")[:1])
    )


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0010_change_actor")]

    operations = [migrations.RunPython(copy_actors_from_revisions, migrations.RunPython.noop)]
