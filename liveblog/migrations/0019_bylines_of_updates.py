from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0018_move_bylines")]

    operations = [
        migrations.RemoveField(model_name="update", name="byline"),
        migrations.AddField(
            model_name="update",
            name="bylines",
            field=models.ManyToManyField(
                related_name="updates",
                through="liveblog.UpdateByline",
                to="liveblog.byline",
                verbose_name="bylines",
            ),
        ),
    ]
