"""Rows without a holder: of the previous release, which runs on while the database is migrated."""

from contextlib import suppress

from django.conf import settings
from django.db import IntegrityError, transaction

from integrations.credentials.models import Credential
from telephony import parties
from telephony.intents.timeline import AnyIntent, rows_of


def name(row: AnyIntent) -> None:
    """Write down whose account it went through, as migration 0009 did for older rows."""
    if row.holder:
        return
    own = Credential.objects.filter(user_id=row.owner_id, provider=parties.TWILIO.slug)
    operators = settings.OPERATOR_CREDENTIALS.get("TWILIO_ACCOUNT_SID") or None
    is_operators = row.owner_id is None or (
        row.account_sid == operators
        and row.direction == row.Direction.OUTBOUND
        and not own.filter(clear__account_sid=row.account_sid).exists()
    )
    row.holder = parties.OPERATOR if is_operators else str(row.owner_id)
    # What came in may have been kept by both releases.
    with suppress(IntegrityError), transaction.atomic():
        rows_of(row).filter(pk=row.pk, holder="").update(holder=row.holder)
