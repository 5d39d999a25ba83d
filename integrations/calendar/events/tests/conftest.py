import pytest
from rest_framework.test import APIClient

from integrations.calendar.tests.consent import connect
from sandbox.server import Sandbox


@pytest.fixture(params=["google", "microsoft"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connected(api: APIClient, sandbox: Sandbox, provider: str) -> str:
    """The path of a calendar that the user has connected."""
    connect(api, provider)
    return f"/api/v1/integrations/calendar/{provider}"
