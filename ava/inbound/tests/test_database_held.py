"""Webhooks while the database is locked: not acknowledged, so that they come again."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import connection, connections, transaction
from django.http import HttpResponse

from ava.inbound import door
from ava.inbound.models import Delivery
from ava.inbound.services import register_handler
from ava.inbound.tests.conftest import Acme, send
from ava.inbound.tests.test_door import Desk, counted
from ava.jobs.models import Job
from ava.jobs.services import run_due

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]

Holding = Callable[[], AbstractContextManager[None]]


@contextmanager
def by_a_thread() -> Iterator[None]:
    taken, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("LOCK TABLE inbound_delivery IN EXCLUSIVE MODE")
            taken.set()
            ended.wait(60)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def by_a_process() -> Iterator[None]:
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SECONDS", 0.3)


@pytest.mark.parametrize(
    "held", [by_a_thread, pytest.param(by_a_process, marks=pytest.mark.sqlite)]
)
def test_what_cannot_be_stored_is_not_acknowledged_and_taken_when_it_comes_again(
    held: Holding,
) -> None:
    desk = Desk()
    before = counted("not_taken"), counted("accepted")
    with held():
        refused = send({"id": "d1"})
    assert (refused.status_code, refused["Retry-After"]) == (503, "1")
    assert refused.json()["code"] == "webhook_not_taken"
    assert refused.json()["correlation_id"] == refused["X-Correlation-ID"]
    assert not Delivery.objects.exists()
    assert not Job.objects.exists()
    assert send({"id": "d1"}).status_code == 204
    run_due()
    assert [one["id"] for one in desk.got] == ["d1"]
    assert (counted("not_taken"), counted("accepted")) == (before[0] + 1, before[1] + 1)


def test_an_answer_that_cannot_be_kept_is_none_and_given_when_it_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    register_handler("acme", "calls", lambda delivery: None)
    calls: list[int] = []

    def reply(self: Acme, delivery: Delivery) -> HttpResponse:
        calls.append(1)
        with by_a_thread() if len(calls) == 1 else transaction.atomic():
            Delivery.objects.filter(pk=delivery.pk).update(event="answered")
        return HttpResponse("<Say>Hello</Say>")

    monkeypatch.setattr(Acme, "reply", reply)
    assert send({"id": "d1"}).status_code == 503
    again = send({"id": "d1"})
    assert (again.status_code, again.content) == (200, b"<Say>Hello</Say>")
    assert Delivery.objects.get().event == "answered"
    assert Job.objects.count() == 1


def test_what_comes_after_a_webhook_waits_as_long_as_ever() -> None:
    def patience() -> str:
        sqlite = connection.vendor == "sqlite"
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout" if sqlite else "SHOW statement_timeout")
            return str(cursor.fetchone()[0])

    Desk()
    # Never that of an earlier test, which may have been kept.
    connection.close()
    del connections["default"]
    before = patience()
    send({"id": "d1"})
    send({"id": "d2"}, signed="wrong")
    with by_a_thread():
        send({"id": "d3"})
    assert patience() == before
