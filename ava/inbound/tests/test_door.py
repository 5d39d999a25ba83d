"""Webhooks through the door: who is let in, what is kept, what is said."""

import threading
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory
from prometheus_client import REGISTRY

from ava.http import correlation
from ava.inbound import door
from ava.inbound.models import Delivery, Refusal, Volume
from ava.inbound.services import register_handler
from ava.inbound.tests.conftest import ADDRESS, send, signature
from ava.jobs import RetryLater
from ava.jobs.models import Job
from ava.jobs.services import run_due

# As deep as the parser takes it, and deeper than anybody means it.
DEEP = b'{"id": "d1", "x": ' + b"[" * 900 + b"]" * 900 + b"}"

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def counted(outcome: str) -> float:
    labels = {"provider": "acme", "kind": "calls", "outcome": outcome}
    return REGISTRY.get_sample_value("ava_webhooks_total", labels) or 0.0


class Desk:
    """A handler that notes what it is given, and fails as it is asked to."""

    def __init__(self, *raises: Exception | None) -> None:
        self.got: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self._raises = list(raises)
        register_handler("acme", "calls", self)

    def __call__(self, delivery: Delivery) -> None:
        self.got.append(delivery.payload)
        self.ids.append(correlation.current())
        if self._raises and (fault := self._raises.pop(0)):
            raise fault


def test_a_webhook_is_stored_acknowledged_and_then_worked_through(user: User) -> None:
    desk = Desk()
    before = counted("accepted")
    answer = send({"id": "d1", "event": "ringing", "owner": "ada", "cid": "of-the-call"})
    assert (answer.status_code, answer.content) == (204, b"")
    stored = Delivery.objects.get()
    assert (stored.state, stored.event, stored.owner) == ("stored", "ringing", user)
    assert (stored.correlation_id, desk.got) == ("of-the-call", [])
    run_due()
    stored.refresh_from_db()
    assert (stored.state, desk.ids) == ("done", ["of-the-call"])
    assert desk.got[0]["id"] == "d1"
    assert counted("accepted") == before + 1


def test_a_repeated_webhook_is_acknowledged_again_and_changes_nothing() -> None:
    desk = Desk()
    before = counted("duplicate")
    body = {"id": "d1", "say": "Hello"}
    first = send(body)
    run_due()
    second = send(body)
    run_due()
    assert first.status_code == second.status_code == 200
    assert first.content == second.content == b"<Say>Hello</Say>"
    assert (Delivery.objects.count(), len(desk.got)) == (1, 1)
    assert counted("duplicate") == before + 1


@pytest.mark.django_db(transaction=True)
def test_of_the_same_webhook_many_times_at_once_one_is_kept() -> None:
    desk = Desk()
    start = threading.Barrier(6)
    statuses: list[int] = []

    def one() -> None:
        start.wait()
        statuses.append(send({"id": "d1"}).status_code)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run_due()
    assert statuses == [204] * 6
    assert (Delivery.objects.count(), len(desk.got)) == (1, 1)


@pytest.mark.parametrize("signed", ["", "wrong", "é", signature(b'{"id": "d2"}')])
def test_a_forged_webhook_leaves_nothing_but_a_refusal(signed: str) -> None:
    Desk()
    before = counted("forged")
    answer = send({"id": "d1"}, signed=signed)
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "webhook_forged"
    assert answer.json()["correlation_id"] == answer["X-Correlation-ID"]
    assert not Delivery.objects.exists()
    assert not Job.objects.exists()
    refusal = Refusal.objects.get()
    assert refusal.correlation_id == answer["X-Correlation-ID"]
    assert refusal.seen == {"account": "…1234"}
    assert counted("forged") == before + 1


