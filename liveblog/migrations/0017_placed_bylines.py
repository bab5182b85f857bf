import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0016_tag_languages")]

    operations = [
        migrations.CreateModel(
            name="UpdateByline",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "byline",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="update_bylines",
                        to="liveblog.byline",
                        verbose_name="byline",
                    ),
                ),
                (
                    "update",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="update_bylines",
                        to="liveblog.update",
                    ),
                ),
            ],
            options={
                "verbose_name": "byline of an update",
                "verbose_name_plural": "bylines",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="updatebyline",
            constraint=models.UniqueConstraint(fields=("update", "byline"), name="byline_once_per_update"),
        ),
        migrations.AddField(
            model_name="update",
            name="has_given_time",
            field=models.BooleanField(
                default=True,
                editable=False,
                help_text="False: nobody gave the time of the event, which is then the moment of going live.",
            ),
        ),
        migrations.AddField(
            model_name="update",
            name="is_to_be_pinned",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="Pinned when it goes live; false once it is public.",
            ),
        ),
    ]
