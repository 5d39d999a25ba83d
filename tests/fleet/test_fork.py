"""Workers are forked from a process that may have asked Redis before."""

import os
from typing import Any

import pytest

from ava import redis as shared_redis
from ava.redis import RedisClient, Script
from tests.redis import RedisServer

pytestmark = pytest.mark.slow

ECHO = Script("return ARGV[1]")


def asked(link: RedisClient | None, word: bytes) -> bool:
    assert link is not None
    return bool(link.run(ECHO, ["k"], [word]) == word)


def test_a_forked_worker_has_a_link_of_its_own_and_leaves_its_parents_alone(
    redis: RedisServer, settings: Any
) -> None:
    settings.REDIS_URL = redis.url
    shared_redis.reset()
    mine = shared_redis.get_client()
    assert asked(mine, b"parent")
    child = os.fork()
    if not child:
        code = 1
        try:
            own = shared_redis.get_client()
            code = 0 if own is not mine and asked(own, b"child") else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert shared_redis.get_client() is mine
    assert asked(mine, b"parent again")
    shared_redis.reset()
