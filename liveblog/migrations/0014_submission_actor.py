from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("liveblog", "0013_public_ids")]

    operations = [
        migrations.AlterField(
            model_name="submission",
            name="actor",
            field=models.CharField(
                help_text="`user 5` or `partner 7`: keys of two never meet.", max_length=40
            ),
        ),
    ]
