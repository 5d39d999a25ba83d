"""Self-test of the check against Twilio's document: it finds what is wrong."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.tests.conftest import PERSON, Twilio
from sandbox.tests.formats import ANSWERED, ASKED
from sandbox.tests.specs import strictly
from sandbox.tests.test_twilio_spec import CALL, NOBODY
from sandbox.tests.twilio_spec import IN_WORDS, NAME, operation


def test_every_format_that_the_document_names_for_these_is_checked() -> None:
    # A format that the checker does not know lets every word pass.
    document = strictly(NAME)
    played = re.compile(r"/2010-04-01/Accounts/[^/]+(/(Calls|Messages|IncomingPhoneNumbers).*)?")
    met = {
        name
        for path, of in document["paths"].items()
        if played.fullmatch(path.removesuffix(".json")) and path.count("/") < 6
        for name in formats(of)
    }
    for name in IN_WORDS:
        met |= formats(document["components"]["schemas"][name])
    assert {"uri", "endpoint", "twiml", "currency", "date-time-rfc-2822"} <= met
    assert met <= ANSWERED.keys() & ASKED.keys()


def formats(part: Any) -> set[str]:
    """All formats that are named in a part of the document."""
    if isinstance(part, list):
        return set().union(*map(formats, part))
    if not isinstance(part, dict):
        return set()
    named = {part["format"]} if isinstance(part.get("format"), str) else set()
    return named.union(*map(formats, part.values()))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"Too": PERSON}, "Too"),
        ({"To": None}, "'To' is a required property"),
        ({"From": ["+15005550006", "+15005550010"]}, "is not of type 'string'"),
        ({"To": "5551230001"}, "is not a 'endpoint'"),
        ({"Url": "https://ava.example/voice"}, "one of Url, Twiml, ApplicationSid"),
        ({"Twiml": None}, "one of Url, Twiml, ApplicationSid"),
        ({"Twiml": "<Response>"}, "is not a 'twiml'"),
        ({"Twiml": None, "Url": "/voice"}, "is not a 'uri'"),
        ({"StatusCallback": "https://my_host.example/"}, "is not a 'uri'"),
        ({"StatusCallbackEvent": ["ringing", "picked-up"]}, "is not one of"),
        ({"StatusCallbackMethod": "PUT"}, "StatusCallbackMethod: 'PUT'"),
        ({"Timeout": "soon"}, "is not of type 'integer'"),
        ({"ApplicationSid": "AP1", "Twiml": None}, "AP1"),
    ],
)
def test_a_request_that_is_not_as_documented_is_distinguished_from_one_that_is(
    change: dict[str, Any], complaint: str
) -> None:
    asked = operation("POST", f"/2010-04-01/Accounts/AC{NOBODY}/Calls.json")
    asked.check_request((), body(CALL))
    with pytest.raises(AssertionError, match=complaint):
        asked.check_request((), body({**CALL, **change}))


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"PageSize": "1001"}, "greater than the maximum"),
        ({"pageSize": "1"}, "pageSize"),
        ({"StartTime>": "yesterday"}, "is not a 'date-time'"),
        ({"Status": "ended"}, "is not one of"),
        ({"To": "me"}, "is not a 'phone-number'"),
    ],
)
def test_a_query_that_is_not_as_documented_is_distinguished_from_one_that_is(
    query: dict[str, str], complaint: str
) -> None:
    asked = operation("GET", f"/2010-04-01/Accounts/AC{NOBODY}/Calls.json")
    asked.check_request([("PageSize", "1000"), ("StartTime>", "2026-01-05T00:00:00Z")])
    with pytest.raises(AssertionError, match=complaint):
        asked.check_request(list(query.items()))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"stauts": "queued"}, "stauts"),
        ({"status": "ended"}, "is not one of"),
        ({"direction": "outbound"}, "is not one of"),
        ({"duration": 12}, "is not of type 'string'"),
        ({"price": "0.014 USD"}, "does not match"),
        ({"start_time": "2026-01-05T08:00:00Z"}, "is not a 'date-time-rfc-2822'"),
        ({"date_created": "Tue, 05 Jan 2026 08:00:00 +0000"}, "is not a 'date-time-rfc-2822'"),
        ({"status": None}, "None for not nullable"),
        ({"price_unit": "Dollar"}, "is not a 'currency'"),
    ],
)
def test_an_answer_that_is_not_as_documented_is_distinguished_from_one_that_is(
    twilio: Twilio, change: dict[str, Any], complaint: str
) -> None:
    asked = operation("POST", f"/2010-04-01/Accounts/AC{NOBODY}/Calls.json")
    call = twilio.ring(**CALL)
    asked.check_answer(201, call)
    with pytest.raises(AssertionError, match=complaint):
        asked.check_answer(201, {**call, **change})


def test_an_answer_that_lacks_a_field_is_distinguished_from_a_whole_one(twilio: Twilio) -> None:
    asked = operation("POST", f"/2010-04-01/Accounts/AC{NOBODY}/Calls.json")
    call = twilio.ring(**CALL)
    for name in call:
        with pytest.raises(AssertionError, match=f"'{name}' is a required property"):
            asked.check_answer(201, {key: call[key] for key in call if key != name})


def body(form: dict[str, Any]) -> str:
    return urlencode({k: v for k, v in form.items() if v is not None}, doseq=True)
