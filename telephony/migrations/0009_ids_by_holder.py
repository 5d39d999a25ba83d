import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

HOLDER = models.CharField(
    blank=True,
    db_default="",
    help_text="Whose provider account it goes through: a user's ID, or operator. The "
    "provider's IDs are this holder's, and say nothing about anybody else's rows.",
    max_length=40,
)


def name_holders(apps, schema_editor):
    """Whose account each row went through: the owner's own, unless only the operator's fits.

    What came in has an owner only where the owner's own token signed it: with any account's SID.
    """
    Credential = apps.get_model("integrations", "Credential")
    stored = Credential.objects.filter(provider="twilio").values_list("user_id", "clear")
    own = {user_id: clear.get("account_sid", "") for user_id, clear in stored}
    operators = settings.OPERATOR_CREDENTIALS.get("TWILIO_ACCOUNT_SID") or None
    for name in ("Call", "Message"):
        rows = apps.get_model("telephony", name).objects.filter(holder="")
        rows.filter(owner=None).update(holder="operator")
        for owner_id in set(rows.order_by().values_list("owner_id", flat=True)):
            theirs = rows.filter(owner_id=owner_id)
            if operators and own.get(owner_id) != operators:
                sent = theirs.filter(direction="outbound")
                sent.filter(account_sid=operators).update(holder="operator")
            theirs.update(holder=str(owner_id))


class Migration(migrations.Migration):
    """The providers' IDs are unique among the rows of one account, no longer among everybody's."""

    dependencies = [
        ("telephony", "0008_plain_words"),
        ("integrations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="pace",
            name="one_pace_for_a_number",
        ),
        migrations.AddField(
            model_name="call",
            name="holder",
            field=HOLDER,
        ),
        migrations.AddField(
            model_name="message",
            name="holder",
            field=HOLDER,
        ),
        migrations.AddField(
            model_name="pace",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(name_holders, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="call",
            name="provider_sid",
            field=models.CharField(blank=True, max_length=64, null=True),
        ),
        migrations.AlterField(
            model_name="call",
            name="vapi_call_id",
            field=models.CharField(blank=True, max_length=64, null=True),
        ),
        migrations.AlterField(
            model_name="message",
            name="provider_sid",
            field=models.CharField(blank=True, max_length=64, null=True),
        ),
        migrations.AlterField(
            model_name="pace",
            name="account_sid",
            field=models.CharField(blank=True, db_default="", max_length=34),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["provider_sid"], name="calls_by_provider_sid"),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["vapi_call_id"], name="calls_by_vapi_call_id"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["provider_sid"], name="messages_by_provider_sid"),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.UniqueConstraint(
                fields=("holder", "provider_sid"), name="call_provider_sid_of_holder"
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.UniqueConstraint(
                fields=("holder", "vapi_call_id"), name="call_vapi_call_id_of_holder"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                fields=("holder", "provider_sid"), name="message_provider_sid_of_holder"
            ),
        ),
        migrations.AddConstraint(
            model_name="pace",
            constraint=models.UniqueConstraint(
                fields=("owner", "number"), name="one_pace_of_an_owner"
            ),
        ),
    ]
