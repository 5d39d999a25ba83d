"""Door to a provider as its callers meet it, in the contract's words."""

import json
import threading

import pytest
import requests
import responses

from ava.upstream import (
    Answer,
    ProviderAuthFailed,
    ProviderRateLimited,
    ProviderUnavailable,
    ProviderUnreachable,
    Service,
    metrics,
)
from ava.upstream.tests.circuits import Worker
from ava.upstream.tests.conftest import counted
from ava.upstream.tests.wire import OK, answering, status

URL = "https://api.provider.test"


@pytest.fixture
def provider():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


UNREACHABLE = (ProviderUnreachable, 502, "Connection to Vapi failed. Please try again later.")
REFUSED_KEY = (
    ProviderAuthFailed,
    401,
    "Invalid Vapi API key. Please update your credentials in Settings.",
)


@pytest.mark.parametrize(
    ("answered", "problem", "code", "detail"),
    [
        (401, *REFUSED_KEY),
        (403, *REFUSED_KEY),
        (408, *UNREACHABLE),
        (
            429,
            ProviderRateLimited,
            429,
            "Too many requests to Vapi. Please try again in a moment.",
        ),
        (500, *UNREACHABLE),
        (502, *UNREACHABLE),
        (503, *UNREACHABLE),
        (599, *UNREACHABLE),
        (requests.ConnectionError("x"), *UNREACHABLE),
        (requests.exceptions.SSLError("x"), *UNREACHABLE),
        (requests.ReadTimeout("x"), *UNREACHABLE),
        (requests.exceptions.ChunkedEncodingError("x"), *UNREACHABLE),
    ],
)
def test_a_provider_in_trouble_is_a_sentence_and_nothing_raw(
    make_door, provider, answered, problem, code, detail
):
    if isinstance(answered, int):
        provider.get(f"{URL}/x", status=answered, body="stack trace, key=sk_live_123")
    else:
        provider.get(f"{URL}/x", body=answered)
    door = make_door(URL, name="Vapi")
    with pytest.raises(problem) as caught:
        door.send("GET", "/x")
    body = caught.value.body()
    assert (body["status"], body["detail"]) == (code, detail)
    assert caught.value.service == door.service.label
    assert "sk_live" not in json.dumps([body, caught.value.headers]) + repr(caught.value)


@pytest.mark.parametrize("code", [200, 201, 204, 301, 304, 400, 402, 404, 409, 410, 412, 418, 422])
def test_any_other_status_is_the_callers_to_read(make_door, provider, code):
    provider.get(f"{URL}/x", status=code, body="" if code in (204, 304) else '{"a": 1}')
    assert make_door(URL).send("GET", "/x").status == code


def test_a_refused_key_names_the_provider_not_bearer(make_door, provider):
    provider.get(f"{URL}/x", status=401, headers={"WWW-Authenticate": "Bearer"})
    with pytest.raises(ProviderAuthFailed) as caught:
        make_door(URL, name="Google Calendar").send("GET", "/x")
    assert caught.value.headers == {"WWW-Authenticate": 'Google-Calendar realm="provider"'}
    assert caught.value.code == "provider_auth_failed"


def test_a_429_hands_on_how_long_to_wait(make_door, provider):
    provider.post(f"{URL}/x", status=429, headers={"Retry-After": "7"})
    with pytest.raises(ProviderRateLimited) as caught:
        make_door(URL).send("POST", "/x")
    assert caught.value.headers["Retry-After"] == "7"
    assert caught.value.body()["retry_after"] == 7


def test_a_nonsense_retry_after_hides_no_failure_from_the_breaker(make_door, provider):
    date = f"Thu, 01 Jan 2026 {'9' * 20}:00:30 GMT"
    provider.get(f"{URL}/x", status=503, headers={"Retry-After": date})
    door = make_door(URL, attempts=1)
    for _ in range(3):
        with pytest.raises(ProviderUnreachable):
            door.send("GET", "/x")
    assert door.snapshot().state == "open"


@pytest.mark.parametrize(
    "body", ["<html>", "", "{", "NaN", '{"a": Infinity}', "[" * 100_000, b"\xff"]
)
def test_an_answer_that_is_not_json_is_an_unreachable_provider(make_door, provider, body):
    provider.get(f"{URL}/x", body=body)
    with pytest.raises(ProviderUnreachable):
        make_door(URL).send("GET", "/x").json()


def test_headers_are_found_whatever_their_case(make_door, provider):
    provider.get(f"{URL}/x", headers={"ETag": "v1"}, json={})
    assert make_door(URL).send("GET", "/x").headers["etag"] == "v1"


def test_an_answers_repr_shows_no_body():
    assert "hunter2" not in repr(Answer(200, {"k": "hunter2"}, b"hunter2", Service("x", "X")))


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 422, 429])
def test_an_answered_4xx_never_opens_the_breaker(serve, make_door, code):
    door = make_door(serve(answering(status(code))).url)
    for _ in range(50):
        try:
            door.send("POST", "/")
        except (ProviderAuthFailed, ProviderRateLimited):
            continue
    assert door.snapshot().state == "closed"
    assert door.snapshot().failures == 0
    assert counted(metrics.FAILURES, door) == 0


