"""The table of groups in docs/INTEGRATIONS.md is true."""

import re

import pytest

from ava import ratelimit
from ava.conf.env import BASE_DIR
from ava.ratelimit import group_of, limits_of

N = 10
ROWS = re.findall(
    r"^\| (`[a-z_]+`.*) \| (\d+|N) \| (\d+|6 N|none) \| (open|closed) \|$",
    (BASE_DIR / "docs" / "INTEGRATIONS.md").read_text(),
    re.M,
)


def number(cell: str) -> int | None:
    return {"N": N, "6 N": 6 * N, "none": None}[cell] if not cell.isdigit() else int(cell)


TABLE = [
    (name, number(client), number(user), when_lost)
    for names, client, user, when_lost in ROWS
    for name in re.findall(r"`([a-z_]+)`", names)
]


def test_every_group_that_is_special_is_listed():
    assert {name for name, *_ in TABLE} >= set(ratelimit._groups)


@pytest.mark.parametrize(("name", "client", "user", "when_lost"), TABLE)
def test_the_limits_are_as_listed(name, client, user, when_lost, settings):
    settings.RATE_LIMIT_PER_MINUTE = N
    found = limits_of(name, client="c", user="u")
    listed = [("client", client)] if user is None else [("client", client), ("user", user)]
    assert [(limit.scope, limit.most) for limit in found] == listed
    assert group_of(name).when_lost == when_lost
