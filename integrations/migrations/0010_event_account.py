from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0009_summaries")]

    operations = [
        migrations.AddField(
            model_name="calendarevent",
            name="account",
            field=models.CharField(
                blank=True, db_default="", help_text="Whose calendar it goes to.", max_length=254
            ),
        ),
    ]
