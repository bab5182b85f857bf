from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0005_indexes_of_long_blogs")]

    operations = [
        migrations.AddField(
            model_name="liveblog",
            name="front_position",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="1 is the lead. Without one, the newest update decides.",
                null=True,
                verbose_name="position on the front page",
            ),
        )
    ]
