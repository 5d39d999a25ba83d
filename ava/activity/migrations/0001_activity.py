from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

KINDS = (
    ("request", "a request of the user's"),
    ("attempt", "an attempt at a provider, or why there was none"),
    ("breaker", "a circuit breaker that opened, tried or closed"),
    ("job", "background work"),
    ("webhook", "a provider's webhook"),
    ("call", "a call"),
    ("message", "a message"),
    ("mail", "an e-mail"),
    ("event", "a calendar event"),
    ("revision", "a change of a setting"),
)
NEWEST = ["-at", "-id"]


class Migration(migrations.Migration):
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("correlation_id", models.CharField("correlation ID", max_length=128)),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(choices=KINDS, max_length=10),
                ),
                ("summary", models.CharField(max_length=300)),
                ("status", models.CharField(blank=True, max_length=60)),
                ("failed", models.BooleanField()),
                ("duration_ms", models.FloatField(blank=True, null=True)),
                ("link", models.CharField(blank=True, max_length=120)),
                (
                    "owner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=models.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "activity",
                "ordering": NEWEST,
                "indexes": [
                    models.Index(
                        fields=["correlation_id", "owner"], name="activity_by_correlation_id"
                    ),
                    models.Index(fields=NEWEST, name="activity_newest"),
                    models.Index(fields=["owner", *NEWEST], name="activity_by_time"),
                    models.Index(fields=["owner", "kind", *NEWEST], name="activity_by_kind"),
                    models.Index(
                        condition=Q(failed=True),
                        fields=["owner", *NEWEST],
                        name="activity_failed",
                    ),
                ],
            },
        ),
    ]
