from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("telephony", "0006_first_attempts")]

    operations = [
        migrations.AlterModelOptions(
            "callentry", {"ordering": ["at", "id"], "verbose_name_plural": "call entries"}
        ),
        migrations.AlterModelOptions(
            "messageentry", {"ordering": ["at", "id"], "verbose_name_plural": "message entries"}
        ),
    ]
