"""Two users whose keys are of one Vapi organisation: what one changes is seen by the other."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connections

from vapi_settings.conftest import ASSISTANT, SETTINGS, store_key
from vapi_settings.models import AssistantLease

pytestmark = pytest.mark.django_db(transaction=True)

WAIT = 30  # seconds; a test that waits this long has failed
READ = f"{SETTINGS}/temperature"


@pytest.fixture
def eve(strangers_api, stranger, vapi):
    store_key(stranger, default_assistant_id=ASSISTANT)
    return strangers_api


def value(client):
    return client.get(READ).json()["setting"]["value"]


def test_a_change_by_one_is_seen_by_the_other_at_once(ada, put, eve):
    assert (value(ada), value(eve)) == (0.7, 0.7)
    assert put("temperature", 1.1).status_code == 200
    assert value(eve) == 1.1


def test_a_read_during_a_change_by_the_other_is_not_kept(ada, put, eve, vapi):
    """Begun before the change, ended after it: the change knew nothing of this reader yet."""
    assert value(ada) == 0.7

    def first_read():
        try:
            return value(eve)
        finally:
            connections.close_all()

    vapi.fail("slow", match="GET /assistant", when="after", count=1, delay_ms=1500)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(first_read)
        arrived = Event()
        for _ in range(WAIT * 100):
            if "GET /assistant/*" in vapi.asked[1:]:
                break
            arrived.wait(0.01)
        assert put("temperature", 1.1).status_code == 200
        assert read.result(WAIT) == 0.7
    assert value(eve) == 1.1


def test_changes_of_two_assistants_by_two_users_do_not_wait_in_a_circle(ada, eve, vapi):
    """Each leaves the copies of both users behind."""
    other = vapi.sandbox.vapi.add_assistant(
        name="Night shift", model={"provider": "openai", "model": "gpt-4o"}
    )["id"]
    addresses = [f"{READ}?assistant_id={one}" for one in (ASSISTANT, other)]
    for address in addresses:
        assert {client.get(address).status_code for client in (ada, eve)} == {200}

    def change(client, address):
        try:
            values = (0.1, 0.2, 0.3, 0.4)
            return [client.put(address, {"value": it}, format="json").status_code for it in values]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(change, (ada, eve), addresses)) == [[200] * 4] * 2


def test_a_change_by_a_user_who_has_not_seen_the_assistant_needs_it_to_be_there(eve, vapi):
    unknown = "11111111-2222-4333-8444-555555555555"
    answer = eve.put(f"{READ}?assistant_id={unknown}", {"value": 1.1}, format="json")
    assert answer.status_code == 404
    assert vapi.asked == [f"GET /assistant/{unknown}"]


def test_a_user_whose_key_no_longer_opens_the_assistant_holds_up_no_editor(
    ada, eve, stranger, vapi
):
    assert (value(ada), value(eve)) == (0.7, 0.7)
    store_key(stranger, api_key="key-of-another-organisation", default_assistant_id=ASSISTANT)
    edits = AssistantLease.objects.filter(edition__gt=0)
    assert eve.put(READ, {"value": 1.1}, format="json").status_code == 401
    assert not edits.exists()