def test_a_wrong_key_shows_that_the_provider_is_alive(serve, make_door, clock):
    responses_left = [status(500), status(500), status(401), status(500), status(500)]

    def script(line):
        while line.read_request():
            line.send(responses_left.pop(0))

    door = make_door(serve(script).url, attempts=1)
    for _ in range(5):
        with pytest.raises((ProviderUnreachable, ProviderAuthFailed)):
            door.send("GET", "/")
    assert door.snapshot().state == "closed"


def test_it_opens_recovers_by_single_probes_and_counts_exactly(serve, make_door, clock):
    health = [status(500)]

    def script(line):
        while line.read_request():
            line.send(health[0])

    wire = serve(script)
    door = make_door(wire.url, name="Vapi")
    door.breaker.store._clock = clock
    for _ in range(3):
        with pytest.raises(ProviderUnreachable):
            door.send("GET", "/")
    arrived = len(wire.requests)
    waits = []
    for _ in range(3):
        with pytest.raises(ProviderUnavailable) as caught:
            door.send("GET", "/")
        waits.append(caught.value.retry_after)
        clock.advance(9.5)
    assert waits == [30, 21, 11]
    assert caught.value.unsent
    assert caught.value.detail == "Vapi is temporarily unavailable. Please try again in 11s."
    assert caught.value.headers["Retry-After"] == "11"
    assert len(wire.requests) == arrived

    clock.advance(1.5)
    with pytest.raises(ProviderUnreachable):
        door.send("GET", "/")
    assert len(wire.requests) == arrived + 1  # a probe is one attempt
    health[0] = OK
    clock.advance(29.9)
    with pytest.raises(ProviderUnavailable) as caught:
        door.send("GET", "/")
    assert caught.value.retry_after == 1
    clock.advance(0.1)
    door.send("GET", "/")
    assert door.snapshot().state == "half_open"
    door.send("GET", "/")
    assert door.snapshot().state == "closed"
    totals = [counted(c, door) for c in (metrics.FAILURES, metrics.OPENS, metrics.CLOSES)]
    assert totals == [4, 1, 1]


def test_while_a_probe_is_on_its_way_all_others_wait_outside(serve, make_door, clock):
    inside, leave = threading.Event(), threading.Event()

    def script(line):
        while line.read_request():
            inside.set()
            leave.wait(10)
            line.send(OK)

    wire = serve(script)
    door = make_door(wire.url)
    door.breaker.store._clock = clock
    Worker(door.breaker.store).move("open")
    clock.advance(30)
    probe = threading.Thread(target=door.send, args=("GET", "/"))
    probe.start()
    inside.wait(10)
    for _ in range(20):
        with pytest.raises(ProviderUnavailable) as caught:
            door.send("GET", "/")
        assert caught.value.retry_after == 1
    leave.set()
    probe.join()
    assert len(wire.requests) == 1


def test_a_probe_trusts_no_connection_from_before_the_outage(serve, make_door, clock):
    wire = serve(answering())
    door = make_door(wire.url)
    door.breaker.store._clock = clock
    door.send("GET", "/")
    Worker(door.breaker.store).move("open")
    clock.advance(30)
    door.send("GET", "/")
    assert wire.connections == 2


def test_a_failure_is_one_log_line_without_address_or_secret(serve, make_door, capsys, caplog):
    door = make_door(serve(answering(status(500))).url)
    with pytest.raises(ProviderUnreachable):
        door.send(
            "GET",
            "/people/ada",
            params={"phone": "+15550100"},
            headers={"Authorization": "Bearer hunter2"},
        )
    lines = [record.msg for record in caplog.records if record.name == "ava.upstream"]
    (line,) = [line for line in lines if line["event"] == "provider operation failed"]
    assert line["service"] == door.service.label
    assert (line["method"], line["outcome"], line["attempts"]) == ("GET", "provider_unreachable", 3)
    assert line["cause"] == "status 500"
    assert line["duration_ms"] > 0
    for secret in ("ada", "5550100", "hunter2", "127.0.0.1"):
        assert secret not in str(lines)


def test_durations_are_counted_by_outcome(serve, make_door):
    door = make_door(serve(answering()).url)
    door.send("GET", "/")
    with pytest.raises(ValueError, match="bug"):
        door.guard(lambda deadline: int("bug"))
    counts = {
        sample.labels["outcome"]: sample.value
        for metric in metrics.DURATION.collect()
        for sample in metric.samples
        if sample.name.endswith("_count") and sample.labels["service"] == door.service.label
    }
    assert counts == {
        "answered": 1,
        "rate_limited": 0,
        "auth_failed": 0,
        "unreachable": 0,
        "cancelled": 1,
    }
