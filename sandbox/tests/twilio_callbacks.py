"""Requests of Twilio to an app, as its pages have them: there is no machine-readable document.

A name that is on no page is refused, and so is a value that a page does not allow.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.tests.formats import ANSWERED

Fields = Mapping[str, str]
# True: it must be there; False: it must not; None: it may.
When = Callable[[Fields], bool | None]

_HEX = "[0-9a-f]{32}"
_COUNT = r"\d+"
_ANY = ".*"
_PARTY, _URL, _RFC2822 = "format:endpoint", "format:uri", "format:date-time-rfc-2822"
_TERMINAL = ("completed", "busy", "failed", "no-answer", "canceled")
_STATUSES = "|".join(("queued", "initiated", "ringing", "in-progress", *_TERMINAL))


def _always(_: Fields) -> bool | None:
    return True


def _maybe(_: Fields) -> bool | None:
    return None


def _at_the_end(sent: Fields) -> bool | None:
    return sent["CallStatus"] in _TERMINAL


def _of_a_leg(sent: Fields) -> bool | None:
    return sent["Direction"] == "outbound-dial"


def _of_an_error(sent: Fields) -> bool | None:
    return sent["MessageStatus"] in ("failed", "undelivered")


def _of_a_receipt(sent: Fields) -> bool | None:
    return None if sent["MessageStatus"] in ("delivered", "undelivered") else False


def _of_medium(place: int) -> When:
    return lambda sent: int(sent["NumMedia"]) > place


@dataclass(frozen=True)
class Row:
    """A parameter. `value`: a pattern, a format, or `=Name`: the same value as that one."""

    value: str
    when: When = _always


def _places(*whose: str) -> dict[str, Row]:
    parts = ("City", "State", "Zip", "Country")
    return {f"{who}{part}": Row(_ANY, _maybe) for who in whose for part in parts}


# https://www.twilio.com/docs/voice/twiml#request-parameters; Caller and Called, and their places:
# https://www.twilio.com/docs/voice/api/call-resource#statuscallback
VOICE: dict[str, Row] = {
    "CallSid": Row(f"CA{_HEX}"),
    "AccountSid": Row(f"AC{_HEX}"),
    "From": Row(_PARTY),
    "To": Row(_PARTY),
    "CallStatus": Row("queued|ringing|in-progress|completed|busy|failed|no-answer"),
    "ApiVersion": Row("2010-04-01"),
    "Direction": Row("inbound|outbound-api|outbound-dial"),
    "ForwardedFrom": Row(_ANY, _maybe),
    "CallerName": Row(_ANY, _maybe),
    "ParentCallSid": Row(f"CA{_HEX}", _of_a_leg),
    "CallToken": Row(_ANY, _maybe),
    "Caller": Row("=From", _maybe),
    "Called": Row("=To", _maybe),
    **_places("From", "To", "Caller", "Called"),
}

# https://www.twilio.com/docs/voice/api/call-resource#statuscallbackevent; for calls that came in:
# https://www.twilio.com/docs/voice/twiml#ending-the-call-callback-requests
CALL_STATUS: dict[str, Row] = {
    **VOICE,
    "CallStatus": Row(_STATUSES),
    "Caller": Row("=From"),
    "Called": Row("=To"),
    "Duration": Row(_COUNT, _at_the_end),
    "CallDuration": Row(_COUNT, _at_the_end),
    "SipResponseCode": Row("[2-6][0-9]{2}", _at_the_end),
    "Timestamp": Row(_RFC2822),
    "CallbackSource": Row("call-progress-events"),
    "SequenceNumber": Row(_COUNT),
    "StirStatus": Row("A|B|C|null", _maybe),
}

# https://www.twilio.com/docs/voice/twiml/dial#action; of SIP:
# https://www.twilio.com/docs/voice/twiml/sip
DIALLED: dict[str, Row] = {
    **VOICE,
    "DialCallStatus": Row("completed|answered|busy|no-answer|failed|canceled"),
    "DialCallSid": Row(f"CA{_HEX}"),
    "DialCallDuration": Row(_COUNT),
    "DialBridged": Row("true|false"),
    "DialSipCallId": Row(_ANY, _maybe),
    "DialSipResponseCode": Row("[2-6][0-9]{2}", _maybe),
}

# https://www.twilio.com/docs/voice/twiml/gather#action
GATHERED: dict[str, Row] = {
    **VOICE,
    "Digits": Row("[0-9*#]+"),
    "FinishedOnKey": Row("[0-9*#]?", _maybe),
}

# https://www.twilio.com/docs/usage/security/availability-reliability#fallback-urls
FALLBACK: dict[str, Row] = {**VOICE, "ErrorCode": Row("[0-9]{5}"), "ErrorUrl": Row(_URL)}

# https://www.twilio.com/docs/messaging/guides/track-outbound-message-status#how-are-status-callback-requests-sent
# ApiVersion is on no page, and in every such request that people have shown.
MESSAGE_STATUS: dict[str, Row] = {
    "MessageSid": Row(f"(SM|MM){_HEX}"),
    "SmsSid": Row("=MessageSid"),
    "AccountSid": Row(f"AC{_HEX}"),
    "MessagingServiceSid": Row(f"MG{_HEX}", _maybe),
    "From": Row(_PARTY),
    "To": Row(_PARTY),
    "ApiVersion": Row("2010-04-01", _maybe),
    "MessageStatus": Row(
        "accepted|scheduled|canceled|queued|sending|sent|failed|delivered|undelivered|read"
    ),
    "SmsStatus": Row("=MessageStatus"),
    "ErrorCode": Row("[0-9]{5}", _of_an_error),
    "RawDlrDoneDate": Row(r"\d{2}(0[1-9]|1[0-2])[0-3]\d[0-2]\d[0-5]\d", _of_a_receipt),
}

# https://www.twilio.com/docs/messaging/guides/webhook-request#request-parameters
# ApiVersion and SmsStatus are on no page, and in every such request that people have shown.
MESSAGE: dict[str, Row] = {
    "MessageSid": Row(f"(SM|MM){_HEX}"),
    "SmsSid": Row("=MessageSid"),
    "SmsMessageSid": Row("=MessageSid"),
    "AccountSid": Row(f"AC{_HEX}"),
    "MessagingServiceSid": Row(f"MG{_HEX}", _maybe),
    "From": Row(_PARTY),
    "To": Row(_PARTY),
    "Body": Row("(?s:.{0,1600})"),
    "NumMedia": Row(_COUNT),
    **{f"MediaUrl{place}": Row(_URL, _of_medium(place)) for place in range(10)},
    **{f"MediaContentType{place}": Row(_ANY, _of_medium(place)) for place in range(10)},
    "NumSegments": Row(_COUNT),
    "ApiVersion": Row("2010-04-01", _maybe),
    "SmsStatus": Row("received", _maybe),
    **_places("From", "To"),
}


def check(table: Mapping[str, Row], pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Hold what was sent against a table. Returns: it, by name.

    Raises: AssertionError that says what is wrong.
    """
    sent = dict(pairs)
    assert len(sent) == len(pairs), "a name is sent twice"
    assert sent.keys() <= table.keys(), f"on no page: {sent.keys() - table.keys()}"
    for name, row in table.items():
        wanted = row.when(sent)
        assert wanted is not True or name in sent, f"{name} is missing"
        assert wanted is not False or name not in sent, f"{name} does not belong here"
        if name in sent:
            assert _fits(sent[name], row.value, sent), f"{name}: {sent[name]!r}"
    return sent


def _fits(value: str, of: str, sent: Fields) -> bool:
    kind, _, rest = of.partition(":")
    if of.startswith("="):
        return value == sent.get(of[1:])
    if kind == "format":
        return ANSWERED[rest](value)
    return bool(re.fullmatch(of, value))
