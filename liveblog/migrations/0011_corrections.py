from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0010_log_start")]

    operations = [
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=models.Q(("kind", "corrected")), fields=["blog", "-number"], name="change_corrected"
            ),
        ),
    ]
