"""Every operation of the API by those who may not: strangers, an ended login, and an operator.

Another tenant is in test_rest.py, a token that only reads in `ava.accounts`, staff in
test_admin.py.
"""

import uuid
from collections import defaultdict
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava.accounts.models import Session
from conftest import client_of
from tests.walls.aftermath import seen
from tests.walls.doors import DOORS
from tests.walls.world import World

pytestmark = pytest.mark.slow


def answers(client: Any, ids: Any, *, named: bool = False) -> dict[str, Any]:
    """The answer of each operation; with `named` of those that name something of a tenant's."""
    found = {}
    for operation, doors in DOORS.items():
        method = operation.partition(" ")[0].lower()
        for door in doors:
            if door.names or not named:
                path, body = door.filled(ids)
                ask = getattr(client, method)
                found[operation] = ask(f"/api/v1{path}", **({"data": body} if body else {}))
    return found


@pytest.fixture
def made_up(settings: Any) -> Any:
    settings.RATE_LIMIT_PER_MINUTE = 1_000_000
    return defaultdict(lambda: str(uuid.uuid4()))


def refused(found: dict[str, Any]) -> set[str]:
    return {operation for operation, answer in found.items() if answer.status_code == 401}


def test_nobody_gets_401_at_every_operation(db: None, made_up: Any) -> None:
    assert refused(answers(APIClient(), made_up)) == DOORS.keys()


def test_a_login_that_has_ended_gets_401_at_every_operation(user: User, made_up: Any) -> None:
    client = client_of(user)
    assert client.get("/api/v1/auth/me").status_code == 200
    Session.objects.all().revoke(Session.End.OPERATOR)
    assert refused(answers(client, made_up)) == DOORS.keys()


def test_an_operator_has_no_way_to_a_tenants_things_but_the_admin(
    world: World, user: User, operator: User, settings: Any
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1_000_000
    found = answers(client_of(operator), world.ids | {"user": str(user.pk)}, named=True)
    assert {operation: one.status_code for operation, one in found.items()} == dict.fromkeys(
        found, 404
    )
    assert [mark for one in found.values() for mark in seen(one)] == []
    assert len(found) > 15
