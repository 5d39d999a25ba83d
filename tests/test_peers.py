"""Peers that AVA's reads are measured beside: they answer as AVA does (benchmarks/peers)."""

import pytest
import requests

from benchmarks.peers.running import INSTALL, Served, everyone, is_installed, vapi
from tests.redis import RedisServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed(), reason=f"packages of the peers are missing: {INSTALL}"),
]

NO_CACHE = {"Cache-Control": "no-cache"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    directory = tmp_path_factory.mktemp("peers")
    with RedisServer() as redis, vapi() as upstream, everyone(directory, upstream, redis) as found:
        yield found


def read(one: Served, token: int = 0, **headers: str) -> requests.Response:
    headers["Authorization"] = f"Bearer {one.tokens[token]}"
    return requests.get(f"{one.url}/api/v1/vapi/settings", headers=headers, timeout=10)


def test_all_answer_the_same_settings_cached_or_not(served):
    bodies = {
        (name, freshness): read(one, **headers).json()
        for name, one in served.items()
        for freshness, headers in (("first", {}), ("cached", {}), ("not cached", NO_CACHE))
    }

    expected = bodies["AVA, memory", "first"]
    assert len(expected["settings"]) == 7
    assert [name for name, body in bodies.items() if body != expected] == []


@pytest.mark.parametrize("where", ["memory", "Redis"])
@pytest.mark.parametrize("who", ["AVA", "strong FastAPI"])
def test_ava_and_the_strong_peer_know_an_etag_and_the_end_of_a_session(served, who, where):
    one = served[f"{who}, {where}"]
    tag = read(one).headers["ETag"]

    assert read(one, **{"If-None-Match": tag}).status_code == 304
    requests.post(
        f"{one.url}/api/v1/auth/logout",
        headers={"Authorization": f"Bearer {one.tokens[1]}"},
        timeout=10,
    )
    assert read(one, 1).status_code == 401
    assert read(one, 0).status_code == 200


def test_the_peers_refuse_a_token_that_another_signed(served):
    strange = served["AVA, memory"].tokens
    statuses = {
        name: read(Served(one.url, one.pid, strange)).status_code
        for name, one in served.items()
        if "FastAPI" in name
    }

    assert set(statuses.values()) == {401}
