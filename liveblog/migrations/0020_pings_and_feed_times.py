import django.db.models.deletion
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db import migrations, models
from django.db.models import F


def keep_times_of_feeds(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now feeds printed the time of the last change of any kind: no entry is to look updated now."""
    apps.get_model("liveblog", "LiveBlog").objects.update(feed_updated_at=F("modified_at"))
    published = apps.get_model("liveblog", "Update").objects.filter(number__gt=0)
    published.update(feed_updated_at=F("modified_at"))


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0019_bylines_of_updates")]

    operations = [
        migrations.AddField(
            model_name="liveblog",
            name="feed_updated_at",
            field=models.DateTimeField(
                editable=False, help_text="When something last changed that feeds print.", null=True
            ),
        ),
        migrations.AddField(
            model_name="update",
            name="feed_updated_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When something last changed that its entry in a feed prints.",
                null=True,
            ),
        ),
        migrations.RunPython(keep_times_of_feeds, migrations.RunPython.noop),
        migrations.CreateModel(
            name="PingService",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("websub", "WebSub"), ("indexnow", "IndexNow")], max_length=8),
                ),
                ("url", models.URLField(max_length=500)),
                (
                    "since_at",
                    models.DateTimeField(
                        help_text="When the settings first named it: it is told of later changes."
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "pk"],
                "constraints": [models.UniqueConstraint(fields=("kind", "url"), name="ping_service_once")],
            },
        ),
        migrations.CreateModel(
            name="PingCursor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="Of the last change that it was told of.")),
                (
                    "topics",
                    models.JSONField(
                        default=list, help_text="The slugs of the live blog's topics at the last ping."
                    ),
                ),
                ("page_told_at", models.DateTimeField(null=True)),
                (
                    "is_page_due",
                    models.BooleanField(default=False, help_text="Whether the page has changed since."),
                ),
                (
                    "attempts",
                    models.PositiveIntegerField(default=0, help_text="Failed ones since the last success."),
                ),
                ("failing_since_at", models.DateTimeField(null=True)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("leased_until_at", models.DateTimeField(null=True)),
                (
                    "blog",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="liveblog.liveblog"
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cursors",
                        to="liveblog.pingservice",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("service", "blog"), name="ping_cursor_once_per_service_and_blog"
                    )
                ],
            },
        ),
    ]
