"""Workers are forked from a process that may have asked Redis before."""

import os
from typing import Any

from ava import redis as fleet
from ava.redis import Link, Script
from tests.redis import RedisServer

ECHO = Script("return ARGV[1]")


def asked(link: Link | None, word: bytes) -> bool:
    assert link is not None
    return bool(link.run(ECHO, ["k"], [word]) == word)


def test_a_forked_worker_has_a_link_of_its_own_and_leaves_its_parents_alone(
    redis: RedisServer, settings: Any
) -> None:
    settings.REDIS_URL = redis.url
    fleet.forget()
    mine = fleet.link()
    assert asked(mine, b"parent")
    child = os.fork()
    if not child:
        code = 1
        try:
            own = fleet.link()
            code = 0 if own is not mine and asked(own, b"child") else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert fleet.link() is mine
    assert asked(mine, b"parent again")
    fleet.forget()
