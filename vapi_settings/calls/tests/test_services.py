"""Calls by an assistant: placing, finding, losing them."""

from datetime import UTC, datetime

import pytest

from ava.http.problems import Problem, ValidationFailed
from ava.upstream import (
    ProviderAuthFailed,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderUnreachable,
)
from tests.resets import reset
from vapi_settings.calls import services as calls
from vapi_settings.calls.tests.calling import BARE, CALL, MARKS, NUMBER, PLACED, TO, place
from vapi_settings.conftest import ASSISTANT, store_key
from vapi_settings.errors import AssistantNotFound, VapiRefused


def test_a_call_is_placed_with_avas_marks_beside_the_assistants_metadata(played, user):
    call = place(user)
    assert (call.id, call.status, call.person) == (CALL, "queued", TO)
    assert call.provider_sid == PLACED["phoneCallProviderId"]
    assert call.metadata == MARKS
    [body] = played.bodies("POST", "/call")
    assert body == {
        "assistantId": ASSISTANT,
        "phoneNumberId": NUMBER,
        "customer": {"number": TO},
        "assistantOverrides": {
            "metadata": {"department": "sales", "ava_correlation_id": "walk-1", **MARKS}
        },
    }


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        ({}, {"X-Vapi-Secret": "planted-hook-0004"}),
        ({"webhook_scheme": "bearer"}, {"Authorization": "Bearer planted-hook-0004"}),
        ({"webhook_header": "X-Ours"}, {"X-Ours": "planted-hook-0004"}),
    ],
)
def test_vapi_is_given_the_address_for_reports_and_their_proof(played, user, scheme, headers):
    row = store_key(user, webhook_secret="planted-hook-0004", **scheme)
    place(user)
    server = played.bodies("POST", "/call")[0]["assistantOverrides"]["server"]
    assert server["url"] == f"https://ava.example/api/v1/webhooks/vapi?account={row.pk}"
    assert server["headers"] == headers


def test_an_assistant_keeps_a_server_of_its_own(played, user):
    store_key(user, webhook_secret="planted-hook-0004")
    own = {**BARE, "server": {"url": "https://hooks.brightside.example/vapi"}}
    played.on("GET", f"/assistant/{ASSISTANT}", 200, own)
    place(user)
    assert "server" not in played.bodies("POST", "/call")[0]["assistantOverrides"]


@pytest.mark.parametrize("lacking", ["secret", "public address", "header"])
def test_without_a_way_to_check_vapi_is_not_asked_to_report(played, user, settings, lacking):
    hmac = {"webhook_scheme": "hmac"} if lacking == "header" else {}
    if lacking != "secret":
        store_key(user, webhook_secret="planted-hook-0004", **hmac)
    if lacking == "public address":
        settings.PUBLIC_URL = None
    place(user)
    assert "server" not in played.bodies("POST", "/call")[0]["assistantOverrides"]


@pytest.mark.parametrize(
    ("status", "message", "problem", "said"),
    [
        (400, ["customer.number must be a valid phone number"], Problem, "does not call this"),
        (400, "Couldn't Get Phone Number. x", ValidationFailed, "does not know the number"),
        (404, "Couldn't Get Assistant. x", AssistantNotFound, "no such assistant"),
        (400, "Over Concurrency Limit", ProviderRateLimited, "Too many requests to Vapi."),
        (402, "Wallet Balance is -1.2. Purchase credits", VapiRefused, "no credit"),
        (400, "Free numbers do not support international calls", Problem, "USA only"),
        (400, ["property planted-0001 should not exist"], VapiRefused, "did not accept"),
        (401, "Invalid Key", ProviderAuthFailed, "Invalid Vapi API key."),
    ],
)
def test_a_refused_call_has_a_sentence_and_is_never_unknown(
    played, user, status, message, problem, said
):
    played.on("POST", "/call", status, {"message": message, "statusCode": status})
    with pytest.raises(problem) as caught:
        place(user)
    assert said in caught.value.detail
    assert "planted" not in str(caught.value.body())
    assert not isinstance(caught.value, ProviderUnreachable)
    assert len(played.bodies("POST", "/call")) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {}),
        (502, b"<html>"),
        (201, b""),
        (201, {}),
        (201, {"results": []}),
        # Of something in front of Vapi.
        (302, {"statusCode": 302}),
        (404, b"<html>"),
        (404, {"message": "no Route matched"}),
        (400, {"message": "customer", "statusCode": 404}),
    ],
)
def test_a_lost_answer_is_never_asked_for_twice(played, user, status, body):
    played.on("POST", "/call", status, body)
    with pytest.raises(ProviderUnreachable) as caught:
        place(user)
    assert not caught.value.unsent
    assert len(played.bodies("POST", "/call")) == 1


def test_a_failure_before_the_call_is_known_to_be_unsent(played, user):
    played.on("GET", f"/assistant/{ASSISTANT}", 500, {})
    with pytest.raises(ProviderUnreachable) as caught:
        place(user)
    assert caught.value.unsent
    assert played.bodies("POST", "/call") == []


def test_an_open_breaker_is_answered_and_no_phone_is_called(played, user):
    place(user)  # keeps a copy of the assistant
    played.on("GET", f"/call/{CALL}", 500, {})
    for _ in range(3):
        with pytest.raises(ProviderUnreachable):
            calls.fetch(user=user, call_id=CALL, metadata={})
    with pytest.raises(ProviderUnavailable) as caught:
        place(user)
    assert caught.value.unsent
    assert caught.value.detail.startswith("Vapi is temporarily unavailable.")
    assert len(played.bodies("POST", "/call")) == 1


def find(user, since=datetime(2026, 1, 5, 9, 0, tzinfo=UTC), assistant_id=ASSISTANT):
    return calls.find(
        user=user, since=since, metadata=MARKS, assistant_id=assistant_id, phone_number_id=NUMBER
    )


def test_an_id_in_capitals_is_the_same_when_placing_and_when_finding(played, user):
    played.on("GET", "/call", 200, [PLACED])
    place(user, assistant_id=ASSISTANT.upper())
    find(user, assistant_id=ASSISTANT.upper())
    assert played.bodies("POST", "/call")[0]["assistantId"] == ASSISTANT
    assert played.queries("GET", "/call")[0]["assistantId"] == ASSISTANT


def test_a_call_whose_answer_was_lost_is_found_by_its_marks(played, user):
    other = {**PLACED, "id": "other", "assistantOverrides": {"metadata": {"ava_call": "another"}}}
    played.on("GET", "/call", 200, [other, PLACED, {**PLACED, "id": "x", "assistantOverrides": 5}])
    assert [call.id for call in find(user)] == [CALL]
    [query] = played.queries("GET", "/call")
    assert query["assistantId"] == ASSISTANT
    assert query["phoneNumberId"] == NUMBER
    # Two clocks differ: a little earlier is asked for than was said.
    assert query["createdAtGe"] == "2026-01-05T08:58:00+00:00"


def test_no_call_is_an_answer_but_no_answer_is_none(played, user):
    played.on("GET", "/call", 200, [])
    assert find(user) == []
    for status, body in ((500, {}), (200, {}), (200, [{"id": None}]), (404, {})):
        played.on("GET", "/call", status, body)
        with pytest.raises(ProviderUnreachable):
            find(user)
        reset("breakers")


def test_more_calls_than_can_be_read_are_no_answer(played, user):
    page = [{**PLACED, "id": f"call-{n}", "assistantOverrides": {}} for n in range(50)]
    played.on("GET", "/call", 200, page)
    with pytest.raises(ProviderUnreachable):
        find(user)
