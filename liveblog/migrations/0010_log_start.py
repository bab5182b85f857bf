from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0009_owed_files")]

    operations = [
        migrations.AddField(
            model_name="liveblog",
            name="log_start",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="liveblog",
            name="skipped_numbers",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="webhookcursor",
            name="must_start_again",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
