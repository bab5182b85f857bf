import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("liveblog", "0007_presence"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Reach",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("pages", models.PositiveIntegerField(default=0, verbose_name="pages")),
                (
                    "change",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reach",
                        to="liveblog.change",
                    ),
                ),
            ],
            options={
                "verbose_name": "reach",
                "verbose_name_plural": "reach",
                "ordering": ["-change"],
            },
        ),
        migrations.AlterField(
            model_name="liveblog",
            name="team",
            field=models.ManyToManyField(
                blank=True,
                help_text="Staff who may work on it. Leave empty for everybody, within their roles.",
                limit_choices_to={"is_active": True, "is_staff": True},
                related_name="team_blogs",
                to=settings.AUTH_USER_MODEL,
                verbose_name="team",
            ),
        ),
    ]
