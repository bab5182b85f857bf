from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db import migrations
from django.db.models import F, Q

BATCH = 500


def place_bylines(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    Update, UpdateByline = apps.get_model("liveblog", "Update"), apps.get_model("liveblog", "UpdateByline")
    signed = Update.objects.filter(byline__isnull=False).order_by().values_list("pk", "byline_id")
    UpdateByline.objects.bulk_create(
        (UpdateByline(update_id=update, byline_id=byline) for update, byline in signed.iterator()),
        batch_size=BATCH,
    )


def keep_whether_a_time_was_given(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now this was told by the time of the event being that of saving or of going live."""
    Update = apps.get_model("liveblog", "Update")
    stands_where_it_was_saved = Q(happened_at=F("modified_at")) | Q(happened_at=F("publish_at"))
    Update.objects.filter(stands_where_it_was_saved, status__in=["draft", "submitted", "scheduled"]).update(
        has_given_time=False
    )


def refer_by_id(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let revisions refer to bylines, live blogs and pictures by id, with the name that they had."""
    names = {
        model: dict(apps.get_model("liveblog", model).objects.values_list(*fields))
        for model, fields in {
            "Byline": ["name", "pk"],
            "LiveBlog": ["slug", "pk"],
            "Image": ["pk", "alt"],
        }.items()
    }
    Revision = apps.get_model("liveblog", "Revision")
    changed = []
    for revision in Revision.objects.order_by("pk").iterator(chunk_size=BATCH):
        content = revision.content
        byline = content.pop("byline", "")
        content["bylines"] = [{"id": names["Byline"].get(byline), "name": byline}] if byline else []
        content["images"] = [{"id": pk, "name": names["Image"].get(pk, "")} for pk in content["images"]]
        for story in content["stories"]:
            slug = story["live_blog"]
            story["live_blog"] = {"id": names["LiveBlog"].get(slug), "name": slug} if slug else None
        changed.append(revision)
        if len(changed) == BATCH:
            Revision.objects.bulk_update(changed, ["content"])
            changed = []
    Revision.objects.bulk_update(changed, ["content"])


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0017_placed_bylines")]

    operations = [
        migrations.RunPython(place_bylines, migrations.RunPython.noop),
        migrations.RunPython(keep_whether_a_time_was_given, migrations.RunPython.noop),
        migrations.RunPython(refer_by_id, migrations.RunPython.noop),
    ]
