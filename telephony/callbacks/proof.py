"""Proof of a Twilio webhook: which account's auth token signed it."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice

from django.urls import reverse

from ava.inbound.source import FITS, InvalidSignature, WebhookRequest
from ava.upstream.answer import parse_json
from integrations.credentials.masks import mask
from integrations.credentials.models import WEBHOOK_ACCOUNT
from telephony import signers
from telephony.calls.models import Call
from telephony.messages.models import Message
from telephony.signers import Signer
from telephony.twilio import diagnosis, signatures
from telephony.twilio.diagnosis import Key

LISTED = 10
BYSTANDERS = 5
"""Each costs an unsealing."""
EXCHANGED = "as Twilio signs with the auth token, the two have been exchanged"
MARKS: dict[str, type[Call] | type[Message]] = {Call.word: Call, Message.word: Message}

NEEDED = ("account_sid", "holder", "correlation_id", "owner__username", "owner__is_active")
"""Of a marked row. A call may have a long transcript."""


def fields_of(received: WebhookRequest) -> dict[str, str]:
    """The fields of a form, or of a JSON object. Not to be believed yet.

    Twilio posts forms. `application/json` is bound by a digest in the signed address
    (https://www.twilio.com/docs/api/errors/57012), so any body that is no form is read as that.
    """
    if received.form:
        return dict(received.form)
    try:
        body = parse_json(received.raw)
    except ValueError:
        return {}
    if not isinstance(body, dict):
        return {}
    return {
        name: str(value)
        for name, value in body.items()
        if isinstance(value, str | int) and not isinstance(value, bool)
    }


def marked(received: WebhookRequest) -> Call | Message | None:
    """The row whose mark the address carries."""
    query = dict(received.query)
    for word, model in MARKS.items():
        if word in query:
            try:
                key = uuid.UUID(query[word])
            except ValueError:
                return None
            return model.objects.select_related("owner").only(*NEEDED).filter(pk=key).first()
    return None


def signed_by(
    received: WebhookRequest, fields: Mapping[str, str], row: Call | Message | None, *, kind: str
) -> list[Signer]:
    """The signers that have the token it was signed with: at least one.

    Args:
        fields: of the body; of them only the account counts, to know whose tokens to try.
        row: whose mark the address carries. Its account is meant where the body names none.
        kind: of this webhook.

    Raises:
        InvalidSignature: there is none.
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
    reason = "It was signed with another token, or for another address."
    if not tried:
        reason = "Nobody here has credentials of this account."
        if row is None and _named(received) is not None:
            reason = "The address names no user who has credentials of this account."
        if row and account_sid != row.account_sid:
            reason = f"It is of another account than the {row.word} that it reports."
    raise InvalidSignature(
        reason, seen, partial(_look_closer, reason, seen, received, tried, row, kind)
    )


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
    kind: str,
) -> InvalidSignature:
    tokens = _keys(tried, signing=True)
    others = [replace(key, hint=EXCHANGED) for key in _keys(tried, signing=False)]
    for signer in islice(_bystanders(tried, row), BYSTANDERS):
        about = row.word if row else "webhook"
        hint = f"of account {_short(signer.account_sid)}, not what this {about} is checked with"
        others += [replace(key, hint=hint) for key in _keys([signer], signing=True)]
    seen = {**seen, "tokens tried": _listed(tokens)}
    path = reverse(f"twilio-webhook-{kind}")
    found = diagnosis.diagnose(received, path=path, tokens=tokens, others=others)
    return (
        InvalidSignature(found.reason, {**seen, FITS: found.fits})
        if found
        else InvalidSignature(reason, seen)
    )


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
