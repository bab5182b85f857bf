from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("liveblog", "0011_blog_proposals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=models.Q(("kind", "corrected")), fields=["blog", "-number"], name="change_corrected"
            ),
        ),
        # The names of these fields head columns of the admin; the database does not change.
        migrations.AlterField(
            model_name="image",
            name="created_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=models.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="created by",
            ),
        ),
        migrations.AlterField(
            model_name="webhookcursor",
            name="blog",
            field=models.ForeignKey(
                on_delete=models.PROTECT, related_name="+", to="liveblog.liveblog", verbose_name="live blog"
            ),
        ),
        migrations.AlterField(
            model_name="webhookcursor",
            name="webhook",
            field=models.ForeignKey(
                on_delete=models.CASCADE,
                related_name="cursors",
                to="liveblog.webhook",
                verbose_name="webhook",
            ),
        ),
    ]
