"""Refreshes of one token that overlap, at a running server: one wins, and no login ends."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import database
from tests.server import PASSWORD, RunningAva

pytestmark = [pytest.mark.slow, pytest.mark.database]

ROUNDS = 5


@pytest.fixture(scope="module")
def ava(tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[RunningAva]:
    data_dir = tmp_path_factory.mktemp("race") / "var"
    with django_db_blocker.unblock():
        url = database.url()
    with RunningAva(data_dir, DATABASE_URL=url) as running:
        yield running


class Refresh:
    """A refresh that AVA has begun to serve: all of it is sent but the body."""

    def __init__(self, ava: RunningAva, token: str) -> None:
        self.body = json.dumps({"refresh_token": token}).encode()
        self.socket = socket.create_connection(("127.0.0.1", ava.port), timeout=30)
        self.socket.sendall(
            b"POST /api/v1/auth/refresh HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nExpect: 100-continue\r\n"
            b"Content-Length: %d\r\n\r\n" % len(self.body)
        )
        assert self.socket.recv(4096).startswith(b"HTTP/1.1 100")

    def finish(self) -> dict:
        """Send the rest. The answer's body."""
        with self.socket, self.socket.makefile("rb") as answer:
            self.socket.sendall(self.body)
            return json.loads(answer.read().partition(b"\r\n\r\n")[2])


def log_in(ava: RunningAva) -> dict:
    return ava.call(
        "POST", "/auth/login", json={"identifier": "demo@example.com", "password": PASSWORD}
    ).json()


def refresh(ava: RunningAva, tokens: dict):
    return ava.call("POST", "/auth/refresh", json={"refresh_token": tokens["refresh_token"]})


def me(ava: RunningAva, tokens: dict) -> int:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    return ava.call("GET", "/auth/me", headers=bearer).status_code


def assert_one_won(ava: RunningAva, old: dict, answers: list[dict]) -> None:
    """The others were refused and the login lives on, until the old token is used once more."""
    won = [answer for answer in answers if "access_token" in answer]
    lost = [answer["code"] for answer in answers if "code" in answer]
    assert (len(won), lost) == (1, ["refresh_raced"] * 3)
    assert me(ava, won[0]) == 200
    fresh = refresh(ava, won[0])
    assert fresh.status_code == 200
    assert refresh(ava, old).json()["code"] == "token_reused"
    assert me(ava, fresh.json()) == 401
    assert refresh(ava, fresh.json()).json()["code"] == "session_ended"


def test_of_four_parallel_refreshes_one_wins_and_its_tokens_work(ava):
    for _ in range(ROUNDS):
        tokens = log_in(ava)
        under_way = [Refresh(ava, tokens["refresh_token"]) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(Refresh.finish, under_way))
        assert_one_won(ava, tokens, answers)


def test_a_refresh_that_began_before_the_swap_ends_nothing_however_late_it_is_read(ava):
    tokens = log_in(ava)
    under_way = [Refresh(ava, tokens["refresh_token"]) for _ in range(4)]
    answers = [each.finish() for each in under_way]
    assert "access_token" in answers[0]
    assert_one_won(ava, tokens, answers)


def test_a_refresh_that_begins_after_the_swap_ends_the_login_at_once(ava):
    for _ in range(ROUNDS):
        tokens = log_in(ava)
        fresh = refresh(ava, tokens).json()
        assert refresh(ava, tokens).json()["code"] == "token_reused"
        assert me(ava, fresh) == 401


def test_an_older_token_is_no_loser_of_the_latest_swap(ava):
    tokens = log_in(ava)
    newer = refresh(ava, tokens).json()
    replay = Refresh(ava, tokens["refresh_token"])
    newest = refresh(ava, newer).json()
    assert replay.finish()["code"] == "token_reused"
    assert me(ava, newest) == 401
