"""A calendar that cannot be read, explained by the correlation ID alone."""

from io import StringIO

import pytest
import requests
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from integrations.calendar.tests.consent import API, connect
from sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

WEEK = {"from": "2026-12-14T00:00:00Z", "to": "2026-12-21T00:00:00Z"}


@pytest.mark.parametrize("provider", ["google", "microsoft"])
def test_access_that_the_provider_has_ended_is_to_be_connected_again(
    api: APIClient, browser: Client, sandbox: Sandbox, provider: str
) -> None:
    connect(api, provider)
    order = {"provider": provider, "do": "revoke"}
    assert requests.post(f"{sandbox.url}/_sandbox/oauth", json=order, timeout=5).ok
    for answers in (["answered 401", "answered 400"], []):  # it is remembered from then on
        answer = api.get(f"{API}/{provider}/events", WEEK)
        assert answer.status_code == 409
        given, said = answer.headers["X-Correlation-ID"], StringIO()
        call_command("explain", given, stdout=said)
        page = browser.get(f"/activity/{given}").content.decode().replace("&#x27;", "'")
        for told in (" ".join(said.getvalue().split()), page):
            assert [one for one in answers if one not in told] == []
            assert "The provider has ended AVA's access to the calendar." in told
            assert "Connect it again in Settings." in told
