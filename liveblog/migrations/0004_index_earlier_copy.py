from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db import migrations

from newsroom.text import chinese, html

TOKENS_PER_PART = 10_000


def index_earlier_copy(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Index earlier publications as `publishing` indexes new ones."""
    LiveBlog, Update = apps.get_model("liveblog", "LiveBlog"), apps.get_model("liveblog", "Update")
    for blog in LiveBlog.objects.exclude(status="draft").iterator():
        texts = [blog.kicker, blog.headline, blog.standfirst, html.plain_text(blog.summary)]
        add(apps, texts, blog_id=blog.pk)
    for update in Update.objects.filter(status="published").iterator():
        texts = [update.heading, html.plain_text(update.body), update.source]
        add(apps, texts, blog_id=update.blog_id, update_id=update.pk)


def add(apps: StateApps, texts: list[str], **row: int) -> None:
    SearchEntry = apps.get_model("liveblog", "SearchEntry")
    tokens = chinese.bigrams("\n".join(texts))
    SearchEntry.objects.bulk_create(
        SearchEntry(part=part, tokens=" ".join(tokens[start : start + TOKENS_PER_PART]), **row)
        for part, start in enumerate(range(0, len(tokens), TOKENS_PER_PART))
    )


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0003_search")]

    operations = [migrations.RunPython(index_earlier_copy, migrations.RunPython.noop)]
