"""Error pages: each says what happened and what to do, with the correlation ID to copy."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from ava.http import correlation, responses
from ava.http.problems import Overloaded, RateLimited
from ava.upstream.errors import ProviderUnavailable

ID = "on-the-phone-1"
HTML = {"accept": "text/html", correlation.HEADER: ID}
BIG = b"a=" + b"x" * 70_000
LOGIN = {"identifier": "ada", "password": "anything"}
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def shown(answer: Any, status: int) -> str:
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/html")
    assert "unsafe-" not in answer["Content-Security-Policy"]
    text = answer.content.decode()
    assert f'data-copy="{ID}"' in text
    assert text.count("<h1") == 1
    return text


@pytest.fixture
def client() -> Client:
    return Client(headers=HTML, raise_request_exception=False)


def test_400(client: Client) -> None:
    assert "does not answer to this host name" in shown(
        client.get("/", headers={"host": "x.y"}), 400
    )


def test_403() -> None:
    strict = Client(headers=HTML, enforce_csrf_checks=True)
    page = shown(strict.post("/login"), 403)
    assert "This form has expired." in page
    assert "Nothing was done." in page
    assert "ask your operator" not in page


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_503_while_the_database_does_not_answer(
    client: Client, user: User, kind: type[Exception]
) -> None:
    def down(*_: object) -> None:
        raise kind("connection to server at db.internal failed")

    client.force_login(user)
    with connection.execute_wrapper(down):
        text = shown(client.get("/calls"), 503)
        answer = client.post("/api/v1/auth/login", LOGIN, JSON, headers={"accept": "*/*"})
    assert "database does not answer right now" in text
    assert "db.internal" not in text
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer.json()["code"] == "database_unavailable"


@pytest.mark.parametrize("is_in", [False, True])
def test_404(client: Client, user: User, is_in: bool) -> None:
    if is_in:
        client.force_login(user)
    assert "There is nothing at this address." in shown(client.get("/nowhere"), 404)


def test_413(client: Client) -> None:
    assert "The request body is too large." in shown(client.post("/login", BIG, FORM), 413)


def test_429_and_503_count_down_and_go_on_by_themselves(rf: Any) -> None:
    request = rf.get("/", headers=HTML)
    for problem, status in ((RateLimited(retry_after=27), 429), (_open_breaker(), 503)):
        page = responses.answer(request, problem)
        text = page.content.decode()
        assert page.status_code == status
        assert page["Retry-After"] == "27"
        assert 'data-seconds="27"' in text
        assert 'data-at-end="reload"' in text
    form = responses.answer(rf.post("/", headers=HTML), RateLimited(retry_after=27))
    assert "reload" not in form.content.decode()
    assert "more than it can hold" in responses.answer(request, Overloaded()).content.decode()


def _open_breaker() -> Any:
    from ava import upstream

    return ProviderUnavailable(upstream.doors()[0].service, retry_after=27)


def test_500(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.views.generic.RedirectView.get", lambda *a, **k: 1 / 0)
    text = shown(client.get("/admin"), 500)
    assert "Something went wrong on our side." in text
    assert "ZeroDivision" not in text


def test_an_error_page_needs_no_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.cookies["sessionid"] = "of-somebody"
    monkeypatch.setattr("django.views.generic.RedirectView.get", lambda *a, **k: 1 / 0)
    shown(client.get("/admin"), 500)


def test_a_page_that_is_asked_for_too_often_is_one_too(client: Client, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1
    pages = [client.get("/oauth/google/callback") for _ in range(31)]
    text = shown(pages[-1], 429)
    assert f'data-seconds="{pages[-1]["Retry-After"]}"' in text
