"""Messages of Vapi's that Eve proves with her own secret, with Ada's IDs in them."""

from itertools import cycle

import pytest
from django.contrib.auth.models import User

from tests.walls import hooks
from tests.walls.aftermath import Watch, seen, wrong
from tests.walls.hooks import VAPI, VAPI_PLACES, Place
from tests.walls.world import World, spoken
from vapi_settings.calls import events

pytestmark = pytest.mark.slow


def test_every_kind_of_message_that_is_kept_is_sent() -> None:
    assert set(events.KEPT_TYPES) <= {spoken(kind)["type"] for kind in VAPI}


# Those that claim the same calls in worlds of their own: a call of Eve's is there only once.
APART: tuple[tuple[Place, ...], ...] = (
    (hooks.call_id, hooks.leg, hooks.caller),
    (hooks.call_id_of_one_that_comes_in,),
    (hooks.mark,),
)


def test_every_place_is_tried() -> None:
    assert {place for places in APART for place in places} == {*VAPI_PLACES}


@pytest.mark.parametrize("places", APART, ids=lambda places: places[0].__name__)
def test_ids_of_another_tenants_calls_open_nothing_of_theirs(
    world: World, user: User, places: tuple[Place, ...]
) -> None:
    watch = Watch(user)
    answers = [
        world.eve.vapi(message)
        for place in places
        for kind in VAPI
        for message in place(world, kind)
    ]
    assert {answer.status_code for answer in answers} <= {200, 204}
    assert wrong(world, watch, *answers) == []


def test_an_address_takes_no_secret_but_its_own_accounts(world: World, user: User) -> None:
    accounts = cycle((world.ids["vapi_account"], "", "0" * 32))
    watch = Watch(user)
    answers = [
        world.eve.vapi(message, account=next(accounts))
        for kind in VAPI
        for place in VAPI_PLACES
        for message in place(world, kind)
    ]
    assert {answer.status_code for answer in answers} <= {403, 404}
    assert watch.changes() == []
    assert seen(*answers) == []
