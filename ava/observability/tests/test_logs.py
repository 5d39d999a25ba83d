import json
import logging
from collections.abc import Iterator
from io import StringIO
from urllib.parse import quote

import pytest
import structlog
from django.test import Client

from ava.http import correlation
from ava.observability import logs


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
