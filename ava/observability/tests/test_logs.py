import json
import logging
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from django.contrib.auth.models import User
from django.db import connection
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ava.http import correlation
from ava.observability import logs
from ava.repeats import Repeats
from conftest import client_of


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What AVA's own handler writes."""
    logs.configure("INFO")
    [handler] = [h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler]
    stream = StringIO()
    before = handler.setStream(stream)
    yield stream
    if before is not None:
        handler.setStream(before)


def lines(written: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_request_leaves_one_line_with_its_id(client: Client, written: StringIO) -> None:
    client.get("/healthz?token=abc", headers={correlation.HEADER: "test-12345"})
    [line] = [line for line in lines(written) if line["event"] == "request"]
    assert line["correlation_id"] == "test-12345"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/healthz", 200)
    assert "abc" not in json.dumps(line)


def test_lines_of_other_libraries_carry_the_id_too(written: StringIO) -> None:
    with correlation.bind("lib-1"):
        logging.getLogger("somebody.else").warning("slow %s", "thing")
    [line] = lines(written)
    assert (line["event"], line["correlation_id"]) == ("slow thing", "lib-1")


@pytest.mark.parametrize("address", ["grace@example.org", "gr+a%ce@münchen.example", "g'r@a.b.co"])
def test_an_e_mail_address_in_a_path_is_not_logged(
    client: Client, written: StringIO, address: str
) -> None:
    client.delete(f"/api/v1/integrations/email/suppressions/{quote(address)}")
    client.get(f"/api/v1/nowhere/{quote(address)}")
    assert [line["path"] for line in lines(written) if line["event"] == "request"] == [
        "/api/v1/integrations/email/suppressions/[redacted]",
        "/api/v1/nowhere/[redacted]",
    ]
    assert "@" not in written.getvalue()


def test_a_refusal_leaves_one_line_that_names_its_code(client: Client, written: StringIO) -> None:
    client.get("/api/v1/nowhere", headers={correlation.HEADER: "lost-1"})
    client.get("/api/v1/auth/me", headers={correlation.HEADER: "lost-2"})
    told = [(line["correlation_id"], line["status"], line["code"]) for line in lines(written)]
    assert told == [("lost-1", 404, "not_found"), ("lost-2", 401, "not_authenticated")]


def test_a_wrong_host_leaves_a_plain_line_that_names_it(client: Client, written: StringIO) -> None:
    answer = client.get(
        "/api/v1/auth/me", headers={"Host": "scan.example", correlation.HEADER: "scan-1"}
    )
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    told, request = lines(written)
    assert (told["level"], told["correlation_id"]) == ("warning", "scan-1")
    assert "scan.example" in str(told["event"])
    assert "exception" not in told
    assert (request["event"], request["status"]) == ("request", 400)


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "hunter2"},
        {"headers": {"Authorization": "hunter2"}},
        {"body": [{"twilioAuthToken": "hunter2"}]},
        {"note": "Bearer hunter2hunter2"},
        {"url": "redis://user:hunter2@host/0"},
    ],
)
def test_secrets_are_taken_out(fields: dict[str, object], written: StringIO) -> None:
    structlog.get_logger("ava.test").warning("thing", **fields)
    [line] = lines(written)
    assert "hunter2" not in json.dumps(line)
    assert logs.REDACTED in json.dumps(line)


def test_at_debug_no_line_holds_what_a_template_or_a_statement_was_filled_with(
    written: StringIO, db: None
) -> None:
    logs.configure("DEBUG")
    [handler] = [h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler]
    handler.setStream(written)
    Template("{{ nobody.knows }}").render(Context({"text": "planted-text"}))
    with CaptureQueriesContext(connection):  # as with DJANGO_DEBUG
        User.objects.filter(username="planted-name").first()
    logs.configure("INFO")
    assert "planted" not in written.getvalue()


def test_a_traceback_shows_no_local_variables(written: StringIO) -> None:
    def fail() -> None:
        local_secret = "hunter2"
        raise ValueError(len(local_secret))

    try:
        fail()
    except ValueError:
        logging.getLogger("ava.test").exception("failed")
    text = json.dumps(lines(written))
    assert "ValueError" in text
    assert "hunter2" not in text


def test_a_secret_inside_an_exception_text_is_taken_out(
    written: StringIO,
) -> None:
    try:
        raise ValueError("GET failed with Bearer hunter2hunter2")
    except ValueError:
        structlog.get_logger("ava.test").exception("failed")
    assert "hunter2" not in json.dumps(lines(written))


@pytest.mark.parametrize(
    "text",
    [
        "https://api.example.com/cb?code=hunter2hunter2&state=hunter2hunter2",
        "GET /feed?token=hunter2hunter2 failed",
        "POST access_token=hunter2hunter2&refresh_token=hunter2hunter2",
        "https://s3.example.com/a?X-Amz-Signature=hunter2hunter2",
        "client_secret=hunter2hunter2",
        "key: sk_live_hunter2hunter2",
        "Authorization was Basic aHVudGVyMg==hunter2",
    ],
)
def test_tokens_in_addresses_and_texts_are_taken_out(text: str, written: StringIO) -> None:
    structlog.get_logger("ava.test").warning("thing", about=text)
    logging.getLogger("somebody.else").error("it failed: %s", text)
    assert len(lines(written)) == 2
    assert "hunter2" not in written.getvalue()


def test_of_phone_numbers_the_last_four_digits_stay(written: StringIO) -> None:
    text = "from +14155550123 by /opt-outs/%2B14155550123"
    structlog.get_logger("ava.test").warning("thing", to="+447700900123", about=text)
    [line] = lines(written)
    assert (line["to"], line["about"]) == ("…0123", "from …0123 by /opt-outs/…0123")


