from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("telephony", "0013_indexes_of_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            "call",
            models.Index(
                fields=["owner", "assistant_id", "-created_at", "-id"], name="calls_by_assistant"
            ),
        ),
    ]
