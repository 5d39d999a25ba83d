"""Threads that write to one SQLite, in transactions and outside of them."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, connections, transaction

from ava.sqlite import base
from ava.sqlite.base import DatabaseWrapper

pytestmark = [pytest.mark.sqlite, pytest.mark.django_db(transaction=True)]


def beside(work: Callable[[], object]) -> threading.Thread:
    """Do this in a thread of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_many_writers_at_once_all_come_to_write() -> None:
    def write() -> None:
        for _ in range(10):
            with transaction.atomic():
                count = Group.objects.count()
                Group.objects.create(name=str(count))
            Group.objects.filter(name="0").update(name="0")

    for thread in [beside(write) for _ in range(8)]:
        thread.join()
    assert {int(group.name) for group in Group.objects.all()} == set(range(80))


@contextmanager
def impatient() -> Iterator[None]:
    wrapper = connections["default"]
    assert isinstance(wrapper, DatabaseWrapper)
    before, wrapper.patience = wrapper.patience, 0.2
    try:
        yield
    finally:
        wrapper.patience = before


@pytest.mark.parametrize("closed", [False, True])
def test_a_transaction_that_fails_keeps_nobody_waiting(closed: bool) -> None:
    def fail() -> None:
        with transaction.atomic():
            Group.objects.create(name="never")
            if closed:
                connection.close()
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    beside(partial(Group.objects.create, name="after")).join(10)
    assert [group.name for group in Group.objects.all()] == ["after"]


@pytest.mark.parametrize("inside", [transaction.atomic, nullcontext])
def test_a_writer_waits_for_another_thread_no_longer_than_its_patience(
    inside: Callable[[], AbstractContextManager[None]],
) -> None:
    taken, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            taken.set()
            ended.wait(60)

    thread = beside(hold)
    taken.wait()
    started = time.monotonic()
    with impatient(), pytest.raises(OperationalError, match="locked"), inside():
        Group.objects.create(name="late")
    assert time.monotonic() - started < 15
    ended.set()
    thread.join()
    Group.objects.create(name="now")


def test_the_time_in_line_is_no_longer_there_to_wait_for_other_processes() -> None:
    left: list[int] = []

    def write() -> None:
        connections["default"].patience = 60.0  # type: ignore[attr-defined]  # this backend's own
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout")
            left.append(cursor.fetchone()[0])

    with transaction.atomic():
        thread = beside(write)
        [line] = [one for one in base._lines.values() if one._taken]
        while not line._waiting:
            time.sleep(0.001)
        time.sleep(0.1)
    thread.join()
    assert left[0] <= 59_900


def test_a_writer_waits_for_another_process_no_longer_than_its_patience() -> None:
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with impatient(), pytest.raises(OperationalError, match="locked"):
        Group.objects.create(name="late")
    assert time.monotonic() - started < 15
    other.execute("ROLLBACK")
    other.close()
    Group.objects.create(name="now")
    beside(partial(Group.objects.create, name="beside")).join(10)
    assert Group.objects.count() == 2
