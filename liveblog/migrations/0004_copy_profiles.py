from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("liveblog", "0003_roles"),
    ]

    operations = [
        migrations.CreateModel(
            name="CopyProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                ("signature", models.CharField(blank=True, max_length=200)),
                ("heading", models.CharField(blank=True, max_length=20)),
                ("order", models.CharField(blank=True, max_length=20)),
                ("zone", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "verbose_name": "profile of running copy",
                "verbose_name_plural": "profiles of running copy",
                "ordering": ["name"],
            },
        ),
    ]
