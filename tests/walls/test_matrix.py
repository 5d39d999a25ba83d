"""Every address of the URL configuration by every role: never a 500, never what is another's."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.walls import holdings, matrix
from tests.walls.aftermath import Watch, disturbed
from tests.walls.world import World

pytestmark = pytest.mark.slow


def test_every_address_gives_each_role_what_is_theirs_and_no_more(
    world: World,
    user: User,
    stranger: User,
    operator: User,
    settings: Any,
    reset: Callable[..., None],
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1_000_000
    holdings.add_what_no_door_gives(user, operator)
    browsers = matrix.browsers(world, user, stranger, operator)
    addresses = matrix.addresses(world.ids, user)
    watch = Watch(user)
    wrong = []
    for role in matrix.ROLES:
        reset()
        if role == matrix.OWNERS[0]:
            wrong += [*watch.changes(), *disturbed(world)]
        for one in addresses:
            answer = matrix.ask(browsers[role], one)
            words = matrix.wrong(role, one, answer)
            wrong += [f"{role}: {one.method} {one.path} {word}" for word in words]
    assert not wrong, "\n".join(wrong)
    assert {one.area for one in addresses} == {matrix.API, "webhook", "page", "admin/"}
