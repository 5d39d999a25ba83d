"""New signing keys: logins go on while the old ones are kept, and end with them."""

import re
from collections.abc import Iterator

import jwt
import pytest
import requests

from tests.server import PASSWORD, RunningAva

pytestmark = pytest.mark.slow

OLD = {"SECRET_KEY": "old-" + "aBc4eFg8" * 8, "AVA_JWT_KEY": "old-" + "hIj2kLm6" * 8}
NEW = {"SECRET_KEY": "new-" + "nOp1qRs5" * 8, "AVA_JWT_KEY": "new-" + "tUv3wXy7" * 8}
PREVIOUS = {f"{name}_PREVIOUS": value for name, value in OLD.items()}
NO_PREVIOUS = dict.fromkeys(PREVIOUS, "")


@pytest.fixture
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    with RunningAva(tmp_path_factory.mktemp("keys") / "var", **OLD) as running:
        yield running


def restart(ava: RunningAva, **keys: str) -> None:
    ava.stop()
    ava.environment.update(keys)
    ava.start()


def auth(ava: RunningAva, what: str, **body: str) -> dict[str, str]:
    answer = requests.post(f"{ava.url}/api/v1/auth/{what}", json=body, timeout=10)
    assert answer.ok, answer.text
    return dict(answer.json())


def logged_in(ava: RunningAva) -> dict[str, str]:
    return auth(ava, "login", identifier="demo@example.com", password=PASSWORD)


def who(ava: RunningAva, tokens: dict[str, str]) -> int:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    return requests.get(f"{ava.url}/api/v1/auth/me", headers=bearer, timeout=10).status_code


def operator(ava: RunningAva) -> requests.Session:
    """A browser in which somebody has logged in to the admin."""
    browser = requests.Session()
    form = browser.get(f"{ava.url}/admin/login/", timeout=10).text
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token
    browser.post(
        f"{ava.url}/admin/login/?next=/admin/",
        {"csrfmiddlewaretoken": token[1], "username": "admin@example.com", "password": PASSWORD},
        timeout=10,
    )
    return browser


def admin(ava: RunningAva, browser: requests.Session) -> int:
    return browser.get(f"{ava.url}/admin/", allow_redirects=False, timeout=10).status_code


def test_logins_outlive_a_change_of_keys_and_those_not_renewed_end_with_the_old_ones(
    ava: RunningAva,
) -> None:
    idle, active = logged_in(ava), logged_in(ava)
    idle_browser, active_browser = operator(ava), operator(ava)
    assert (who(ava, idle), admin(ava, idle_browser)) == (200, 200)

    restart(ava, **NEW, **PREVIOUS)
    assert (who(ava, idle), who(ava, active), admin(ava, active_browser)) == (200, 200, 200)
    active = auth(ava, "refresh", refresh_token=active["refresh_token"])
    jwt.decode(active["access_token"], NEW["AVA_JWT_KEY"], algorithms=["HS256"], issuer="ava")

    restart(ava, **NO_PREVIOUS)
    assert (who(ava, active), admin(ava, active_browser)) == (200, 200)
    assert auth(ava, "refresh", refresh_token=active["refresh_token"])
    assert (who(ava, idle), admin(ava, idle_browser)) == (401, 302)
