from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            "session",
            "swapped_jti",
            # Of the database's own accord, for a release that does not know the column yet.
            models.CharField(blank=True, db_default="", default="", max_length=32),
        )
    ]
