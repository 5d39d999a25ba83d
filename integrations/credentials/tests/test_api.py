"""A user's credentials over REST: read, stored, deleted, and by no one else."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.credentials.models import CredentialChange
from integrations.credentials.services import credentials_for
from integrations.credentials.tests.conftest import MASKED, SMTP, TWILIO, VAPI_KEY
from integrations.tests.statements import at_most

pytestmark = pytest.mark.usefixtures("unlimited")


def test_nothing_stored_is_an_answer_not_an_error(api: APIClient, address: Any) -> None:
    answer = api.get(address("vapi"))
    assert answer.status_code == 200
    assert answer.json() == {
        "provider": "vapi",
        "configured": False,
        "source": "none",
        "readable": True,
        "updated_at": None,
        "warnings": [],
        "api_key": None,
        "webhook_secret": None,
        "webhook_scheme": None,
        "webhook_header": None,
        "webhook_algorithm": None,
        "webhook_encoding": None,
        "webhook_prefix": None,
        "webhook_payload": None,
        "webhook_timestamp_header": None,
        "default_assistant_id": None,
        "webhook_url": None,
    }


def test_a_stored_secret_is_shown_masked_with_its_last_four(api: APIClient, address: Any) -> None:
    for answer in (api.put(address("vapi"), {"api_key": VAPI_KEY}), api.get(address("vapi"))):
        assert answer.status_code == 200
        assert answer.json()["api_key"] == MASKED
        assert answer.json()["configured"] is True
        assert answer.json()["source"] == "user"
        assert answer["Cache-Control"] == "no-store"
        assert VAPI_KEY not in answer.content.decode()


def test_a_short_secret_shows_nothing_of_itself(api: APIClient, address: Any) -> None:
    answer = api.put(address("resend"), {"api_key": "re_demo", "from_email": "a@example.com"})
    assert answer.json()["api_key"] == "••••••••"


def test_what_was_read_can_be_sent_back_and_changes_nothing(
    api: APIClient, user: User, address: Any
) -> None:
    api.put(address("twilio"), {**TWILIO, "default_from": "+1 500 555 0006"})
    before = credentials_for(user=user, provider="twilio")
    answer = api.put(address("twilio"), api.get(address("twilio")).json())
    assert answer.status_code == 200
    assert credentials_for(user=user, provider="twilio") == before
    assert before.fields == {**TWILIO, "default_from": "+15005550006"}
    assert CredentialChange.objects.count() == 1


def test_deleting_is_done_once_and_asked_twice(api: APIClient, address: Any) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    for _ in range(2):
        answer = api.delete(address("vapi"))
        assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(address("vapi")).json()["configured"] is False
    assert list(CredentialChange.objects.values_list("action", flat=True)) == ["deleted", "created"]


def test_a_stranger_sees_and_touches_their_own_only(
    api: APIClient, strangers_api: APIClient, user: User, address: Any
) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    assert strangers_api.get(address("vapi")).json()["configured"] is False
    assert strangers_api.put(address("vapi"), {"api_key": MASKED}).status_code == 400
    assert strangers_api.put(address("vapi"), {"api_key": "strangers"}).status_code == 200
    assert strangers_api.delete(address("vapi")).status_code == 204
    assert credentials_for(user=user, provider="vapi").fields == {"api_key": VAPI_KEY}


def test_without_a_login_nothing_is_answered(address: Any, db: None) -> None:
    client = APIClient()
    for call in (client.get, client.put, client.delete):
        assert call(address("vapi")).status_code == 401
    assert client.post(address("vapi", "/verify")).status_code == 401


@pytest.mark.parametrize("provider", ["google", "microsoft", "nobody", "VAPI", "<script>"])
def test_other_names_are_not_found_and_say_why(api: APIClient, address: Any, provider: str) -> None:
    answers = [api.get(address(provider)), api.put(address(provider), {"api_key": "k"})]
    answers += [api.delete(address(provider)), api.post(address(provider, "/verify"))]
    for answer in answers:
        assert answer.status_code == 404
        assert answer.json()["code"] == "unknown_provider"
        assert "signing in" in answer.json()["detail"] or "vapi" in answer.json()["detail"]
        assert "<script>" not in answer.content.decode()


def test_every_change_says_who_when_and_which_but_no_value(
    api: APIClient, user: User, address: Any
) -> None:
    api.put(address("smtp"), SMTP, headers={"X-Correlation-ID": "test-1"})
    api.put(address("smtp"), {**SMTP, "port": 465, "security": "tls"})
    last, first = CredentialChange.objects.all()
    assert (first.owner, first.actor, first.source) == (user, user, "api")
    assert (first.action, first.correlation_id) == ("created", "test-1")
    assert first.fields == sorted(SMTP)
    assert (last.action, last.fields) == ("changed", ["port", "security"])


def test_the_endpoints_share_the_integrations_quota(
    api: APIClient, address: Any, settings: Any
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 3
    seen = [api.get(address(provider)).status_code for provider in ("vapi", "smtp") * 2]
    assert seen == [200, 200, 200, 429]


@pytest.mark.parametrize(("provider", "values"), [("vapi", {"api_key": VAPI_KEY}), ("smtp", SMTP)])
def test_reading_and_replacing_take_at_most_three_reads(
    api: APIClient, address: Any, operators_keys: None, provider: str, values: dict[str, Any]
) -> None:
    with at_most(3):
        assert api.get(address(provider)).status_code == 200
    with at_most(3, reads_only=True):
        assert api.put(address(provider), values).status_code == 200
    with at_most(3):
        assert api.get(address(provider)).json()["source"] == "user"
    changed = {**values, "webhook_secret": "planted-hook-0004"} if provider == "vapi" else values
    with at_most(3, reads_only=True):
        assert api.put(address(provider), changed).status_code == 200