def test_what_only_looks_like_a_secret_or_a_number_stays(written: StringIO) -> None:
    kept = {"at": "2026-12-02T14:48:47+00:00", "sum": "2+2=4", "sid": "SM" + "1" * 32}
    structlog.get_logger("ava.test").warning("thing", **kept)
    [line] = lines(written)
    assert {name: line[name] for name in kept} == kept


def test_no_number_stands_in_the_path_of_a_request(api: APIClient, written: StringIO) -> None:
    api.delete("/api/v1/twilio/opt-outs/+14155550123")
    [line] = [line for line in lines(written) if line["event"] == "request"]
    assert line["path"] == "/api/v1/twilio/opt-outs/…0123"


def test_a_request_is_logged_under_the_users_pseudonym(
    api: APIClient, strangers_api: APIClient, user: User, client: Client, written: StringIO
) -> None:
    for caller in (api, api, strangers_api, client):
        caller.get("/api/v1/auth/me")
    first, second, strangers, nobodys = (line["user"] for line in lines(written))
    assert first == second != strangers
    assert nobodys is None
    assert re.fullmatch("[0-9a-f]{16}", str(first))
    assert user.email not in written.getvalue()


def test_a_page_is_logged_under_the_same_pseudonym(
    client: Client, operator: User, written: StringIO
) -> None:
    client_of(operator).get("/api/v1/auth/me")
    client.force_login(operator)
    client.get("/admin/")
    by_token, by_session = (line["user"] for line in lines(written))
    assert by_token == by_session is not None


def test_what_a_request_does_is_logged_under_the_same_pseudonym(
    api: APIClient, user: User, written: StringIO
) -> None:
    made = api.post("/api/v1/auth/tokens", {"name": "a script", "scope": "read"}, format="json")
    assert made.status_code == 201, made.content
    done, request = lines(written)
    assert (done["event"], request["event"]) == ("API token made", "request")
    assert done["user"] == request["user"] is not None
    assert user.pk not in (*done.values(), *request.values())


def attempts(written: StringIO) -> list[dict[str, object]]:
    return [line for line in lines(written) if line["event"] == "provider attempt"]


def test_each_attempt_at_a_provider_leaves_one_line(
    api: APIClient, sandbox: Any, written: StringIO
) -> None:
    api.put("/api/v1/integrations/vapi/credentials", {"api_key": "vapi-demo-key"})
    sandbox.faults.add("vapi", "status", status=500, count=1)
    answer = api.get("/api/v1/vapi/assistants", headers={correlation.HEADER: "tried-twice"})
    assert answer.status_code == 200
    mine = [line for line in attempts(written) if line["correlation_id"] == "tried-twice"]
    facts = ("service", "method", "outcome", "attempt", "breaker")
    assert [tuple(line[fact] for fact in facts) for line in mine] == [
        ("vapi", "GET", "500", 1, "closed"),
        ("vapi", "GET", "200", 2, "closed"),
    ]
    assert mine[-1]["reused"] is True
    assert all(float(str(line["duration_ms"])) > 0 for line in mine)


def test_an_outage_fills_no_log(api: APIClient, settings: Any, written: StringIO) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1_000_000
    settings.VAPI_BASE_URL = "http://127.0.0.1:9/vapi"  # nothing listens there
    api.put("/api/v1/integrations/vapi/credentials", {"api_key": "vapi-demo-key"})
    before = len(lines(written))
    for _ in range(50):
        api.get("/api/v1/vapi/assistants")
    found = [line for line in lines(written)[before:] if line["event"] != "request"]
    refusals = [line for line in found if line["event"] == "provider not asked"]
    assert len(refusals) == 1
    assert len(found) < 20


def test_lines_that_were_left_out_are_counted() -> None:
    now = [100.0]
    repeats = Repeats(10.0, clock=lambda: now[0])
    assert [repeats.left_out("vapi") for _ in range(4)] == [0, None, None, None]
    assert repeats.left_out("twilio") == 0
    now[0] += 10
    assert [repeats.left_out("vapi") for _ in range(2)] == [3, None]


@pytest.fixture
def at_terminal() -> Iterator[StringIO]:
    """What AVA's handler writes for people."""
    logs.configure("INFO", for_people=True)
    [handler] = [h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler]
    stream = StringIO()
    handler.setStream(stream)
    yield stream
    logs.configure("INFO")


def without_colours(text: str) -> list[str]:
    return re.sub(r"\x1b\[\d+m", "", text).splitlines()


def test_at_a_terminal_lines_are_coloured_and_stand_in_columns(
    client: Client, at_terminal: StringIO
) -> None:
    client.get("/healthz")
    structlog.get_logger("ava.test").warning("a thing", url="redis://user:hunter2@host/0")
    logging.getLogger("somebody.else").warning("Bearer hunter2hunter2")
    assert "\x1b[" in at_terminal.getvalue()
    assert "hunter2" not in at_terminal.getvalue()
    first, second, third = without_colours(at_terminal.getvalue())
    columns = [first.index("request"), second.index("a thing"), third.index(logs.REDACTED)]
    assert len(set(columns)) == 1
    assert "path=/healthz" in first


def test_at_a_terminal_a_traceback_is_text_without_local_variables(at_terminal: StringIO) -> None:
    try:
        local_secret = "hunter2"
        raise ValueError(len(local_secret))
    except ValueError:
        structlog.get_logger("ava.test").exception("failed")
    said = "\n".join(without_colours(at_terminal.getvalue()))
    assert "ValueError: 7" in said
    assert "test_logs.py" in said
    assert "hunter2" not in said
