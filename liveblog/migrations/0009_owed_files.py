from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone


def owe_all_pictures(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Have every picture's files looked at once: earlier releases lost some in crashes and on full disks."""
    keys = apps.get_model("liveblog", "Image").objects.values_list("key", flat=True)
    owed_files = apps.get_model("liveblog", "OwedFiles")
    now = timezone.now()
    rows = [owed_files(key=key, due_at=now) for key in keys]
    owed_files.objects.bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0008_second_person")]

    operations = [
        migrations.CreateModel(
            name="OwedFiles",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(db_index=True, max_length=16)),
                ("due_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "files that are owed",
                "verbose_name_plural": "files that are owed",
            },
        ),
        migrations.RunPython(owe_all_pictures, migrations.RunPython.noop),
    ]
