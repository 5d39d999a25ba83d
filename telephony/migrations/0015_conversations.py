from django.conf import settings
from django.db import migrations, models
from django.db.models import F

from telephony.messages.models import Person


class Migration(migrations.Migration):
    dependencies = [
        ("telephony", "0014_calls_by_assistant"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            "message",
            models.Index(
                F("owner"),
                Person(),
                F("created_at").desc(),
                F("id").desc(),
                name="messages_by_person",
            ),
        ),
    ]
