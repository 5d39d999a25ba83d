"""Rows without a holder: of the previous release, which runs on while the database is migrated."""

from contextlib import suppress

from django.conf import settings
from django.db import IntegrityError, transaction

from integrations.credentials.models import Credential
from telephony.intents.timeline import AnyCommunication, rows_of
from telephony.signers import OPERATOR, TWILIO


def name(row: AnyCommunication) -> None:
    """Write down whose account it went through, as migration 0009 did for older rows."""
    if row.holder:
        return
    row.holder = str(row.owner_id) if row.owner_id and _is_own(row, row.owner_id) else OPERATOR
    # What came in may have been kept by both releases.
    with suppress(IntegrityError), transaction.atomic():
        rows_of(row).filter(pk=row.pk, holder="").update(holder=row.holder)


def _is_own(row: AnyCommunication, owner_id: int) -> bool:
    operators = settings.OPERATOR_CREDENTIALS.get("TWILIO_ACCOUNT_SID") or None
    if row.direction == row.Direction.INBOUND or row.account_sid != operators:
        return True
    own = Credential.objects.filter(user_id=owner_id, provider=TWILIO.slug)
    return own.filter(clear__account_sid=row.account_sid).exists()
