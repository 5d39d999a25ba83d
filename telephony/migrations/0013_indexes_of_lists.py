from django.conf import settings
from django.db import migrations, models

NEWEST = ["-created_at", "-id"]


def indexes(model):
    """An index for each filter of a list, in the list's order."""
    fields = {
        "of_owner_by_time": ["owner"],
        "by_status": ["owner", "status"],
        "by_direction": ["owner", "direction"],
        "by_to": ["to", "owner"],
        "by_from": ["from_number", "owner"],
        "by_correlation_id": ["correlation_id", "owner"],
        "by_time": [],
    }
    for name, first in fields.items():
        index = models.Index(fields=[*first, *NEWEST], name=f"{model}s_{name}")
        yield migrations.AddIndex(model_name=model, index=index)


def correlation_id():
    return models.CharField(blank=True, max_length=128, verbose_name="correlation ID")


def owner():
    return models.ForeignKey(
        db_index=False,
        help_text="Empty for what came in on a number of the operator's own account.",
        null=True,
        on_delete=models.CASCADE,
        related_name="%(class)ss",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("telephony", "0012_rejected_recipients"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField("call", "correlation_id", correlation_id()),
        migrations.AlterField("message", "correlation_id", correlation_id()),
        *indexes("call"),
        *indexes("message"),
        migrations.AddIndex(
            "batch", models.Index(fields=["owner", *NEWEST], name="batches_of_owner_by_time")
        ),
        migrations.AddIndex("batch", models.Index(fields=NEWEST, name="batches_by_time")),
        migrations.AlterField("call", "owner", owner()),
        migrations.AlterField("message", "owner", owner()),
        migrations.AlterField(
            "batch",
            "owner",
            models.ForeignKey(
                db_index=False,
                on_delete=models.CASCADE,
                related_name="batches",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RemoveIndex(model_name="call", name="calls_of_owner"),
        migrations.RemoveIndex(model_name="message", name="messages_of_owner"),
    ]
