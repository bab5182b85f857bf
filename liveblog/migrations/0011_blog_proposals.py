"""Actions on live blogs that wait for a second person."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("liveblog", "0010_log_start"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BlogProposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("save", "text changes"),
                            ("start", "start of coverage"),
                            ("restore", "restoring the live blog"),
                            ("lift", "lifting the embargo now"),
                        ],
                        max_length=7,
                    ),
                ),
                ("details", models.JSONField(help_text="The new details, for text changes.", null=True)),
                (
                    "base",
                    models.CharField(
                        help_text="The fingerprint of the details that were looked at.", max_length=64
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "blog",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposal",
                        to="liveblog.liveblog",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
    ]
