"""SQLite as AVA sets it up: writers wait for each other, and what is committed stays."""

import threading

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction

from ava.conf import stores


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_all_come_to_write() -> None:
    def write() -> None:
        for _ in range(10):
            with transaction.atomic():
                count = Group.objects.count()
                Group.objects.create(name=str(count))
            Group.objects.filter(name="0").update(name="0")
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {int(group.name) for group in Group.objects.all()} == set(range(80))


def test_what_is_committed_outlives_a_loss_of_power() -> None:
    # The tests' own settings take this away: they lose no power.
    assert "synchronous=FULL" in stores.SQLITE_OPTIONS["init_command"]
