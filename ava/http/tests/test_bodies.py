"""Bodies in UTF-8, as a server hands them to AVA's WSGI application; and no others."""

import json
import logging
from typing import Any

import pytest
from prometheus_client import REGISTRY

from ava.http.middleware import LARGEST_FORM
from tests.stranger.door import Answer, ask

LOGIN = "/api/v1/auth/login"
WEBHOOK = "/api/v1/webhooks/twilio/voice"
PUNYCODE = b"a" * (1024 * 1024 - 10)

FOREIGN = [
    *(
        f"application/json; charset={name}"
        for name in (
            "punycode", "zlib", "hex", "base64", "bz2", "uu", "rot13", "quopri", "undefined",
            "idna", "utf-7", "utf-16", "utf-32", "latin-1", "us-ascii", "cp037", "unicode_escape",
            "raw_unicode_escape", "mbcs", "none", "", '""', "utf-8-sig", "utf-88", "'utf-8'",
        )
    ),
    "application/json;charset=PunyCode",
    'application/json; charset="punycode"',
    'application/json; charset="puny\\code"',
    "application/json; CHARSET=punycode",
    "application/json; charset = punycode",
    "application/json;\tcharset=punycode",
    "application/json; x=1; charset=punycode",
    'application/json; x=";"; charset=punycode',
    "application/json; charset=utf-8; charset=punycode",
    "application/json; charset=punycode; charset=utf-8",
    "application/json; charset=utf-8, application/json; charset=punycode",
    "application/json, text/plain; charset=punycode",
    "application/json; charset*=utf-8''punycode",
    "application/json; charset*0=puny; charset*1=code",
    "application/json; title*=zlib''%41",
    "application/json; title*=undefined''%41",
    "application/json; charset=utf-8 punycode",
    "application/json charset=punycode",
    "charset=punycode",
    "; charset=punycode",
    "text/html; charset=punycode",
    "application/x-www-form-urlencoded; charset=punycode",
    "multipart/form-data; boundary=b; charset=punycode",
    "application/json; charset=\xfcnicode",
    "\xff\xfe",
    "application/json" + ';"' * 4000,
]  # fmt: skip
UTF_8 = [
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    'application/json; charset="utf-8"',
    "Application/JSON; Charset=utf8 ; version=1",
]


def problem(answer: Answer) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.body)
    assert answer.headers["X-Correlation-ID"] == body["correlation_id"]
    return body


@pytest.mark.parametrize("content_type", FOREIGN)
@pytest.mark.parametrize("path", [LOGIN, WEBHOOK])
def test_a_charset_that_is_not_utf_8_is_refused(db: None, content_type: str, path: str) -> None:
    answer = ask("POST", path, b"{}", CONTENT_TYPE=content_type)
    assert answer.status == 415
    assert problem(answer)["code"] == "unsupported_media_type"
    assert "UTF-8" in problem(answer)["detail"]


@pytest.mark.parametrize("content_type", UTF_8)
def test_utf_8_may_be_named(db: None, content_type: str) -> None:
    body = '{"identifier": "zoë", "password": "wrong"}'.encode()
    assert ask("POST", LOGIN, body, CONTENT_TYPE=content_type).status == 401


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "x-gzip", "identity, gzip", "\xff"])
def test_a_body_with_a_content_encoding_is_refused_and_not_misread(db: None, coding: str) -> None:
    answer = ask("POST", LOGIN, b"{}", CONTENT_TYPE=UTF_8[0], HTTP_CONTENT_ENCODING=coding)
    assert answer.status == 415
    assert "Content-Encoding" in problem(answer)["detail"]


def test_the_refusal_is_a_line_in_the_log_and_a_count_in_the_metrics(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    name = "django_http_responses_total_by_status_total"
    before = REGISTRY.get_sample_value(name, {"status": "415"}) or 0
    with caplog.at_level(logging.INFO, "ava.request"):
        ask("POST", LOGIN, b"{}", CONTENT_TYPE="application/json; charset=zlib")
    line: Any = caplog.records[-1].msg
    assert (line["status"], line["code"], line["path"]) == (415, "unsupported_media_type", LOGIN)
    assert REGISTRY.get_sample_value(name, {"status": "415"}) == before + 1


@pytest.mark.parametrize("path", [LOGIN, WEBHOOK, "/healthz", "/admin/login/", "/api/schema"])
def test_a_megabyte_of_punycode_costs_next_to_nothing(db: None, path: str) -> None:
    content_type = "application/json; charset=punycode"
    answer = ask("POST", path, PUNYCODE, query="a" * 8000, CONTENT_TYPE=content_type)
    assert answer.status == 415
    # It was 22 s.
    assert answer.cpu < 1


def test_a_page_is_refused_with_a_page(db: None) -> None:
    answer = ask(
        "POST",
        "/admin/login/",
        b"",
        HTTP_ACCEPT="text/html",
        CONTENT_TYPE="application/x-www-form-urlencoded; charset=hex",
    )
    assert answer.status == 415
    assert answer.headers["Content-Type"].startswith("text/html")


def test_json_is_utf_8_even_where_a_request_says_otherwise(client: Any, db: None) -> None:
    answer = client.post(LOGIN, b"\xff", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")


@pytest.mark.parametrize("path", ["/admin/login/", "/api/v1/webhooks/twilio/voice"])
@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        " Application/X-WWW-Form-Urlencoded; charset=utf-8",
        "multipart/form-data; boundary=b",
    ],
)
def test_a_form_that_is_too_large_is_refused_before_it_is_parsed(
    db: None, path: str, content_type: str
) -> None:
    body = b"a=" + b"%f0" * (LARGEST_FORM // 3)
    answer = ask("POST", path, body, CONTENT_TYPE=content_type)
    assert answer.status == 413


@pytest.mark.parametrize(
    "path",
    ["/admin/login/", "/admin/logout/", "/nowhere", "/api/nowhere", "/healthz", LOGIN, WEBHOOK],
)
def test_a_form_is_not_decoded_where_it_is_large(db: None, path: str) -> None:
    """Looking for the CSRF token, Django decodes the form that comes with any cookie."""
    answer = ask(
        "POST",
        path,
        b"a=" + b"%" * 1_000_000,
        CONTENT_TYPE="application/x-www-form-urlencoded",
        HTTP_COOKIE="csrftoken=" + "a" * 32,
    )
    assert answer.status == 413
    # It was 0.25 s.
    assert answer.cpu < 0.1


def test_a_form_of_200_chosen_rows_is_read(db: None) -> None:
    token = "a" * 32
    rows = f"&_selected_action={'0' * 36}" * 200
    answer = ask(
        "POST",
        "/admin/login/",
        f"csrfmiddlewaretoken={token}&username=eve&password=wrong{rows}".encode(),
        CONTENT_TYPE="application/x-www-form-urlencoded",
        HTTP_COOKIE=f"csrftoken={token}",
    )
    assert answer.status == 200


def test_a_login_that_is_too_large_is_refused_before_it_is_parsed(client: Any, db: None) -> None:
    keys = ",".join(f'"{number}":1' for number in range(3000))
    answer = client.post(LOGIN, "{" + keys + "}", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity", "9" * 100_000])
def test_a_number_that_json_cannot_answer_with_is_refused(api: Any, number: str) -> None:
    body = f'{{"value": {number}}}'
    answer = api.put("/api/v1/vapi/settings/temperature", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
