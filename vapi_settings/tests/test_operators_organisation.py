"""Several tenants are served by the operator's Vapi key: what one does there to the others."""

import pytest

from conftest import PASSWORD
from sandbox.vapi import seed
from telephony.conftest import store
from vapi_settings.tests.test_importing import NUMBERS


@pytest.fixture(autouse=True)
def _operators(sandbox, settings):
    settings.RATE_LIMIT_PER_MINUTE = 1000
    settings.OPERATOR_CREDENTIALS = {"AVA_API_VAPI_API_KEY": "vapi-demo-key"}
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}


def test_a_users_number_is_not_put_into_the_operators_organisation(
    api, strangers_api, stranger, sandbox
):
    """Calls of the others that name no number could leave from it."""
    store(stranger)
    wanted = {
        "number": "+15005550010",
        "replace_voice_url": True,
        "password": PASSWORD,
        "assistant_id": seed.ASSISTANT_ID,
    }
    before = api.get(NUMBERS).json()["count"]
    answer = strangers_api.post(NUMBERS, wanted)
    assert (answer.status_code, answer.json()["code"]) == (400, "credentials_missing")
    assert api.get(NUMBERS).json()["count"] == before
