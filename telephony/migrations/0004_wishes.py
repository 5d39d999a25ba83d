import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telephony", "0003_recordings")]

    operations = [
        migrations.AddField(
            "optout",
            "stopped",
            models.BooleanField(default=True, help_text="Wants no messages of it."),
        ),
        migrations.AlterField(
            "optout",
            "at",
            models.DateTimeField(
                default=django.utils.timezone.now, help_text="Of the latest wish."
            ),
        ),
        migrations.AlterField(
            "optout",
            "person",
            models.CharField(help_text="Who wrote to it.", max_length=32),
        ),
    ]
