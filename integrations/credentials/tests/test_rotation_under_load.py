"""Keys rotated while requests read, replace and verify credentials."""

import base64
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from conftest import client_of
from integrations.credentials.models import Credential
from integrations.credentials.services import credentials_for

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "k2:" + base64.b64encode(bytes(range(32))).decode()
USERS, THREADS = 8, 2


def test_no_request_fails_and_none_is_lost_while_keys_are_rotated(settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1_000_000
    old = settings.AVA_KEYS
    users = [User.objects.create(username=f"user{number}") for number in range(USERS)]
    for user in users:
        Credential.objects.create(user=user, provider="vapi", secrets='{"api_key": "first"}')
    apis = [client_of(user) for user in users]
    settings.AVA_KEYS = f"{NEW},{old}"
    rotated, begun = Event(), Event()

    def request(thread: int) -> tuple[dict[int, str], list[int]]:
        """What each user stored last, and the statuses of all answers."""
        stored, statuses, rounds = {}, [], 0
        try:
            while not rotated.is_set() or rounds < 2:
                for number in range(thread, USERS, THREADS):
                    address = "/api/v1/integrations/vapi/credentials"
                    stored[number] = f"a-long-vapi-key-{number:02}-{rounds:04}"
                    written = apis[number].put(address, {"api_key": stored[number]})
                    read = apis[number].get(address)
                    statuses += [written.status_code, read.status_code]
                    assert read.json()["readable"], read.json()
                    assert read.json()["api_key"].endswith(stored[number][-4:])
                rounds += 1
                begun.set()
                rotated.wait(0.05)  # SQLite's one writer is the others', too
        finally:
            begun.set()
            connection.close()
        return stored, statuses

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pool.submit(request, thread) for thread in range(THREADS)]
        try:
            begun.wait()
            call_command("rotate_keys", "--batch", "1", verbosity=0)
        finally:
            rotated.set()
        results = [answer.result() for answer in answers]

    assert {status for _, statuses in results for status in statuses} == {200}
    assert sum(len(statuses) for _, statuses in results) >= 2 * USERS
    # Without the old key: nothing is left under it.
    settings.AVA_KEYS = NEW
    last = {number: key for stored, _ in results for number, key in stored.items()}
    for number, user in enumerate(users):
        assert credentials_for(user=user, provider="vapi").fields["api_key"] == last[number]
