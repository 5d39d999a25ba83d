from django.db import migrations, models


class Migration(migrations.Migration):
    """A batch goes on without the recipients that are wrong, and names them."""

    dependencies = [
        ("telephony", "0011_incoming_kept_whole"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="rejected",
            field=models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="Recipients that it leaves out: index, to, code and detail of each.",
            ),
        ),
    ]
