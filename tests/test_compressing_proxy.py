"""Conditional requests behind a real nginx that compresses, and rewrites entity tags for it."""

from collections.abc import Iterator

import pytest
import requests

from tests import nginx
from tests.server import RunningAva

pytestmark = [pytest.mark.slow, nginx.needed]

SETTINGS = "/api/v1/vapi/settings"
GREETING = f"{SETTINGS}/greeting_message"
COMPRESSES = """
    gzip on;
    gzip_min_length 1;
    gzip_types application/json application/vnd.oai.openapi+json;
    location / { proxy_pass http://127.0.0.1:%d; }
"""


@pytest.fixture(scope="module")
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    data = tmp_path_factory.mktemp("nginx") / "var"
    with RunningAva(data, AVA_TRUSTED_PROXIES="1") as running:
        yield running.login()


@pytest.fixture(scope="module")
def url(ava: RunningAva) -> Iterator[str]:
    with nginx.Nginx(COMPRESSES % ava.port) as proxy:
        yield proxy.url


def get(ava: RunningAva, address: str, **headers: str) -> requests.Response:
    return ava.session.get(address, headers=headers, timeout=30)


def test_a_change_holds_on_to_the_tag_that_came_compressed(ava: RunningAva, url: str) -> None:
    read = get(ava, url + GREETING)
    assert read.headers["Content-Encoding"] == "gzip"
    tag = read.headers["ETag"]
    assert tag.startswith('W/"')
    statuses = [
        ava.session.put(
            url + GREETING, json={"value": value}, headers={"If-Match": tag}, timeout=30
        ).status_code
        for value in ("Changed behind a proxy", "Too late")
    ]
    assert statuses == [200, 412]
    assert get(ava, url + GREETING).json()["setting"]["value"] == "Changed behind a proxy"


@pytest.mark.parametrize("path", [GREETING, SETTINGS, "/api/schema?format=json"])
def test_a_read_that_came_compressed_is_known_again(ava: RunningAva, url: str, path: str) -> None:
    read = get(ava, url + path)
    assert read.headers["Content-Encoding"] == "gzip"
    again = get(ava, url + path, **{"If-None-Match": read.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
