"""Calls by an assistant, as Vapi's official document wants them asked for."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest

from ava import upstream
from ava.problems import Problem
from ava.upstream import ProviderAuthFailed, ProviderRateLimited, ProviderUnreachable
from sandbox.tests.specs import load, strict
from sandbox.vapi import seed
from vapi_settings import calls
from vapi_settings.callerrors import (
    CallNotControllable,
    CallNotFound,
    NumberNotAtVapi,
    VapiRefused,
)
from vapi_settings.errors import AssistantNotFound
from vapi_settings.tests.conftest import ASSISTANT, store_key
from vapi_settings.tests.scripted import scripted_vapi

CALL = "0f7c7b5e-2d8a-4d5e-9f3b-6a1c2e4d8b90"
NUMBER = seed.PHONE_NUMBERS[0]["id"]
MARKS = {"ava_call": "7b0f2f2a-7f4e-4f4e-8d5c-0b9a8f6e5d4c"}
TO = "+15005550009"
BARE = {"id": ASSISTANT, "name": "Bare", "metadata": {"department": "sales"}}
PLACED = {
    "id": CALL,
    "orgId": "8f2f6a1e-3c5d-4b7a-9e10-6d5c4b3a2f1e",
    "createdAt": "2026-01-05T09:00:00.000Z",
    "updatedAt": "2026-01-05T09:00:03.000Z",
    "status": "queued",
    "assistantId": ASSISTANT,
    "phoneNumberId": NUMBER,
    "phoneCallProviderId": "CA0123456789abcdef0123456789abcdef",
    "customer": {"number": TO},
    "assistantOverrides": {"metadata": {"department": "sales", **MARKS}},
    "monitor": {"controlUrl": "https://phone.vapi.ai/x/control"},
}


@pytest.fixture
def played(db, settings, user, quick_door):
    with scripted_vapi() as vapi:
        settings.VAPI_BASE_URL = vapi.url
        settings.PUBLIC_URL = "https://ava.example"
        vapi.on("GET", f"/assistant/{ASSISTANT}", 200, BARE)
        vapi.on("GET", "/phone-number", 200, seed.PHONE_NUMBERS)
        vapi.on("POST", "/call", 201, PLACED)
        store_key(user)
        yield vapi


def place(user, **changed):
    return calls.place(
        **{
            "user": user,
            "assistant_id": ASSISTANT,
            "phone_number_id": NUMBER,
            "to": TO,
            "correlation_id": "walk-1",
            "metadata": MARKS,
            **changed,
        }
    )


def test_a_call_is_placed_with_avas_marks_beside_the_assistants_metadata(played, user):
    call = place(user)
    assert (call.id, call.status, call.to) == (CALL, "queued", TO)
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


def test_what_is_sent_and_asked_conforms_to_vapis_document(played, user):
    spec = strict(load("vapi_openapi.json"))
    spec["servers"] = [{"url": "http://vapi"}]
    document = OpenAPI.from_dict(spec, config=Config(spec_validator_cls=None))
    store_key(user, webhook_secret="planted-hook-0004")
    place(user)
    played.on("GET", f"/call/{CALL}", 200, PLACED)
    calls.fetch(user=user, call_id=CALL)
    played.on("GET", "/call", 200, [PLACED])
    find(user)
    seen = [it for it in played.heard if it[1].startswith("/call")]
    assert len(seen) == 3
    for method, path, query, body, _ in seen:
        request = requests.Request(
            method,
            f"http://vapi{path}",
            params=query,
            json=body,
            headers={"Authorization": "Bearer key"},
        )
        document.validate_request(RequestsOpenAPIRequest(request))


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        ({}, {"X-Vapi-Secret": "planted-hook-0004"}),
        ({"webhook_scheme": "bearer"}, {"Authorization": "Bearer planted-hook-0004"}),
        ({"webhook_header": "X-Ours"}, {"X-Ours": "planted-hook-0004"}),
    ],
)
def test_vapi_is_told_where_to_report_and_how_to_prove_itself(played, user, scheme, headers):
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
        (400, "Couldn't Get Phone Number. x", NumberNotAtVapi, "does not know the number"),
        (404, "Couldn't Get Assistant. x", AssistantNotFound, "no such assistant"),
        (400, "Over Concurrency Limit", ProviderRateLimited, "Too many requests to Vapi."),
        (402, "Wallet Balance is -1.2. Purchase credits", VapiRefused, "no credit"),
        (400, "Free numbers do not support international calls", Problem, "USA only"),
        (400, ["property planted-0001 should not exist"], VapiRefused, "did not accept"),
        (401, "Invalid Key", ProviderAuthFailed, "Invalid Vapi API key."),
    ],
)
def test_a_refused_call_is_told_in_words_and_never_as_unknown(
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
    ("status", "body"), [(500, {}), (502, b"<html>"), (201, b""), (201, {}), (201, {"results": []})]
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


def find(user, since=datetime(2026, 1, 5, 9, 0, tzinfo=UTC)):
    return calls.find(
        user=user, since=since, metadata=MARKS, assistant_id=ASSISTANT, phone_number_id=NUMBER
    )


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
        upstream.forget()


def test_more_calls_than_can_be_read_are_no_answer(played, user):
    page = [{**PLACED, "id": f"call-{n}", "assistantOverrides": {}} for n in range(50)]
    played.on("GET", "/call", 200, page)
    with pytest.raises(ProviderUnreachable):
        find(user)


def test_a_finished_call_tells_its_transcript_recording_cost_and_reason(played, user):
    played.on(
        "GET",
        f"/call/{CALL}",
        200,
        {
            **PLACED,
            "status": "ended",
            "endedReason": "customer-ended-call",
            "cost": 0.1234,
            "startedAt": "2026-01-05T09:00:05.000Z",
            "endedAt": "2026-01-05T09:01:05.000Z",
            "artifact": {
                "transcript": "AI: Hello!\n",
                "recordingUrl": "https://storage.vapi.ai/a.wav",
                "presignedMonoUrl": "https://storage.vapi.ai/a.wav?X-Amz-Signature=planted",
            },
            "analysis": {"summary": "A short call."},
        },
    )
    call = calls.fetch(user=user, call_id=CALL)
    assert (call.status, call.ended_reason) == ("ended", "customer-ended-call")
    assert call.cost == Decimal("0.1234")
    assert call.transcript == "AI: Hello!\n"
    assert call.recording_url == "https://storage.vapi.ai/a.wav"
    assert call.summary == "A short call."
    assert call.ended_at - call.started_at == timedelta(minutes=1)


@pytest.mark.parametrize(
    "strange",
    [
        {"status": 5, "cost": "dear", "artifact": [], "analysis": None, "customer": "x"},
        {"cost": True, "artifact": {"transcript": 1, "recordingUrl": "javascript:alert(1)"}},
        {"cost": -1, "endedAt": "yesterday", "monitor": [], "transport": 7},
    ],
)
def test_what_is_strange_about_a_call_does_not_hide_it(played, user, strange):
    played.on("GET", f"/call/{CALL}", 200, {**PLACED, **strange})
    call = calls.fetch(user=user, call_id=CALL)
    assert (call.id, call.cost, call.recording_url) == (CALL, None, None)


def test_a_call_that_vapi_does_not_know_is_a_404(played, user):
    with pytest.raises(CallNotFound):
        calls.fetch(user=user, call_id="../assistant")


def test_a_running_call_is_ended_where_vapi_takes_orders_for_it(played, user):
    control = f"{played.url}/live/control"
    played.on("GET", f"/call/{CALL}", 200, {**PLACED, "monitor": {"controlUrl": control}})
    played.on("POST", "/live/control", 200, {})
    calls.end(user=user, call_id=CALL)
    assert played.bodies("POST", "/live/control") == [{"type": "end-call"}]
    # The address is the key: the account's own is not for it.
    assert played.heard[-1][4]["Authorization"] is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://phone.vapi.ai/x",
        "https://vapi.ai.evil.example/x",
        "https://evilvapi.ai/x",
        "https://phone.vapi.ai:99999/x",
        "https://phone.vapi.ai:22/x",
        "https://me@phone.vapi.ai/x",
        "http://127.0.0.1:1/x",
        "https://[::1",
    ],
)
def test_orders_go_to_vapi_only(played, user, url):
    played.on("GET", f"/call/{CALL}", 200, {**PLACED, "monitor": {"controlUrl": url}})
    with pytest.raises(CallNotControllable):
        calls.end(user=user, call_id=CALL)


def test_a_call_that_is_over_takes_no_orders(played, user):
    control = f"{played.url}/live/control"
    played.on("GET", f"/call/{CALL}", 200, {**PLACED, "monitor": {"controlUrl": control}})
    with pytest.raises(CallNotControllable):
        calls.end(user=user, call_id=CALL)


def number(user, **wanted):
    return calls.number_for(user=user, assistant_id=ASSISTANT, **wanted).id


def test_the_number_to_call_from_is_the_named_one_else_the_assistants_else_the_only_one(
    played, user
):
    assert number(user, number="+15005550011") == seed.PHONE_NUMBERS[1]["id"]
    assert number(user) == NUMBER
    assert calls.number_for(user=user, assistant_id="another-one", number="+15005550006").id
    with pytest.raises(NumberNotAtVapi) as caught:
        calls.number_for(user=user, assistant_id="another-one")
    assert "+15005550006" in caught.value.detail


def test_a_number_imported_a_moment_ago_is_found(played, user):
    with pytest.raises(NumberNotAtVapi):
        number(user, number="+15005550012")
    new = {**seed.PHONE_NUMBERS[1], "id": "new", "number": "+15005550012"}
    played.on("GET", "/phone-number", 200, [*seed.PHONE_NUMBERS, new])
    assert number(user, number="+15005550012") == "new"


def test_a_user_without_numbers_is_told_to_import_one(played, user):
    played.on("GET", "/phone-number", 200, [])
    with pytest.raises(NumberNotAtVapi) as caught:
        number(user)
    assert "Import one" in caught.value.detail
    assert caught.value.errors.keys() == {"from"}
