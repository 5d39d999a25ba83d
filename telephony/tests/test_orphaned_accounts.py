"""Keys deleted or replaced while calls and messages are under way: warnings, and each row."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from integrations.credentials.models import Credential
from integrations.tests.statements import at_most
from sandbox.server import Sandbox
from telephony.conftest import CALLS, GOOD, MESSAGES, OURS, THEIRS, phone, run_jobs, store, until
from telephony.messages.models import Message

pytestmark = pytest.mark.database

KEYS = "/api/v1/integrations/twilio/credentials"
PAIR = {"to": THEIRS, "from": OURS}
ANOTHER = {"account_sid": "AC" + "b" * 32, "auth_token": "another-token"}
LOST = (
    "This began with the Twilio account ...0000, whose keys are not stored any more. "
    "Until they are stored again AVA can neither go on with it nor learn how it ends."
)
AGAIN = "The keys of its Twilio account are stored again: AVA looks after it."


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox, settings: Any, twilio_user: User) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    phone(sandbox, "answer", ring_ms=60_000)


def under_way(api: APIClient, *, calls: int = 0, messages: int = 0) -> list[str]:
    """Addresses of calls and messages that Twilio has taken."""
    bodies = [(CALLS, {"say": "Hi"})] * calls + [(MESSAGES, {"body": "Hi"})] * messages
    placed = [(path, api.post(path, PAIR | body)) for path, body in bodies]
    return [f"{path}/{answer.json()['id']}" for path, answer in placed]


def details(api: APIClient, path: str) -> list[str]:
    return [entry["detail"] for entry in api.get(path).json()["timeline"]]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            {"calls": 3, "messages": 1},
            "3 calls and 1 message of the Twilio account ...0000 are still under way. "
            "AVA cannot learn how they end without the keys of that account.",
        ),
        (
            {"calls": 1},
            "1 call of the Twilio account ...0000 is still under way. "
            "AVA cannot learn how it ends without the keys of that account.",
        ),
    ],
)
def test_storing_another_account_warns_of_what_is_still_under_way(
    api: APIClient, counts: dict[str, int], said: str
) -> None:
    under_way(api, **counts)
    assert api.get(KEYS).json()["warnings"] == []
    assert api.put(KEYS, ANOTHER).json()["warnings"] == [said]
    assert api.get(KEYS).json()["warnings"] == [said]
    # What is read can be sent back.
    assert api.put(KEYS, api.get(KEYS).json()).json()["warnings"] == [said]


def test_after_deleting_them_a_read_tells(api: APIClient) -> None:
    under_way(api, messages=2)
    assert api.delete(KEYS).status_code == 204
    [said] = api.get(KEYS).json()["warnings"]
    assert said.startswith("2 messages of the Twilio account ...0000 are still under way.")


def test_another_token_of_the_same_account_is_nothing_to_warn_of(api: APIClient) -> None:
    under_way(api, calls=1)
    assert api.put(KEYS, GOOD | {"auth_token": "promoted-token"}).json()["warnings"] == []


def test_what_went_out_with_the_operators_account_is_no_loss(api: APIClient, settings: Any) -> None:
    settings.OPERATOR_CREDENTIALS = {
        "TWILIO_ACCOUNT_SID": GOOD["account_sid"],
        "TWILIO_AUTH_TOKEN": GOOD["auth_token"],
    }
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    api.delete(KEYS)
    under_way(api, calls=1)
    assert api.put(KEYS, ANOTHER).json()["warnings"] == []


def test_the_operators_keys_do_not_serve_what_went_out_with_a_users_own(
    api: APIClient, settings: Any
) -> None:
    under_way(api, calls=1)
    settings.OPERATOR_CREDENTIALS = {
        "TWILIO_ACCOUNT_SID": GOOD["account_sid"],
        "TWILIO_AUTH_TOKEN": GOOD["auth_token"],
    }
    [said] = api.put(KEYS, ANOTHER).json()["warnings"]
    assert said.startswith("1 call of the Twilio account ...0000 is still under way.")


def test_what_has_ended_or_was_not_begun_is_not_counted(
    api: APIClient, sandbox: Sandbox, strangers_api: APIClient
) -> None:
    phone(sandbox, "busy")
    [over] = under_way(api, calls=1)

    def ended() -> bool:
        run_jobs(seconds=30)
        return bool(api.get(over).json()["status"] == "busy")

    until(ended)
    api.post(MESSAGES, PAIR | {"body": "Hi", "send_at": "2100-01-01T00:00:00Z"})
    assert api.put(KEYS, ANOTHER).json()["warnings"] == []
    assert strangers_api.put(KEYS, ANOTHER).json()["warnings"] == []


def test_a_message_of_which_nothing_more_is_reported_is_not_counted(api: APIClient) -> None:
    [path] = under_way(api, messages=1)
    row = Message.objects.filter(pk=path.rpartition("/")[2])
    row.update(status="sent", updated_at=timezone.now() - timedelta(hours=47))
    assert len(api.put(KEYS, ANOTHER).json()["warnings"]) == 1
    row.update(updated_at=timezone.now() - timedelta(hours=49))
    assert api.get(KEYS).json()["warnings"] == []


@pytest.mark.parametrize("way", ["replaced", "deleted"])
def test_each_row_says_at_once_why_its_end_is_unknown(api: APIClient, way: str) -> None:
    paths = under_way(api, calls=1, messages=1)
    if way == "replaced":
        api.put(KEYS, ANOTHER, headers={"X-Correlation-ID": "keys-changed"})
    else:
        api.delete(KEYS, headers={"X-Correlation-ID": "keys-changed"})
    run_jobs()
    for path in paths:
        shown = api.get(path).json()
        assert shown["error"] == LOST
        assert shown["timeline"][-1]["detail"] == LOST
        # A row that is looked at in the meantime, as its time has come, finds it out by itself.
        by = shown["timeline"][-1]["correlation_id"]
        assert by in ("keys-changed", shown["correlation_id"])
    run_jobs(seconds=60)
    run_jobs(seconds=600)
    assert [details(api, path).count(LOST) for path in paths] == [1, 1]


def test_keys_that_come_back_are_used_at_once(
    api: APIClient, sandbox: Sandbox, twilio_user: User
) -> None:
    phone(sandbox, "busy")
    [path] = under_way(api, calls=1)
    api.put(KEYS, ANOTHER)
    run_jobs(seconds=600)
    assert api.get(path).json()["error"] == LOST
    with time_machine.travel(timezone.now() + timedelta(seconds=610), tick=True):
        store(twilio_user)
    assert api.get(KEYS).json()["warnings"] == []
    # The row's own job would wait for minutes.
    run_jobs(seconds=611)
    shown = api.get(path).json()
    assert (shown["status"], shown["error"]) == ("busy", "")
    assert [entry["detail"] for entry in shown["timeline"]][-2] == AGAIN


def test_a_row_whose_keys_never_come_back_ends_after_two_days(api: APIClient) -> None:
    [path] = under_way(api, calls=1)
    api.delete(KEYS)
    for hours in (1, 24, 49):
        run_jobs(seconds=hours * 3600)
    shown = api.get(path).json()
    assert shown["status"] == "failed"
    assert shown["error"] == f"AVA could not find out what became of it: {LOST}"
    assert api.get(KEYS).json()["warnings"] == []


def test_the_admin_shows_an_operator_the_reason(
    api: APIClient, operator: User, twilio_user: User
) -> None:
    under_way(api, calls=2)
    admin = Client()
    admin.force_login(operator)
    row = Credential.objects.get(user=twilio_user)
    changed = f"/admin/integrations/credential/{row.pk}/change/"
    said = f"Twilio credentials of {twilio_user}: 2 calls of the Twilio account ...0000 are still"
    assert said in admin.post(changed, ANOTHER, follow=True).content.decode()
    store(twilio_user)
    row = Credential.objects.get(user=twilio_user)
    gone = f"/admin/integrations/credential/{row.pk}/delete/"
    assert said in admin.post(gone, {"post": "yes"}, follow=True).content.decode()


def test_reading_the_credentials_takes_three_statements_while_nothing_is_under_way(
    api: APIClient,
) -> None:
    with at_most(3):
        assert api.get(KEYS).status_code == 200
