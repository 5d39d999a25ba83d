"""The walks that matter most, in Firefox and in WebKit, the engine of Safari."""

from collections.abc import Iterator

import pytest

from tests import webdrivers
from tests.console.person import DEMO
from tests.server import PASSWORD, RunningAva, until
from tests.webdrivers import Visitor

pytestmark = pytest.mark.slow

_MISSING = f"not here: {webdrivers.INSTALL}"
BROWSERS = [
    pytest.param(
        webdrivers.firefox,
        id="firefox",
        marks=pytest.mark.skipif(not webdrivers.FIREFOX, reason=_MISSING),
    ),
    pytest.param(
        webdrivers.webkit,
        id="webkit",
        marks=pytest.mark.skipif(not (webdrivers.WEBKIT and webdrivers.SCREEN), reason=_MISSING),
    ),
]
SPEED = "/vapi/settings/voice_speed"


@pytest.fixture(scope="module", params=BROWSERS)
def visitor(request: pytest.FixtureRequest, ava: RunningAva) -> Iterator[Visitor]:
    """Logged in, by the form."""
    with request.param(ava.url) as visitor:
        visitor.open("/calls")
        visitor.fill("User name or e-mail", DEMO)
        visitor.fill("Password", PASSWORD)
        visitor.press("Log in")
        until(lambda: visitor.path == "/calls")
        yield visitor


def test_a_setting_is_edited_reviewed_saved_and_undone(visitor: Visitor, ava: RunningAva) -> None:
    ava.login()
    ava.call("PUT", SPEED, json={"value": 1.1})
    visitor.open("/vapi")
    visitor.fill("Voice speed", "0.9")
    visitor.press("Review", within="setting-voice_speed")
    visitor.sees("Nothing else in Front desk changes.")
    visitor.press("Save change", within="setting-voice_speed")
    visitor.sees("Voice speed is 0.9 now.", within="toasts")
    assert ava.call("GET", SPEED).json()["setting"]["value"] == 0.9
    visitor.press("Undo", within="toasts")
    visitor.sees("Voice speed is 1.1 now.", within="toasts")


def test_a_call_is_placed_and_seen_to_its_end(visitor: Visitor) -> None:
    visitor.open("/calls")
    visitor.press("Place call")
    visitor.fill("Number", "+1 415 555 0123")
    visitor.fill("What to say", "Your table is ready.")
    visitor.fill("From", "+15005550006")
    visitor.press("Place call", within="sheet")
    visitor.sees("Call successfully placed!", within="toasts")
    visitor.sees("Completed", within="live")
