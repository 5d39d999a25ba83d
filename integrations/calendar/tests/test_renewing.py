"""Access to a connected calendar: renewed once, kept, and ended where the provider ends it."""

import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connections as databases
from django.utils import timezone
from rest_framework.test import APIClient

from ava import upstream
from integrations.calendar import connections, tokens
from integrations.calendar.models import Connection
from integrations.calendar.tests.consent import API, connect
from sandbox.server import Sandbox

NOTHING = "No calendar needs a new access token.\n"
pytestmark = pytest.mark.django_db(transaction=True)

BOTH = pytest.mark.parametrize("provider", ["google", "microsoft"])
TOKEN = {"google": "POST /token", "microsoft": "POST /common/oauth2/v2.0/token"}
AN_HOUR = timedelta(hours=1, minutes=5)


def order(sandbox: Sandbox, provider: str, what: str) -> None:
    body = {"provider": provider, "do": what}
    answer = requests.post(f"{sandbox.url}/_sandbox/oauth", json=body, timeout=5)
    assert answer.ok, answer.text


def fault(sandbox: Sandbox, **order: Any) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json=order, timeout=5)
    assert answer.ok, answer.text


def refreshes(sandbox: Sandbox, provider: str = "google") -> int:
    asked = sandbox.requests(provider)
    return sum("refresh_token" in str(one.body) for one in asked if one.path.endswith("/token"))


def refreshed(after: timedelta = AN_HOUR) -> str:
    """What `manage.py refresh_connections` says then."""
    said = io.StringIO()
    with time_machine.travel(timezone.now() + after, tick=True):
        call_command("refresh_connections", stdout=said)
    return said.getvalue()


def state(api: APIClient, provider: str = "google") -> Any:
    return api.get(f"{API}/{provider}").json()


@BOTH
def test_a_token_is_renewed_before_its_end(api: APIClient, sandbox: Sandbox, provider: str) -> None:
    connect(api, provider)
    before = Connection.objects.get()
    assert refreshed(timedelta(minutes=10)) == NOTHING
    assert "Renewed." in refreshed(timedelta(minutes=56))
    after = Connection.objects.get()
    assert tokens.opened(after)[0] != tokens.opened(before)[0]
    assert state(api, provider)["state"] == "connected"


def test_a_refresh_token_that_rotates_is_kept_and_one_that_does_not_stays(
    api: APIClient, sandbox: Sandbox
) -> None:
    for provider, rotates in (("google", False), ("microsoft", True)):
        connect(api, provider)
        row = Connection.objects.get(provider=provider)
        first = tokens.opened(row)[1]
        assert "Renewed." in refreshed()
        row.refresh_from_db()
        assert (tokens.opened(row)[1] != first) is rotates
        row.expires_at = timezone.now()
        row.save()
        assert "Renewed." in refreshed(timedelta(0))
        row.delete()


@BOTH
def test_eight_at_once_renew_it_once(
    api: APIClient, user: User, sandbox: Sandbox, provider: str
) -> None:
    connect(api, provider)
    Connection.objects.update(expires_at=timezone.now())
    fault(sandbox, provider=provider, kind="slow", delay_ms=300, match=TOKEN[provider], count=1)

    def use(_: int) -> str:
        try:
            return connections.access(user=user, provider=provider).token
        finally:
            databases.close_all()

    with ThreadPoolExecutor(8) as people:
        found = set(people.map(use, range(8)))
    assert len(found) == 1
    assert refreshes(sandbox, provider) == 1


