"""Assistants in the list of calls, recordings, and a call's raw events in the console."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ava.inbound.models import Delivery
from sandbox.server import Sandbox
from sandbox.vapi import seed
from telephony.calls.models import Call
from telephony.calls.tests.test_pages import htmx, make, text
from vapi_settings.conftest import store_key

pytestmark = pytest.mark.database

FRONT_DESK = seed.ASSISTANT_ID
RECORDING = "https://storage.vapi.ai/1-mono.wav"


@pytest.fixture
def owner(user: User, sandbox: Sandbox) -> User:
    store_key(user)
    return user


def by(assistant: str = FRONT_DESK, **more: Any) -> dict[str, Any]:
    return {"kind": "assistant", "assistant_id": assistant, **more}


def asked(sandbox: Sandbox) -> int:
    return sum(one.path == "/assistant" for one in sandbox.requests("vapi"))


def test_calls_show_their_assistants_by_name_and_vapi_is_asked_once(
    browser: Client, owner: User, sandbox: Sandbox
) -> None:
    make(owner, 30, **by())
    make(owner, 1, **by("gone-assistant"))
    for _ in range(3):
        page = text(browser.get("/calls"))
    assert "Front desk</a>" in page
    assert "gone-assistant</a>" in page
    assert asked(sandbox) == 1
    with CaptureQueriesContext(connection) as found:
        browser.get("/calls")
    assert len(found) <= 8


def test_calls_are_filtered_by_the_assistant_that_a_row_names(browser: Client, owner: User) -> None:
    make(owner, 1, **by(), to="+14155550111")
    make(owner, 1, to="+14155550122")
    link = re.search(
        rf'href="(/calls\?[^"]*assistant_id={FRONT_DESK}[^"]*)"', text(browser.get("/calls"))
    )
    assert link
    page = text(browser.get(link[1]))
    assert "0111" in page
    assert "0122" not in page
    assert "with Front desk" in page
    assert f'<option value="{FRONT_DESK}" selected>Front desk</option>' in page


def test_while_vapi_does_not_answer_calls_are_listed_with_ids_and_news_never_asks(
    browser: Client, owner: User, sandbox: Sandbox
) -> None:
    make(owner, 1, **by())
    sandbox.faults.add("vapi", "status", status=401)
    assert FRONT_DESK in text(browser.get("/calls"))
    before = len(sandbox.requests("vapi"))
    assert FRONT_DESK in text(browser.get("/calls", headers=htmx("rows")))
    assert len(sandbox.requests("vapi")) == before


def test_who_has_no_assistants_pays_nothing_for_them(
    browser: Client, owner: User, sandbox: Sandbox
) -> None:
    make(owner)
    assert "Any assistant" not in text(browser.get("/calls"))
    assert sandbox.requests("vapi") == []


def test_a_recording_is_played_on_the_calls_own_page_and_linked_in_the_drawer(
    browser: Client, owner: User
) -> None:
    [call] = make(owner, 1, **by(recording_url=RECORDING, transcript="User: Hi"))
    answer = browser.get(f"/calls/{call.pk}")
    assert f'src="{RECORDING}"' in text(answer)
    assert "media-src https://storage.vapi.ai;" in f"{answer['Content-Security-Policy']};"
    drawer = text(browser.get(f"/calls/{call.pk}", headers=htmx("drawer-body")))
    assert "<audio" not in drawer
    assert "Listen to the recording" in drawer


@pytest.mark.parametrize(
    "address",
    ["http://storage.vapi.ai/1.wav", "https://localhost/1", "https://x.y;script-src/*", "//", ""],
)
def test_a_recording_at_a_place_that_is_no_public_host_opens_nothing(
    browser: Client, owner: User, address: str
) -> None:
    [call] = make(owner, 1, **by(recording_url=address))
    answer = browser.get(f"/calls/{call.pk}")
    assert "<audio" not in text(answer)
    assert "media-src" not in answer["Content-Security-Policy"]


def delivery(owner: User | None, call: Call, payload: Any, number: int = 1) -> None:
    Delivery.objects.create(
        provider="vapi",
        kind="events",
        delivery_id=f"{owner and owner.pk}-{number}",
        owner=owner,
        event="status-update",
        payload=payload,
        received_at=timezone.now(),
        correlation_id=call.correlation_id,
    )


def test_raw_events_show_what_was_asked_and_reported_without_secrets(
    browser: Client, owner: User, stranger: User
) -> None:
    [call] = make(owner, 1, **by(correlation_id="order-1"))
    server = {"url": "https://a.example", "secret": "planted-secret", "maxTokens": 250}
    delivery(owner, call, {"message": {"type": "status-update", "server": server}})
    delivery(stranger, call, {"message": "of a stranger's account"})
    delivery(None, call, {"message": "of nobody's account"})
    assert f"/calls/{call.pk}/events" in text(browser.get(f"/calls/{call.pk}"))
    page = text(browser.get(f"/calls/{call.pk}/events"))
    for shown in (FRONT_DESK, "Vapi events status-update", "maxTokens&quot;: 250", "[hidden]"):
        assert shown in page
    for hidden in ("planted-secret", "stranger", "nobody"):
        assert hidden not in page


def test_raw_events_of_a_long_call_are_cut_and_say_so(browser: Client, owner: User) -> None:
    [call] = make(owner, 1, **by(correlation_id="order-1"))
    for number in range(52):
        delivery(owner, call, {"text": "x" * (30_000 if number == 0 else 1)}, number)
    page = text(browser.get(f"/calls/{call.pk}/events"))
    assert "more characters" in page
    assert "There are more" in page


def test_raw_events_are_the_owners_alone(browser: Client, stranger: User) -> None:
    [call] = make(stranger)
    assert browser.get(f"/calls/{call.pk}/events").status_code == 404


@pytest.mark.parametrize(
    ("form", "path", "said"),
    [
        ("/calls/new?to=%2B14155550199", "/api/v1/twilio/calls", "+14155550199"),
        ("/messages/new", "/api/v1/twilio/messages", "+14155550101"),
        ("/messages/bulk/new", "/api/v1/twilio/messages/bulk", "recipients"),
    ],
)
def test_a_form_is_copied_as_the_request_that_does_the_same(
    browser: Client, form: str, path: str, said: str
) -> None:
    page = text(browser.get(form))
    found = re.search(r'data-copy="(curl [^"]*)"', page)
    assert found
    assert f"-X POST http://testserver{path}" in found[1]
    assert said in found[1]


def test_a_form_that_was_filled_in_is_copied_as_it_is(browser: Client) -> None:
    page = text(browser.post("/messages/new", {"to": "+14155550177", "body": "It's late"}), 400)
    found = re.search(r'data-copy="(curl [^"]*)"', page)
    assert found
    assert "+14155550177" in found[1]
    assert "s late" in found[1]
