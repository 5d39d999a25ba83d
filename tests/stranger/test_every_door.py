"""Whatever a stranger sends to any address, the answer is AVA's own, in short time and never a 500.

The addresses come from the URL configuration. Processor time is bounded generously: the attacks
that these inputs come from took seconds.
"""

import json
from itertools import islice, product
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import Resolver404, resolve

from ava.accounts import admin_site
from tests.stranger.door import Answer, ask
from tests.stranger.inputs import (
    BODIES,
    CODINGS,
    CONTENT_TYPES,
    HEADERS,
    MEDIA_TYPES,
    METHODS,
    QUERIES,
    VALUES,
)
from tests.stranger.routes import every_path

pytestmark = pytest.mark.slow

NOWHERE = ["/nowhere", "/api/v1/nowhere", "/\xff\xfe", "/\0", "/static/ava/nowhere.svg"]
PATHS = every_path()
# Django answers the pages behind the admin's login alike: one of them stands for all.
PUBLIC = [path for path in PATHS if not path.startswith("/admin/") or path == "/admin/login/"]
MOST_SECONDS = 1.0
PARTS = 7


@pytest.fixture(autouse=True)
def roomy_limits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused for its number tells nothing of what it is."""
    settings.RATE_LIMIT_PER_MINUTE = 1_000_000
    monkeypatch.setattr(admin_site, "LIMIT", 1_000_000)


def hold(answer: Answer, path: str, sent: object) -> None:
    """What every answer keeps."""
    told = (path, str(sent)[:80], answer.status, answer.cpu)
    assert answer.status < 500, told
    assert answer.headers["X-Correlation-ID"], told
    assert answer.cpu < MOST_SECONDS, told
    if answer.status >= 400 and path.startswith("/api/") and answer.body:
        assert answer.headers["Content-Type"] == "application/problem+json", told
        problem = json.loads(answer.body)
        assert problem["correlation_id"] == answer.headers["X-Correlation-ID"], told


def test_every_address_of_the_configuration_is_tried() -> None:
    for path in PATHS:
        try:
            resolve(path)
        except Resolver404:
            pytest.fail(f"{path} is no address: teach tests.stranger.routes its parameters")
    assert "/api/v1/auth/login" in PUBLIC
    assert any(path.startswith("/api/v1/webhooks/") for path in PUBLIC)


@pytest.mark.parametrize("path", PATHS + NOWHERE)
def test_every_content_type_charset_and_coding_is_answered(db: None, path: str) -> None:
    # A part where the body is not read: with GET, and at pages behind the admin's login.
    part = tuple(islice(CONTENT_TYPES, len(path) % PARTS, None, PARTS))
    whole = CONTENT_TYPES if path in PUBLIC + NOWHERE else part
    for method, content_types in (("GET", part), ("POST", whole)):
        for content_type in content_types:
            sent = ask(method, path, b'{"a": "b"}', CONTENT_TYPE=content_type)
            hold(sent, path, (method, content_type))
            if "charset" in content_type and not path.startswith("/static/"):
                assert sent.status == 415, (path, content_type, sent.status)
    for coding in CODINGS:
        hold(ask("POST", path, b"\x1f\x8b", HTTP_CONTENT_ENCODING=coding), path, coding)


@pytest.mark.parametrize("path", PATHS + NOWHERE)
def test_every_method_is_answered(db: None, path: str) -> None:
    for method in METHODS:
        hold(ask(method, path), path, method)


@pytest.mark.parametrize("path", PUBLIC + NOWHERE)
def test_every_header_and_query_is_answered(db: None, path: str) -> None:
    # Headers are read alike everywhere: a part for each path, and several paths for each header.
    part = islice(product(HEADERS, VALUES), (PUBLIC + NOWHERE).index(path) % PARTS, None, PARTS)
    for header, value in part:
        cache.clear()
        hold(ask("GET", path, **{f"HTTP_{header}": value}), path, (header, value))
    for query in QUERIES:
        hold(ask("GET", path, query=query), path, query)


@pytest.mark.parametrize("path", PUBLIC)
def test_every_large_body_is_answered(db: None, path: str) -> None:
    for content_type in MEDIA_TYPES[:3]:
        for name, body in BODIES.items():
            hold(ask("POST", path, body, CONTENT_TYPE=content_type), path, (content_type, name))


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("length", [10**7, 10**30])
def test_a_body_that_is_too_large_is_not_read(db: None, path: str, length: int) -> None:
    for content_type in MEDIA_TYPES[:3]:
        sent = ask("POST", path, CONTENT_TYPE=content_type, CONTENT_LENGTH=str(length))
        hold(sent, path, (content_type, length))
