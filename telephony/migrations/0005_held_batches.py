import django.utils.timezone
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("telephony", "0004_wishes")]

    operations = [
        migrations.AddField(
            "batch",
            "held_at",
            models.DateTimeField(
                blank=True,
                help_text="Since when AVA has paused it, which looks again by itself.",
                null=True,
            ),
        ),
        migrations.AddField(
            "batch",
            "error",
            models.CharField(
                blank=True, help_text="Why it does not go on now; else empty.", max_length=400
            ),
        ),
        migrations.AddConstraint(
            "batch",
            models.CheckConstraint(
                condition=Q(held_at__isnull=True) | Q(state="paused"), name="batch_held_is_paused"
            ),
        ),
        migrations.AddIndex(
            "message",
            models.Index(
                condition=Q(batch__isnull=False),
                fields=["batch", "status", "place"],
                name="messages_of_batch",
            ),
        ),
        # What it holds is of no use after a second.
        migrations.DeleteModel("Pace"),
        migrations.CreateModel(
            "Pace",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account_sid", models.CharField(max_length=34)),
                ("number", models.CharField(max_length=32)),
                ("free_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.AddConstraint(
            "pace",
            models.UniqueConstraint(fields=("account_sid", "number"), name="one_pace_for_a_number"),
        ),
    ]
