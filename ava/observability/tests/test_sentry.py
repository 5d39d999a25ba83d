"""Sentry gets what the log says at ERROR, as the log says it, under its correlation ID."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from ava.conf import env
from ava.http import correlation
from ava.observability import sentry

DSN = "https://public@sentry.example/1"
TOKEN, NUMBER, ADDRESS = "ava_planted0123456789", "+14155550123", "grace@example.org"
SECRETS = (TOKEN, "4155550", ADDRESS, "hunter2", "a local variable")


class Kept(Transport):
    """Sentry's own interface of transports, without a network."""

    sent: list[Envelope]

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append(envelope)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Envelope]]:
    monkeypatch.setattr(Kept, "sent", [], raising=False)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    sentry.start(DSN, environment="tests", transport=Kept)
    yield Kept.sent
    sentry_sdk.get_client().close(0)
    sentry_sdk.get_global_scope().set_client(None)


def event_of(sent: list[Envelope]) -> Any:
    [envelope] = sent
    return envelope.get_event()


def fail(request: HttpRequest | None = None) -> HttpResponse:
    planted = "a local variable"
    raise ValueError(f"no {len(planted)} {ADDRESS} {NUMBER} password=hunter2 {TOKEN}")


urlpatterns = [path("fails", fail)]


@pytest.mark.urls(__name__)
def test_a_fault_in_a_view_is_an_event_with_its_traceback_and_correlation_id(
    client: Client, sent: list[Envelope], db: None
) -> None:
    client.raise_request_exception = False
    headers = {"Authorization": f"Bearer {TOKEN}", correlation.HEADER: "broken-1"}
    answer = client.get(f"/fails?token={TOKEN}", headers=headers)
    assert answer.status_code == 500
    event = event_of(sent)
    assert event["tags"] == {"correlation_id": "broken-1"}
    [fault] = event["exception"]["values"]
    assert fault["type"] == "ValueError"
    assert fault["stacktrace"]["frames"][-1]["function"] == "fail"
    assert not {"request", "user", "breadcrumbs", "modules"} & event.keys()
    assert not any(secret in json.dumps(event, default=str) for secret in SECRETS)


def test_a_line_of_avas_own_is_an_event_with_the_lines_fields(sent: list[Envelope]) -> None:
    log = structlog.get_logger("ava.jobs")
    with correlation.bind("given-up-1"):
        try:
            fail()
        except ValueError:
            log.exception("job given up", kind="greet", to=NUMBER, auth_token=TOKEN)
    event = event_of(sent)
    assert event["logentry"]["message"] == "job given up"
    assert event["tags"] == {"correlation_id": "given-up-1"}
    assert (event["extra"]["kind"], event["extra"]["to"][-4:]) == ("greet", "0123")
    [fault] = event["exception"]["values"]
    assert fault["stacktrace"]["frames"][-1]["function"] == "fail"
    assert not any(secret in json.dumps(event, default=str) for secret in SECRETS)


def test_a_line_of_another_library_is_redacted_too(sent: list[Envelope]) -> None:
    logging.getLogger("somebody.else").error("%s wrote to %s", NUMBER, ADDRESS)
    event = event_of(sent)
    assert event["logentry"]["message"] == "\N{HORIZONTAL ELLIPSIS}0123 wrote to [redacted]"


def test_what_is_no_error_stays_here(sent: list[Envelope]) -> None:
    structlog.get_logger("ava.upstream").warning("provider operation failed")
    logging.getLogger("somebody.else").warning("slow")
    assert sent == []


@pytest.mark.parametrize(
    "dsn", ["sentry", "https://sentry.example/1", "https://hunter2@sentry.example/", "https://a@/1"]
)
def test_a_wrong_dsn_is_a_sentence_that_does_not_show_it(dsn: str) -> None:
    with pytest.raises(env.EnvironmentInvalid) as refused:
        env.read({"SENTRY_DSN": dsn})
    assert str(refused.value) == (
        "SENTRY_DSN must be a DSN as Sentry shows it: https://key@sentry.example.com/1."
    )


def test_a_right_dsn_is_taken() -> None:
    assert env.read({"SENTRY_DSN": DSN})["SENTRY_DSN"] == DSN
