import json
import logging

import pytest
import structlog
from django.test import Client

from ava import correlation, logs


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line]


@pytest.fixture(autouse=True)
def to_captured_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    # The handler holds the stream of the moment it was made.
    logs.configure("INFO")


def test_a_request_leaves_one_line_with_its_id(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    client.get("/healthz?token=abc", headers={correlation.HEADER: "test-12345"})
    [line] = [line for line in lines(capsys) if line["event"] == "request"]
    assert line["correlation_id"] == "test-12345"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/healthz", 200)
    assert "abc" not in json.dumps(line)


def test_lines_of_other_libraries_carry_the_id_too(capsys: pytest.CaptureFixture[str]) -> None:
    with correlation.bind("lib-1"):
        logging.getLogger("somebody.else").warning("slow %s", "thing")
    [line] = lines(capsys)
    assert (line["event"], line["correlation_id"]) == ("slow thing", "lib-1")


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
def test_secrets_are_taken_out(
    fields: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    structlog.get_logger("ava.test").warning("thing", **fields)
    [line] = lines(capsys)
    assert "hunter2" not in json.dumps(line)
    assert logs.REDACTED in json.dumps(line)


def test_a_traceback_shows_no_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        local_secret = "hunter2"
        raise ValueError(len(local_secret))

    try:
        fail()
    except ValueError:
        logging.getLogger("ava.test").exception("failed")
    text = json.dumps(lines(capsys))
    assert "ValueError" in text
    assert "hunter2" not in text


def test_a_secret_inside_an_exception_text_is_taken_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        raise ValueError("GET failed with Bearer hunter2hunter2")
    except ValueError:
        structlog.get_logger("ava.test").exception("failed")
    assert "hunter2" not in json.dumps(lines(capsys))