def test_a_truncated_webhook_is_refused() -> None:
    whole = b'{"id": "d1", "say": "Hello"}'
    assert send(whole[:-1], signed=signature(whole)).status_code == 403


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"null", b"\xff\xfe", b"[" * 5000, DEEP])
def test_a_signed_webhook_that_says_nothing_is_refused_politely(body: bytes) -> None:
    before = counted("malformed")
    answer = send(body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
    assert not Delivery.objects.exists()
    assert counted("malformed") == before + 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_only_posts_are_taken(method: str) -> None:
    answer = Client().generic(method, ADDRESS)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_a_body_that_is_too_large_is_refused_unread() -> None:
    before = counted("too_large")
    answer = send(b"a" * (door.LARGEST + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert counted("too_large") == before + 1


def test_a_body_of_the_largest_size_is_taken() -> None:
    rest = door.LARGEST - len(b'{"id": "d1", "x": ""}')
    assert send(b'{"id": "d1", "x": "' + b"a" * rest + b'"}').status_code == 204


def test_a_body_in_chunks_is_refused_with_the_reason() -> None:
    answer = send({"id": "d1"}, **{"Transfer-Encoding": "chunked"})
    assert answer.status_code == 411


def test_what_no_database_takes_is_kept_without_it() -> None:
    raw = rb'{"id": "d\u0000\ud800", "event": "\u0000", "a": {"\u0000": [1e999, "x\ud800"]}}'
    assert send(raw).status_code == 204
    assert send(raw).status_code == 204
    kept = Delivery.objects.get()
    assert kept.payload["a"] == {"\ufffd": [None, "x\ufffd"]}


def test_a_delivery_id_of_any_length_is_told_apart() -> None:
    for end in ("a", "b", "a"):
        assert send({"id": "x" * 5000 + end}).status_code == 204
    assert Delivery.objects.count() == 2


def test_the_same_id_of_another_account_is_another_delivery(user: User, stranger: User) -> None:
    for owner in ("ada", "eve", "", "eve", "ada", ""):
        answer = send({"id": "d1", "owner": owner, "say": owner or "nobody"})
        assert answer.content.decode() == f"<Say>{owner or 'nobody'}</Say>"
    assert [row.owner for row in Delivery.objects.order_by("received_at")] == [user, stranger, None]


def test_a_kind_without_a_handler_is_only_kept() -> None:
    send({"id": "d1"})
    assert Delivery.objects.get().state == "done"
    assert not Job.objects.exists()


def test_a_handler_that_fails_is_tried_again_and_says_why() -> None:
    desk = Desk(ValueError("+15551234567"))
    before = counted("failed")
    send({"id": "d1"})
    run_due()
    stored = Delivery.objects.get()
    assert stored.state == "failed"
    assert stored.error.startswith("ValueError at test_door.py:")
    assert counted("failed") == before + 1
    Job.objects.update(due_at=stored.received_at)
    run_due()
    stored.refresh_from_db()
    assert (stored.state, stored.error, len(desk.got)) == ("done", "", 2)


def test_a_handler_may_ask_to_be_asked_later() -> None:
    Desk(RetryLater(0.0))
    send({"id": "d1"})
    run_due(most=1)
    assert Delivery.objects.get().state == "stored"
    run_due()
    assert Delivery.objects.get().state == "done"


def test_a_hostile_correlation_id_goes_nowhere() -> None:
    send({"id": "d1", "cid": "<script>"})
    assert "<" not in Delivery.objects.get().correlation_id


def test_webhooks_have_a_generous_limit_of_their_own(settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1
    answers = [send({"id": f"d{n}"}) for n in range(20)]
    assert {answer.status_code for answer in answers} == {204}
    assert answers[0]["X-RateLimit-Limit"] == "1800"


def test_a_flood_of_forgeries_fills_no_table() -> None:
    for _ in range(70):
        assert send({"id": "d1"}, signed="wrong").status_code == 403
    assert Refusal.objects.count() == 60


def test_the_longest_message_in_the_widest_letters_is_no_such_form(user: User) -> None:
    raw = urlencode({"Body": "\N{WAVING HAND SIGN}" * 1600, "From": "+14155550123"}).encode()
    received = door.read(RequestFactory().post(ADDRESS, raw, content_type=door.FORM), largest=2**20)
    assert dict(received.form)["Body"] == "\N{WAVING HAND SIGN}" * 1600


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("owner", ["ada", ""], ids=["a user's", "the operator's"])
def test_the_first_webhooks_of_a_day_may_come_all_at_once(user: User, owner: str) -> None:
    start = threading.Barrier(6)
    statuses: list[int] = []

    def one(number: int) -> None:
        start.wait()
        statuses.append(send({"id": f"d{number}", "owner": owner}).status_code)
        connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [204] * 6
    assert Volume.objects.get().deliveries == 6
