"""Webhooks of Twilio's that Eve signs rightly, for an account of hers, with Ada's IDs in them."""

from itertools import chain
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import get_resolver

from tests.walls import hooks, routes
from tests.walls.aftermath import Watch, seen, wrong
from tests.walls.hooks import TWILIO, TWILIO_PLACES, Place
from tests.walls.world import PEOPLE, World

pytestmark = pytest.mark.slow


def test_every_webhook_is_attacked() -> None:
    served = {route for route, _ in routes.webhooks(get_resolver())}
    # Resend's in integrations/email/tests/test_delivery.py.
    assert served == {f"twilio/{kind}" for kind in TWILIO} | {"vapi", "resend"}


@pytest.mark.parametrize("place", TWILIO_PLACES, ids=lambda place: place.__name__)
def test_ids_of_another_tenant_open_nothing_of_theirs(
    world: World, user: User, place: Place
) -> None:
    watch = Watch(user)
    answers = {kind: list(place(world, kind)) for kind in TWILIO}
    for kind, of_kind in answers.items():
        statuses = {answer.status_code for answer in of_kind}
        assert statuses <= {200, 204, 403}, kind
        # What proves to be of an account of Eve's own is taken, and must still do no harm.
        assert statuses & {200, 204} or place is hooks.marks_of_stored_account, kind
    assert wrong(world, watch, *chain(*answers.values())) == []


def test_another_tenants_address_account_or_mark_takes_no_token_but_theirs(
    world: World, user: User
) -> None:
    watch = Watch(user)
    answers = [answer for kind in TWILIO for answer in hooks.forged(world, kind)]
    assert {_refusal(answer) for answer in answers} == {(403, "webhook_forged")}
    assert watch.changes() == []
    assert seen(*answers) == []


def test_a_message_claimed_beforehand_is_kept_when_it_really_comes(
    world: World, user: User
) -> None:
    sid = world.ids["next_text_sid"]
    fields = {"MessageSid": sid, "SmsStatus": "received", "From": "+14155550199"}
    world.eve.twilio("message", fields | {"To": "+15005550010", "Body": "mine"})
    watch = Watch(user)
    assert wrong(world, watch) == []


def test_a_stop_to_ones_own_account_stops_nothing_of_another_tenants(
    world: World, user: User
) -> None:
    hooks.store_her_account(world)
    watch = Watch(user)
    fields = {"SmsStatus": "received", "From": PEOPLE["sent"], "To": "+15005550006", "Body": "STOP"}
    answer = world.eve.twilio(
        "message", {"MessageSid": "SM-eve", **fields}, account_sid=world.ids["account_sid"]
    )
    assert answer.status_code in (200, 403)
    assert watch.changes() == []
    sent = world.ada.call(
        "POST", "/twilio/messages", {"to": PEOPLE["sent"], "from": "+15005550006", "body": "Hi"}
    )
    assert sent.status_code == 201, sent.content


def _refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "") if answer.status_code == 403 else ""
