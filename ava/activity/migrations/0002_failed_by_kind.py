from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activity", "0001_activity")]

    operations = [
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                fields=["owner", "kind", "-at", "-id"],
                condition=models.Q(failed=True),
                name="activity_failed_by_kind",
            ),
        ),
    ]
