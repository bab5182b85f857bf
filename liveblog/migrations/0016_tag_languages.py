from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db import migrations

from newsroom.text import html, languages


def tag_languages(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Tidy what was saved before as saving does now, and tag its passages in other languages."""
    blogs = apps.get_model("liveblog", "LiveBlog").objects
    updates = apps.get_model("liveblog", "Update").objects
    for pk, language, summary in blogs.exclude(summary="").values_list("pk", "language", "summary"):
        tagged = languages.tag_passages(html.clean(summary), language)
        if tagged != summary:
            blogs.filter(pk=pk).update(summary=tagged)
    # One at a time: all texts together may not fit into memory, and SQLite reads on while it is written to.
    for pk in list(updates.exclude(body="").order_by("pk").values_list("pk", flat=True)):
        body, language = updates.values_list("body", "blog__language").get(pk=pk)
        tagged = languages.tag_passages(html.clean(body), language)
        if tagged != body:
            updates.filter(pk=pk).update(body=tagged)


class Migration(migrations.Migration):
    dependencies = [
        ("liveblog", "0015_submission_per_partner"),
    ]

    operations = [migrations.RunPython(tag_languages, migrations.RunPython.noop)]
