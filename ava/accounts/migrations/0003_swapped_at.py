from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_swapped_jti")]

    operations = [
        migrations.AddField("session", "swapped_at", models.DateTimeField(blank=True, null=True))
    ]
