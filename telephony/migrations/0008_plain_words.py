"""Words for operators; the database does not change."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import deletion


def guessed() -> models.BooleanField:
    return models.BooleanField(
        default=False,
        help_text="The provider's answer was lost. AVA found its ID by the numbers and the time, "
        "and the provider has not confirmed it yet.",
    )


def owner() -> models.ForeignKey:
    return models.ForeignKey(
        help_text="Empty for what came in on a number of the operator's own account.",
        null=True,
        on_delete=deletion.CASCADE,
        related_name="%(class)ss",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("telephony", "0007_timelines_by_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(model, name, field())
        for model in ("call", "message")
        for name, field in (("guessed", guessed), ("owner", owner))
    ]
