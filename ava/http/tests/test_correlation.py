import re
import uuid

import pytest
from django.test import Client

from ava.http import correlation

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/api/v1/nowhere", "/api/v1/auth/me"])
def test_the_callers_id_comes_back_on_every_answer(client: Client, path: str) -> None:
    answer = client.get(path, headers={correlation.HEADER: "test-12345"})
    assert answer[correlation.HEADER] == "test-12345"


@pytest.mark.parametrize(
    "hostile",
    ["", "a b", "<script>", "x" * 129, "a\r\nSet-Cookie: x=1", "ü", "a/b", "{}"],
)
def test_a_hostile_id_is_replaced_and_never_echoed(client: Client, hostile: str) -> None:
    answer = client.get("/healthz", headers={correlation.HEADER: hostile})
    assert UUID4.fullmatch(answer[correlation.HEADER])


@pytest.mark.parametrize("fine", ["a", "x" * 128, "A-Z.a_z:0-9", str(uuid.UUID(int=1))])
def test_a_well_formed_id_is_kept(fine: str) -> None:
    assert correlation.accept(fine) == fine


def test_an_unexpected_error_still_carries_the_id(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("django.views.generic.RedirectView.get", lambda *a, **k: 1 / 0)
    answer = client.get("/admin", headers={correlation.HEADER: "boom-1"})
    assert answer.status_code == 500
    assert answer[correlation.HEADER] == "boom-1"
    assert answer.json()["correlation_id"] == "boom-1"


def test_an_unknown_method_still_carries_the_id(client: Client) -> None:
    answer = client.generic("BREW", "/healthz", headers={correlation.HEADER: "tea"})
    assert (answer.status_code, answer[correlation.HEADER]) == (405, "tea")


def test_nothing_is_left_behind_after_a_request(client: Client) -> None:
    client.get("/healthz", headers={correlation.HEADER: "gone"})
    assert correlation.current() == ""
