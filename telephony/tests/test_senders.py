"""The sender of a call or message, where the account's numbers have just changed."""

import copy
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from sandbox.twilio import numbers, seed
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, posts, rings, until

NEW = "+15005550077"
BOTH = pytest.mark.parametrize(
    ("path", "body"), [(CALLS, {"say": "Hi"}), (MESSAGES, {"body": "Hi"})], ids=["call", "message"]
)


@pytest.fixture(autouse=True)
def _unlimited(twilio_user: User, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000


@pytest.fixture
def owns(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call it with numbers: the account has these from now on. Twilio forgets what it was asked."""

    def own(*wanted: str) -> None:
        made = [
            copy.deepcopy(seed.NUMBERS[0]) | {"phone_number": number, "sid": f"PN{place:032}"}
            for place, number in enumerate(wanted)
        ]
        monkeypatch.setattr(numbers, "NUMBERS", made)
        sandbox.reset()

    return own


def asked(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The queries with which Twilio was asked for the account's numbers."""
    return [
        dict(one.query)
        for one in sandbox.requests("twilio")
        if one.method == "GET" and one.path.endswith("/IncomingPhoneNumbers.json")
    ]


@BOTH
def test_a_number_that_was_bought_a_moment_ago_is_a_sender(
    api: APIClient, sandbox: Sandbox, owns: Any, path: str, body: dict[str, str]
) -> None:
    assert api.post(path, {"to": THEIRS, "from": OURS, **body}).status_code == 201
    owns(OURS, NEW)
    placed = api.post(path, {"to": THEIRS, "from": NEW, **body})
    assert (placed.status_code, placed.json()["from"]) == (201, NEW)
    assert [query["PhoneNumber"] for query in asked(sandbox)] == [NEW]
    assert api.post(path, {"to": THEIRS, "from": NEW, **body}).status_code == 201
    assert len(asked(sandbox)) == 1


def test_the_first_number_of_an_account_is_found_although_it_had_none_a_moment_ago(
    api: APIClient, sandbox: Sandbox, owns: Any
) -> None:
    wanted = {"to": THEIRS, "say": "Hi"}
    owns()
    assert api.post(CALLS, wanted).json()["code"] == "sender_ambiguous"
    owns(NEW)
    placed = api.post(CALLS, wanted)
    assert (placed.status_code, placed.json()["from"]) == (201, NEW)
    until(lambda: rings(sandbox))


def test_a_number_beyond_the_first_thousand_is_a_sender(
    api: APIClient, sandbox: Sandbox, owns: Any
) -> None:
    owns(*(f"+1500556{place:04}" for place in range(1000)), NEW)
    for _ in range(2):
        placed = api.post(CALLS, {"to": THEIRS, "from": NEW, "say": "Hi"})
        assert (placed.status_code, placed.json()["from"]) == (201, NEW)
    assert len(asked(sandbox)) == 5 + 1


@BOTH
def test_a_wrong_number_is_refused_until_the_account_has_it(
    api: APIClient, sandbox: Sandbox, owns: Any, path: str, body: dict[str, str]
) -> None:
    wanted = {"to": THEIRS, "from": NEW, **body}
    refused = api.post(path, wanted)
    assert refused.status_code == 400
    assert refused.json()["errors"]["from"] == [
        "This is not a phone number of your Twilio account."
    ]
    assert posts(sandbox) == []
    owns(OURS, NEW)
    assert api.post(path, wanted).status_code == 201


def test_a_part_of_a_number_is_no_number_of_the_account(api: APIClient, owns: Any) -> None:
    owns(OURS, f"{NEW}1")
    assert api.post(CALLS, {"to": THEIRS, "from": NEW, "say": "Hi"}).status_code == 400


def test_an_operator_has_the_numbers_asked_for_anew(
    api: APIClient, twilio_user: User, sandbox: Sandbox, owns: Any
) -> None:
    wanted = {"to": THEIRS, "from": NEW, "say": "Hi"}
    assert api.post(CALLS, wanted).status_code == 400
    owns(OURS, NEW)
    call_command("sync_numbers", twilio_user.username)
    sandbox.clear_requests()
    assert api.post(CALLS, wanted).status_code == 201
    assert asked(sandbox) == []


def test_while_twilio_does_not_answer_a_sender_is_trusted(api: APIClient, sandbox: Sandbox) -> None:
    api.post(CALLS, {"to": THEIRS, "from": OURS, "say": "Hi"})
    sandbox.faults.add("twilio", "status", status=500, count=3, match="GET /2010-04-01/Accounts/AC")
    refused = api.post(CALLS, {"to": THEIRS, "from": NEW, "say": "Hi"})
    # AVA let it pass; Twilio itself says that it is none of the account's.
    assert refused.json().get("twilio_code") == 21210
