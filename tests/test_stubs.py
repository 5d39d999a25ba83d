"""Stubs, which no route reaches in production, whatever is set at run time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from integrations.calendar.tests import consent
from integrations.email.models import Mail
from integrations.flags.models import Flag, FlagOverride
from sandbox.server import Sandbox
from tests.costed import OPERATIONS, Ada
from tests.walls.routes import pages

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

STUBS = {"stub.py": {"events", "busy", "next_steps", "all_of"}, "services.py": {"_begin_stub"}}
"""Functions that play a provider, by file."""


class Unconfigured(Ada):
    """Stores no credentials."""

    def put(self, path: str, **body: Any) -> Any:
        return self.get(path) if "credentials" in path else super().put(path, **body)


@pytest.fixture
def ada(user: User, sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Ada:
    """A user with nothing configured or connected, for whom stubs are on in the admin."""
    monkeypatch.setattr(consent, "connect", lambda api: None)
    settings.RATE_LIMIT_PER_MINUTE = 100_000
    settings.FLAGS = {**settings.FLAGS, "INTEGRATIONS_STUB_MODE": True}
    flag = Flag.objects.create(name="INTEGRATIONS_STUB_MODE", state=Flag.State.ON)
    FlagOverride.objects.create(flag=flag, user=user, state=FlagOverride.State.ON)
    return Unconfigured(user)


@contextmanager
def entered() -> Iterator[set[str]]:
    """Functions of STUBS that are entered meanwhile."""
    found: set[str] = set()

    def look(frame: Any, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_name in STUBS.get(Path(code.co_filename).name, ()):
            found.add(code.co_name)

    sys.setprofile(look)
    try:
        yield found
    finally:
        sys.setprofile(None)


def ask_everything(ada: Ada, user: User) -> str:
    """What all operations and pages answer."""
    bodies = []
    for name, (prepare, ask) in OPERATIONS.items():
        try:
            needed = prepare(ada)
        except AssertionError:
            continue  # It needs a row, which cannot be made.
        bodies.append(ask(ada, needed).content.decode())
        if name.startswith("POST auth/"):
            ada.log_in()
    browser = Client()
    browser.force_login(user)
    bodies += [
        b"".join(browser.get(f"/{page}")).decode()
        for page in pages(get_resolver())
        if "<" not in page and "metrics" not in page
    ]
    return "\n".join(bodies)


def test_no_route_reaches_a_stub_in_production(ada: Ada, user: User, settings: Any) -> None:
    settings.FLAGS_OFF = frozenset({"INTEGRATIONS_STUB_MODE"})
    with entered() as stubs:
        answers = ask_everything(ada, user)
    assert stubs == set()
    assert '"stub"' not in answers
    assert not Mail.objects.exists()
    for remedy in (
        "Please configure a real email provider in Settings.",
        "Please complete OAuth setup for calendar access.",
    ):
        assert f"Stub integrations are disabled in production. {remedy}" in answers


def test_the_same_routes_reach_every_stub_in_development(ada: Ada, user: User) -> None:
    with entered() as stubs:
        ask_everything(ada, user)
    assert stubs == set().union(*STUBS.values())
