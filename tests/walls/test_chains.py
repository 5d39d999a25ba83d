"""Attacks in several steps: an ID is claimed first, and then others' keys are made to act on it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from ava.jobs import kinds
from ava.jobs.models import Job
from telephony.conftest import run_jobs
from tests.walls import hooks
from tests.walls.aftermath import STEPS, Watch, disturbed, seen, wrong
from tests.walls.tenants import ADAS
from tests.walls.world import OURS, World, incoming, report

pytestmark = pytest.mark.slow

JOBS = {
    "dispatch_delivery": "a stored webhook: of the account that proved it",
    "integrations.calendar_event": "an event: created as its owner",
    "integrations.calendar_sweep": "nothing",
    "integrations.mail": "a mail: sent as its owner",
    "integrations.mail_sweep": "nothing",
    "integrations.notifications": "nothing",
    "integrations.notify": "a user: who asked to be written to",
    "prune": "nothing",
    "telephony.account": "a user: whose keys have changed",
    "telephony.batch": "a batch: sent as its owner",
    "telephony.call": "a call: followed as its owner",
    "telephony.end_duplicate": "a call, and the SID of a second one that bore its mark",
    "telephony.message": "a message: followed as its owner",
    "telephony.sweep": "nothing",
}
"""What the payload of each kind of job names. Holdings find those that name a tenant's rows."""


def test_every_kind_of_job_is_known_by_what_its_payload_names() -> None:
    # Tests of the jobs themselves leave kinds of their own behind.
    own = {name for name, kind in kinds.items() if ".tests." not in kind.run.__module__}
    assert own == JOBS.keys()


@pytest.fixture
def operators_serve(settings: Any) -> None:
    """Whoever has no keys is served with the operator's: of the very account that Ada uses."""
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    settings.OPERATOR_CREDENTIALS = {
        **settings.OPERATOR_CREDENTIALS,
        "TWILIO_ACCOUNT_SID": ADAS.account_sid,
        "TWILIO_AUTH_TOKEN": ADAS.auth_token,
        "AVA_API_VAPI_API_KEY": ADAS.api_key,
    }


def hang_up_all(world: World) -> list[Any]:
    """Eve hangs up all that AVA keeps for her, and AVA follows it for some time."""
    rows = world.eve.call("GET", "/twilio/calls?limit=200").json()["results"]
    answers = [world.eve.call("POST", f"/twilio/calls/{row['id']}/hangup") for row in rows]
    for seconds in STEPS:
        run_jobs(seconds=seconds)
    return [*answers, world.eve.call("GET", "/twilio/calls?limit=200")]


@pytest.mark.parametrize("keys", ["swapped for a token of her own", "deleted"])
def test_calls_claimed_by_their_sids_are_neither_ended_nor_asked_for_with_the_operators_keys(
    world: World, user: User, operators_serve: None, keys: str
) -> None:
    hooks.store_her_account(world)
    sids = [world.ids[f"{name}_sid"] for name in ("running", "lost", "guessed")]
    watch = Watch(user)
    for sid in sids:
        world.eve.twilio("voice", incoming("caller", sid), account_sid=ADAS.account_sid)
    run_jobs()
    if keys == "deleted":
        answer = world.eve.call("DELETE", "/integrations/twilio/credentials")
        assert answer.status_code == 204
    before = len(world.stage.asked("twilio"))
    answers = hang_up_all(world)
    asked = [
        one
        for one in world.stage.asked("twilio")[before:]
        if keys == "deleted" and any(sid in one for sid in sids)
    ]
    assert [*asked, *seen(*answers), *watch.changes(), *disturbed(world)] == []


@pytest.mark.parametrize("claim", ["by its id", "by its leg"])
def test_calls_claimed_at_vapi_are_neither_ended_nor_asked_for_with_the_operators_keys(
    world: World, user: User, operators_serve: None, claim: str
) -> None:
    watch = Watch(user)
    names = ("talking", "vapi_lost", "talked")
    for name in names:
        call = world.ids[f"{name}_vapi"] if claim == "by its id" else f"eve-{name}"
        message = report(world, name, "status_update")
        message["call"] |= {"id": call, "type": "inboundPhoneCall", "assistantOverrides": {}}
        message["call"]["phoneCallProviderId"] = world.ids[f"{name}_sid"] or None
        world.eve.vapi(message)
    run_jobs()
    assert world.eve.call("DELETE", "/integrations/vapi/credentials").status_code == 204
    assert world.eve.call("DELETE", "/integrations/twilio/credentials").status_code == 204
    before = len(world.stage.asked("vapi"))
    answers = hang_up_all(world)
    hers = [world.ids[f"{name}_vapi"] for name in names]
    asked = [one for one in world.stage.asked("vapi")[before:] if any(call in one for call in hers)]
    assert [*asked, *seen(*answers), *watch.changes(), *disturbed(world)] == []


def test_a_batch_with_a_stolen_account_sid_keeps_no_batch_of_its_owner_waiting(
    world: World, user: User
) -> None:
    hooks.store_her_account(world)
    watch = Watch(user)
    # While Twilio fails, AVA cannot know that the number is none of Eve's.
    numbers = "GET /2010-04-01/Accounts/"
    world.stage.order("faults", provider="twilio", kind="status", status=500, match=numbers)
    body = {"from": OURS, "recipients": ["+14155550188"], "body": "x", "per_minute": 1}
    answer = world.eve.call("POST", "/twilio/messages/bulk", body)
    world.stage.forgive()
    run_jobs()
    assert [answer.status_code, *watch.changes()] == [answer.status_code]
    Job.objects.filter(key=world.ids["batch"]).update(due_at=timezone.now())
    for seconds in (0, 1, 2, 3, 4):
        run_jobs(seconds=seconds)
    batch = world.ada.call("GET", f"/twilio/messages/bulk/{world.ids['batch']}").json()
    assert (batch["state"], batch["progress"].get("scheduled", 0)) == ("done", 0)


@pytest.mark.database
def test_ids_that_are_claimed_in_every_way_at_once_open_nothing(world: World, user: User) -> None:
    watch = Watch(user)
    answers = [
        world.eve.vapi(message)
        for place in hooks.VAPI_PLACES
        for message in place(world, "status_update")
    ]
    for kind in hooks.TWILIO:
        answers += hooks.own_account(world, kind)
    for kind in hooks.TWILIO:
        answers += hooks.stored_account(world, kind)
    run_jobs()
    for provider in ("twilio", "vapi"):
        world.eve.call("DELETE", f"/integrations/{provider}/credentials")
    assert wrong(world, watch, *answers) == []
