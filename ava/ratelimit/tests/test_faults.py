"""A fault of the limiter's own: who passes, and who does not."""

from collections.abc import Iterator, Sequence

import pytest

from ava import ratelimit
from ava.ratelimit import WINDOW_SECONDS
from ava.ratelimit.window import Limit, MemoryWindow, Usage


class Broken(MemoryWindow):
    def hit(self, limits: Sequence[Limit]) -> list[Usage]:
        raise MemoryError("no room for a secret")


@pytest.fixture(autouse=True)
def fault() -> Iterator[None]:
    before = ratelimit.use(Broken(WINDOW_SECONDS))
    yield
    ratelimit.use(before)


def test_a_fault_lets_requests_pass_uncounted(api):
    answer = api.get("/api/v1/integrations")
    assert answer.status_code == 200
    assert not answer.has_header("RateLimit")


def test_probes_do_not_notice(client):
    assert client.get("/healthz").status_code == 200


def test_nobody_logs_in_uncounted(client, user, caplog):
    answer = client.post("/api/v1/auth/login", {"identifier": "ada", "password": "x"})
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["X-Correlation-ID"] == answer.json()["correlation_id"]
    assert answer.json()["code"] == "limiter_failed"
    assert answer.json()["detail"] == (
        "AVA cannot count requests right now, so it does not take this one. Please try again."
    )
    assert b"secret" not in answer.content
    assert "rate limiter failed" in caplog.text
