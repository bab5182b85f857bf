from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0004_copy_profiles")]

    operations = [
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=models.Q(("kind", "blog_embargoed")), fields=["-at"], name="change_embargoed"
            ),
        ),
        migrations.AddIndex(
            model_name="update",
            index=models.Index(fields=["blog", "-happened_at", "-id"], name="update_timeline"),
        ),
        migrations.AddIndex(
            model_name="update",
            index=models.Index(fields=["blog", "-id"], name="update_by_id"),
        ),
        migrations.AddIndex(
            model_name="update",
            index=models.Index(
                condition=models.Q(("is_key_event", True), ("status", "published")),
                fields=["blog", "status", "-happened_at", "-id"],
                name="update_key_events",
            ),
        ),
        migrations.AddIndex(
            model_name="update",
            index=models.Index(
                condition=models.Q(models.Q(("status", "published"), _negated=True), ("number__gt", 0)),
                fields=["blog", "number"],
                name="update_removed",
            ),
        ),
    ]
