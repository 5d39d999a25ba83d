"""Sentences for people when Twilio says no."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from sandbox.twilio import provider, refusals
from sandbox.wire import Answer
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS
from telephony.twilio import errors
from telephony.twilio.errors import MEANINGS, sentence

PAIR = {"to": THEIRS, "from": OURS}
ADDRESS = "Twilio cannot use AVA's own address. The operator must set AVA_PUBLIC_URL"


@pytest.fixture
def refuses(
    sandbox: Sandbox, twilio_user: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Any:
    """Call it with a code: Twilio refuses every call with that."""
    settings.RATE_LIMIT_PER_MINUTE = 1000
    answer = provider.Twilio.answer

    def refuse(code: int) -> None:
        body = json.dumps({"code": code, "message": "in Twilio's words", "status": 400}).encode()
        monkeypatch.setattr(
            provider.Twilio,
            "answer",
            lambda self, request: (
                Answer(400, body) if request.method == "POST" else answer(self, request)
            ),
        )

    return refuse


@pytest.mark.parametrize(
    ("code", "status", "name", "field"),
    [
        (21203, 400, "twilio_rejected", "to"),
        (21210, 400, "twilio_rejected", "from"),
        (10004, 400, "twilio_rejected", None),
        (10001, 409, "twilio_account_inactive", None),
        (20403, 401, "provider_auth_failed", None),
        (21205, 502, "twilio_refused", None),
        (21209, 502, "twilio_refused", None),
    ],
)
def test_a_refusal_says_whose_turn_it_is(
    api: APIClient, refuses: Any, code: int, status: int, name: str, field: str | None
) -> None:
    refuses(code)
    refused = api.post(CALLS, PAIR | {"say": "Hi"})
    found = refused.json()
    assert (refused.status_code, found["code"]) == (status, name)
    assert list(found.get("errors") or []) == ([field] if field else [])
    if name == "twilio_rejected":
        assert (found["detail"], found["twilio_code"]) == (MEANINGS[code]["sentence"], code)
    assert "Twilio's words" not in refused.content.decode()
    [row] = api.get(CALLS).json()["results"]
    assert (row["status"], row["error"]) == ("failed", found["detail"])


@pytest.mark.parametrize(
    ("path", "body", "code"), [(MESSAGES, {"body": "Hi"}, 21609), (CALLS, {"say": "Hi"}, 21205)]
)
def test_an_address_of_avas_that_twilio_cannot_use_is_the_operators_affair(
    api: APIClient,
    sandbox: Sandbox,
    twilio_user: User,
    settings: Any,
    path: str,
    body: dict[str, str],
    code: int,
) -> None:
    settings.PUBLIC_URL = "ftp://ava.example.com"
    refused = api.post(path, PAIR | body)
    assert (refused.status_code, refused.json()["code"]) == (502, "twilio_refused")
    assert refused.json()["detail"].startswith(ADDRESS)
    assert refused.json()["twilio_code"] == code
    [row] = api.get(path).json()["results"]
    assert (row["error"], row["error_code"]) == (refused.json()["detail"], code)


def test_what_avas_own_fault_is_goes_to_the_operator_with_the_correlation_id(
    api: APIClient, refuses: Any
) -> None:
    refuses(21209)
    found = api.post(CALLS, PAIR | {"say": "Hi"}).json()
    assert found["detail"].startswith("Twilio did not accept AVA's request. Give your operator")


def test_every_refusal_that_the_sandbox_plays_has_a_sentence() -> None:
    played = {
        code for table in (refusals._CALL_TO, refusals._TEXT_TO) for code, _ in table.values()
    }
    assert played
    assert played <= set(MEANINGS)


def test_no_code_stands_twice_in_the_table() -> None:
    rows = csv.DictReader(
        Path(errors.__file__).with_name("error_codes.csv").read_text().splitlines()
    )
    codes = [code for row in rows for code in row["codes"].split()]
    assert len(codes) == len(set(codes)) == len(MEANINGS)


SAID = sorted(code for code, meaning in MEANINGS.items() if meaning["sentence"])


@pytest.mark.parametrize("code", SAID)
def test_each_meaning_is_a_sentence_that_a_column_holds(code: int) -> None:
    meaning = MEANINGS[code]
    assert meaning["sentence"][0].isupper()
    assert meaning["sentence"].endswith(".")
    assert len(meaning["sentence"]) < 350
    assert meaning["problem"] in ("rejected", "refused")
    assert meaning["field"] in ("", "to", "from", "body")
    assert (meaning["problem"] == "refused") == ("The operator must" in meaning["sentence"])


def test_a_code_without_a_sentence_comes_with_twilios_page() -> None:
    assert sentence(99999).endswith("https://www.twilio.com/docs/errors/99999")
