from django.db import migrations, models

DETAILS = models.JSONField(
    blank=True,
    db_default={},
    default=dict,
    help_text="What else the provider sent with one that came in, by its own names.",
)


class Migration(migrations.Migration):
    """What comes in is kept with its media, and all else that the provider sends."""

    dependencies = [
        ("telephony", "0010_opt_outs_and_long_addresses"),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="details",
            field=DETAILS,
        ),
        migrations.AddField(
            model_name="message",
            name="details",
            field=DETAILS,
        ),
        migrations.AddField(
            model_name="message",
            name="media",
            field=models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="Of an MMS that came in: url and content_type of each. AVA fetches none.",
            ),
        ),
    ]
