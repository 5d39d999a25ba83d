"""Verification of a Twilio webhook: which account's auth token signed it."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice

from ava.inbound.source import FITS, InvalidSignature, WebhookRequest
from ava.upstream import parse_json
from integrations.credentials.models import WEBHOOK_ACCOUNT
from integrations.credentials.validation import mask
from telephony import signers
from telephony.calls.models import Call
from telephony.messages.models import Message
from telephony.signers import Signer
from telephony.twilio import diagnosis, signatures
from telephony.twilio.diagnosis import Key

LISTED = 10
# Each costs an unsealing.
BYSTANDERS = 5
EXCHANGED = "as Twilio signs with the auth token, the two have been exchanged"

# Of a marked row. A call may have a long transcript.
NEEDED = ("account_sid", "holder", "correlation_id", "owner__username", "owner__is_active")


def fields_of(received: WebhookRequest) -> dict[str, str]:
    """The fields of a form, or of a JSON object, not verified. Twilio posts forms, and binds JSON
    by a digest in the signed address (https://www.twilio.com/docs/api/errors/57012)."""
    if received.form:
        return dict(received.form)
    try:
        body = parse_json(received.raw)
    except ValueError:
        return {}
    found = body.items() if isinstance(body, dict) else ()
    return {name: str(value) for name, value in found if type(value) in (str, int)}


def marked(received: WebhookRequest) -> Call | Message | None:
    """The row whose mark the address carries."""
    query = dict(received.query)
    for model in (Call, Message):
        if model.word in query:
            try:
                key = uuid.UUID(query[model.word])
            except ValueError:
                return None
            return model.objects.select_related("owner").only(*NEEDED).filter(pk=key).first()
    return None


def signed_by(
    received: WebhookRequest, fields: Mapping[str, str], row: Call | Message | None
) -> list[Signer]:
    """The signers that have the token it was signed with. Raises InvalidSignature: there is none.

    Args:
        fields: of the body; of them only the account counts, to know whose tokens to try.
        row: whose mark the address carries. Its account is meant where the body names none.
    """
    account_sid = fields.get("AccountSid") or (row.account_sid if row else "")
    seen = {"account": _short(account_sid) if account_sid else "none"}
    given = received.headers.get(signatures.HEADER)
    if not given:
        raise InvalidSignature("There is no signature.", seen)
    tried = _candidates(received, account_sid, row)
    found = [
        signer
        for signer in tried
        if signatures.is_signed(
            given, tokens=signer.tokens, urls=received.urls, form=received.form, raw=received.raw
        )
    ]
    if found:
        return found
    if tried:
        reason = "It was signed with another token, or for another address."
    elif row and account_sid != row.account_sid:
        reason = f"It is of another account than the {row.word} that it reports."
    elif row is None and _named(received) is not None:
        reason = "The address names no user who has credentials of this account."
    else:
        reason = "Nobody here has credentials of this account."
    raise InvalidSignature(reason, seen, partial(_look_closer, reason, seen, received, tried, row))


def _candidates(
    received: WebhookRequest, account_sid: str, row: Call | Message | None
) -> list[Signer]:
    """Signers whose tokens may prove it: of the row that the address marks, else the user whom it
    names, else all who name the account."""
    if row is not None:
        # Credentials that were exchanged meanwhile speak for another account.
        found = signers.of_row(row.owner, holder=row.holder, account_sid=row.account_sid)
        return [found] if found and account_sid == row.account_sid else []
    account = _named(received)
    if account is None:
        return list(signers.of_account(account_sid, most=signers.MOST))
    found = signers.named(account)
    return [found] if found and found.account_sid == account_sid else []


def _named(received: WebhookRequest) -> str | None:
    """The account that the address names; "" where it names several, which is refused."""
    named = [value for name, value in received.query if name == WEBHOOK_ACCOUNT]
    return named[0] if len(named) == 1 else "" if named else None


def _look_closer(
    reason: str,
    seen: Mapping[str, str],
    received: WebhookRequest,
    tried: Sequence[Signer],
    row: Call | Message | None,
) -> InvalidSignature:
    tokens = _keys(tried, signing=True)
    others = [replace(key, hint=EXCHANGED) for key in _keys(tried, signing=False)]
    for signer in islice(_bystanders(tried, row), BYSTANDERS):
        about = row.word if row else "webhook"
        hint = f"of account {_short(signer.account_sid)}, not what this {about} is checked with"
        others += [replace(key, hint=hint) for key in _keys([signer], signing=True)]
    seen = {**seen, "tokens tried": _listed(tokens)}
    if found := diagnosis.diagnose(received, tokens=tokens, others=others):
        reason, seen = found[0], {**seen, FITS: found[1]}
    return InvalidSignature(reason, seen)


def _bystanders(tried: Sequence[Signer], row: Call | Message | None) -> Iterator[Signer]:
    """Signers whose tokens do not count, but may have been used all the same."""
    known = [signers.of_owner(row.owner) if row else None, signers.operator()]
    others = signers.of_account(row.account_sid, most=BYSTANDERS) if row else ()
    for signer in chain(filter(None, known), others):
        if signer.secrets not in [one.secrets for one in tried]:
            yield signer


def _keys(of: Sequence[Signer], *, signing: bool) -> list[Key]:
    return [
        Key(f"{name} {mask(value)} of {signer.whose}", value)
        for signer in of
        for name, value in signer.secrets.items()
        if (name in signers.SIGNING) is signing
    ]


def _listed(keys: Sequence[Key]) -> str:
    names = list(dict.fromkeys(key.name for key in keys))
    more = f", and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return (", ".join(names[:LISTED]) or "none") + more


def _short(account_sid: str) -> str:
    return f"...{account_sid[-4:]}"
