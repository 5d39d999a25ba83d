"""The number that an assistant calls from, with the sandbox playing Vapi."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from sandbox.vapi import seed
from telephony.conftest import CALLS, OURS, SUPPORT, THEIRS, store
from vapi_settings.conftest import store_key

ASK = {"to": THEIRS, "assistant_id": seed.ASSISTANT_ID}
FREE = "+15005550011"
"""At Vapi as OURS is, which the assistant has for its own. SUPPORT is at Twilio only."""


@pytest.fixture(autouse=True)
def _with_key(user: User, sandbox: Sandbox, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    store_key(user)


@pytest.fixture
def nobodys(sandbox: Sandbox) -> None:
    """No number is the assistant's own."""
    for number in seed.PHONE_NUMBERS:
        sandbox.vapi._phone_numbers.update(number["id"], {"assistantId": None})


def sender(api: APIClient, **more: str) -> str:
    answer = api.post(CALLS, ASK | more)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["from"])


def refused(api: APIClient) -> dict[str, Any]:
    answer = api.post(CALLS, ASK)
    assert (answer.status_code, answer.json()["code"]) == (400, "sender_ambiguous")
    assert answer.json()["errors"].keys() == {"from"}
    return dict(answer.json())


@pytest.mark.parametrize("own", [True, False])
def test_the_default_is_the_sender_also_where_the_assistant_has_a_number(
    api: APIClient, user: User, request: pytest.FixtureRequest, own: bool
) -> None:
    if not own:
        request.getfixturevalue("nobodys")
    store(user, default_from=FREE)
    assert sender(api) == FREE


def test_the_one_named_is_the_sender_whatever_the_default(api: APIClient, user: User) -> None:
    store(user, default_from=FREE)
    assert sender(api, **{"from": OURS}) == OURS


@pytest.mark.parametrize("default", [None, SUPPORT])
def test_without_a_default_that_vapi_has_it_is_the_assistants_own(
    api: APIClient, user: User, default: str | None
) -> None:
    if default:
        store(user, default_from=default)
    assert sender(api) == OURS


@pytest.mark.parametrize("default", [None, SUPPORT])
@pytest.mark.usefixtures("nobodys")
def test_several_numbers_are_listed(
    api: APIClient, user: User, sandbox: Sandbox, default: str | None
) -> None:
    if default:
        store(user, default_from=default)
    assert sorted(refused(api)["numbers"]) == [OURS, FREE]
    assert sandbox.vapi.calls.store.all() == []


@pytest.mark.usefixtures("nobodys")
def test_the_only_number_is_the_sender(api: APIClient, sandbox: Sandbox) -> None:
    sandbox.vapi._phone_numbers.delete(seed.PHONE_NUMBERS[0]["id"])
    assert sender(api) == FREE


def test_where_vapi_has_no_number_the_error_says_to_import_one(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    store(user, default_from=OURS)
    for number in seed.PHONE_NUMBERS[:2]:
        sandbox.vapi._phone_numbers.delete(number["id"])
    body = refused(api)
    assert body["numbers"] == []
    assert "POST /vapi/phone-numbers" in body["detail"]