def test_a_token_that_was_refused_is_renewed_once_for_all_who_had_it(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    connect(api)
    had = [connections.access(user=user, provider="google") for _ in range(3)]
    order(sandbox, "google", "expire")
    got = {connections.refused(one).token for one in had}
    assert len(got) == 1
    assert refreshes(sandbox) == 1


@BOTH
def test_access_that_was_revoked_asks_to_reconnect_and_is_not_tried_again(
    api: APIClient, sandbox: Sandbox, provider: str
) -> None:
    connect(api, provider)
    order(sandbox, provider, "revoke")
    name = {"google": "Google Calendar", "microsoft": "Microsoft 365"}[provider]
    assert f"Reconnect {name}" in refreshed()
    shown = state(api, provider)
    assert shown["state"] == "reconnect"
    assert shown["message"].startswith(f"Reconnect {name}")
    asked = refreshes(sandbox, provider)
    assert refreshed() == NOTHING
    assert refreshes(sandbox, provider) == asked
    overview = {one["provider"]: one for one in api.get("/api/v1/integrations").json()["results"]}
    assert "Reconnect" in overview[provider]["next_step"]
    connect(api, provider)
    assert state(api, provider)["state"] == "connected"


def test_while_the_provider_fails_the_connection_stays(api: APIClient, sandbox: Sandbox) -> None:
    connect(api)
    fault(sandbox, provider="google", kind="status", status=503, match=TOKEN["google"])
    with pytest.raises(CommandError, match="1 calendar could not be asked for"):
        refreshed()
    assert state(api)["state"] == "connected"


def test_a_token_that_still_serves_is_used_where_a_new_one_cannot_be_had(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    connect(api)
    Connection.objects.update(expires_at=timezone.now() + timedelta(minutes=2))
    fault(sandbox, provider="google", kind="status", status=503, match=TOKEN["google"])
    assert connections.access(user=user, provider="google").token


def test_a_command_with_nothing_to_renew_says_so() -> None:
    assert refreshed() == NOTHING


def test_an_expired_client_secret_is_the_operators_to_renew(
    api: APIClient, sandbox: Sandbox
) -> None:
    connect(api, "microsoft")
    order(sandbox, "microsoft", "expire-secret")
    said = io.StringIO()
    later = timezone.now() + AN_HOUR
    with time_machine.travel(later, tick=True), pytest.raises(CommandError):
        call_command("refresh_connections", stdout=said)
    assert "must renew MICROSOFT_CLIENT_SECRET" in said.getvalue()
    assert state(api, "microsoft")["state"] == "connected"


def test_seven_days_of_a_consent_screen_in_testing_are_explained(
    api: APIClient, sandbox: Sandbox
) -> None:
    connect(api)
    week = timezone.now() - timedelta(days=7)
    Connection.objects.update(
        connected_at=week - timedelta(minutes=1),
        refreshed_at=week - timedelta(minutes=2),
        expires_at=timezone.now(),
    )
    order(sandbox, "google", "expire-refresh-tokens")
    assert "consent screen of AVA's app is in testing" in refreshed(timedelta(0))


def test_no_token_is_in_the_log(
    api: APIClient, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    connect(api)
    held = set(tokens.opened(Connection.objects.get()))
    refreshed()
    held |= set(tokens.opened(Connection.objects.get()))
    order(sandbox, "google", "revoke")
    Connection.objects.update(expires_at=timezone.now())
    refreshed(timedelta(0))
    logged = caplog.text
    assert "calendar connected" in logged
    assert not [token for token in held if token in logged]


def test_a_killed_process_that_was_renewing_costs_its_lease_and_nobody_an_error(
    api: APIClient, user: User, sandbox: Sandbox, settings: Any
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 100
    connect(api)
    lease = timedelta(seconds=1)  # what is left of it
    now = timezone.now()
    Connection.objects.update(expires_at=now, lease=uuid.uuid4(), lease_until=now + lease)

    def look(_: int) -> tuple[int, str]:
        client = APIClient()
        client.force_authenticate(user)
        try:
            answer = client.get(f"{API}/google/events")
            return answer.status_code, str(answer.json().get("status"))
        finally:
            databases.close_all()

    with ThreadPoolExecutor(8) as people:
        assert set(people.map(look, range(8))) == {(200, "live")}
    assert refreshes(sandbox) == 1
    assert lease <= timezone.now() - now < lease + timedelta(seconds=3)


def test_who_waits_for_a_token_outlasts_the_lease_and_a_lease_outlasts_the_request() -> None:
    deadline = upstream.door("google").policy.deadline
    assert deadline < connections.LEASE.total_seconds() < connections.LONGEST_WAIT - 2


def test_with_a_token_that_still_serves_nobody_waits_for_a_killed_process(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    connect(api)
    now = timezone.now()
    Connection.objects.update(
        expires_at=now + timedelta(minutes=2),
        lease=uuid.uuid4(),
        lease_until=now + connections.LEASE,
    )
    assert connections.access(user=user, provider="google").token
    assert refreshes(sandbox) == 0
