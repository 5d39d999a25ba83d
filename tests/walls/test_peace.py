"""Without an attack all is well: what the suite looks at is there, and right."""

import pytest
from django.contrib.auth.models import User

from telephony.conftest import run_jobs
from tests.walls import holdings
from tests.walls.aftermath import Watch, wrong
from tests.walls.world import World

pytestmark = [pytest.mark.slow, pytest.mark.database]


def test_every_model_is_declared_as_a_tenants_or_shared() -> None:
    assert holdings.OWNED.keys() | holdings.SHARED.keys() == set(holdings.all_models())
    assert not holdings.OWNED.keys() & holdings.SHARED.keys()


def test_the_victim_has_rows_of_every_model_that_is_a_tenants(
    world: World, user: User, operator: User
) -> None:
    holdings.add_what_no_door_gives(user, operator)
    run_jobs()
    assert [label for label, rows in holdings.snapshot(user).items() if not rows] == []


def test_without_an_attack_nothing_is_wrong(world: World, user: User) -> None:
    assert wrong(world, Watch(user)) == []


def test_the_victim_sees_the_planted_texts(world: World) -> None:
    for path in ("calls", "messages"):
        answer = world.ada.call("GET", f"/twilio/{path}?limit=200")
        assert "planted-ada" in answer.content.decode(), path
