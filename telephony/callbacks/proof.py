"""Whose a webhook is: which account's auth token signed it."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from ava.inbound.source import Forged, Received
from ava.upstream.answer import parse_json
from telephony import parties
from telephony.calls.models import Call
from telephony.messages.models import Message
from telephony.parties import Party
from telephony.twilio import signatures

MARKS: dict[str, type[Call] | type[Message]] = {Call.word: Call, Message.word: Message}


def fields_of(received: Received) -> dict[str, str]:
    """What a form says, or a JSON object with the same fields. Not to be believed yet.

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


def marked(received: Received) -> Call | Message | None:
    """The row whose mark the address carries."""
    query = dict(received.query)
    for word, model in MARKS.items():
        if word in query:
            try:
                key = uuid.UUID(query[word])
            except ValueError:
                return None
            return model.objects.select_related("owner").filter(pk=key).first()
    return None


def signers(
    received: Received, fields: Mapping[str, str], row: Call | Message | None
) -> list[Party]:
    """Who has the token that signed it: at least one.

    Args:
        fields: of the body; of them only the account counts, to know whose tokens to try.
        row: whose mark the address carries. Its account is meant where the body names none.

    Raises:
        Forged: nobody.
    """
    account_sid = fields.get("AccountSid") or (row.account_sid if row else "")
    seen: dict[str, Any] = {"account": f"...{account_sid[-4:]}" if account_sid else "none"}
    given = received.headers.get(signatures.HEADER)
    if not given:
        raise Forged("There is no signature.", seen)
    tried = list(_candidates(account_sid, row))
    found = [
        party
        for party in tried
        if signatures.find(
            given, tokens=party.tokens, urls=received.urls, form=received.form, raw=received.raw
        )
    ]
    if found:
        return found
    seen["users tried"] = len(tried)
    if not tried:
        raise Forged("Nobody here has credentials of this account.", seen)
    raise Forged("It was signed with another token, or for another address.", seen)


def _candidates(account_sid: str, row: Call | Message | None) -> Iterator[Party]:
    if row is None:
        yield from parties.of_account(account_sid)
    # Credentials that were exchanged meanwhile speak for another account.
    elif account_sid == row.account_sid:
        yield from parties.of_row(row.owner, account_sid)
