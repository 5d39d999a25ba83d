"""Limits of Vapi's webhooks: of an account, of an address, and never of others by its doing."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from prometheus_client import REGISTRY

from ava import ratelimit
from ava.inbound import services
from ava.inbound.models import Delivery, Refusal, Volume
from ava.jobs import pruning
from ava.ratelimit import Group
from vapi_settings import webhooks
from vapi_settings.conftest import store_key
from vapi_settings.tests.hooking import SECRET, payload

THEIRS = "their-own-secret"


@pytest.fixture
def theirs(send, stranger):
    """The address of another tenant, whose webhooks come from the same address of Vapi's."""
    return store_key(stranger, webhook_secret=THEIRS).pk


@pytest.fixture
def limit(monkeypatch):
    def limit(group, most):
        monkeypatch.setitem(ratelimit._groups, group, Group(at_most=most, at_least=most))

    return limit


def status(number, **more):
    call = {**payload("status_update")["message"]["call"], "id": f"call-{number}"}
    return payload("status_update", call=call, **more)


def report(number):
    talk = f"User: {number}\n" * 20_000
    call = {**payload("end_of_call_report")["message"]["call"], "id": f"call-{number}"}
    return payload("end_of_call_report", call=call, artifact={"transcript": talk})


def limited():
    labels = {"provider": "vapi", "kind": "events", "outcome": "limited"}
    return REGISTRY.get_sample_value("ava_webhooks_total", labels) or 0.0


def test_a_flood_that_nobody_proved_shuts_no_right_delivery_out(send, theirs, limit):
    limit("webhooks", 3)
    for to in (theirs, None):
        answers = [send(status(0), to=to, secret="wrong") for _ in range(4)]
    assert [one.status_code for one in answers] == [429] * 4
    assert answers[0].json()["code"] == "rate_limited"
    assert int(answers[0]["Retry-After"]) >= 1
    # More than the address may have in all, were they counted there.
    assert [send(status(number)).status_code for number in range(5)] == [204] * 5
    assert send(status(9), to=theirs, secret=THEIRS).status_code == 204
    assert Refusal.objects.count() == 3


@pytest.mark.parametrize(("body", "code"), [(b"a" * (webhooks.LARGEST + 1), 413), (status(0), 403)])
def test_what_nobody_proved_is_limited_by_its_address(send, limit, body, code):
    limit("webhooks", 2)
    answers = [send(body, secret="wrong").status_code for _ in range(3)]
    assert answers == [code, code, 429]


def test_an_accounts_flood_is_refused_and_leaves_room_for_the_others(send, theirs, limit):
    limit("webhooks_account", 3)
    before = limited()
    answers = [send(status(number), to=theirs, secret=THEIRS) for number in range(5)]
    assert [one.status_code for one in answers] == [204] * 3 + [429] * 2
    assert answers[-1].json()["code"] == "rate_limited"
    assert int(answers[-1]["Retry-After"]) >= 1
    assert Delivery.objects.count() == 3
    assert limited() == before + 2
    mine = send(status(0))
    assert (mine.status_code, mine["X-RateLimit-Remaining"]) == (204, "2")


def test_an_accounts_large_bodies_are_refused_before_they_are_parsed(send, theirs, limit):
    limit("webhooks_large", 2)
    # No JSON: who parses it says so.
    large = b"a" * (256 * 1024)
    answers = [send(large, to=theirs, secret=THEIRS).status_code for _ in range(3)]
    assert answers == [400, 400, 429]
    assert send(status(0), to=theirs, secret=THEIRS).status_code == 204
    assert send(report(1)).status_code == 204


def test_an_account_that_has_used_up_its_day_is_refused_until_the_next(
    send, theirs, stranger, strangers_api, settings
):
    settings.WEBHOOK_MIB_PER_DAY = 1
    before = limited()
    answers = [send(report(number), to=theirs, secret=THEIRS) for number in range(9)]
    kept = [one.status_code for one in answers].count(204)
    assert 0 < kept < 9
    assert [one.status_code for one in answers] == [204] * kept + [429] * (9 - kept)
    refusal = answers[-1].json()
    assert refusal["code"] == "webhooks_spent"
    assert 1 <= refusal["retry_after"] == int(answers[-1]["Retry-After"]) <= 86_400
    assert limited() == before + 9 - kept
    volume = Volume.objects.get()
    assert (volume.owner, volume.deliveries) == (stranger, kept)
    assert volume.size <= 1024 * 1024
    assert Delivery.objects.count() == kept
    # A repetition of what is kept is acknowledged, and counts for nothing.
    assert send(report(0), to=theirs, secret=THEIRS).status_code == 204
    assert send(report(0)).status_code == 204
    Volume.objects.filter(owner=stranger).update(day=timezone.now() - timedelta(days=1))
    assert send(report(9), to=theirs, secret=THEIRS).status_code == 204


def test_the_user_and_the_operator_see_how_much_of_the_day_is_used(
    send, theirs, stranger, strangers_api, operator, settings
):
    settings.WEBHOOK_MIB_PER_DAY = 1
    address = "/api/v1/integrations/vapi/credentials"
    assert strangers_api.get(address).json()["warnings"] == []
    while send(report(Delivery.objects.count()), to=theirs, secret=THEIRS).status_code == 204:
        pass
    while send(status(Delivery.objects.count()), to=theirs, secret=THEIRS).status_code == 204:
        pass
    [said] = strangers_api.get(address).json()["warnings"]
    assert said == (
        "Webhooks of Vapi have used 99 % of the 1 MiB that AVA keeps of them in a day. "
        "What does not fit any more is refused until midnight, UTC."
    )
    staff = Client()
    staff.force_login(operator)
    page = staff.get("/admin/inbound/volume/").content.decode()
    assert "eve" in page
    assert "1.0 MiB" in page


def test_a_talk_that_is_only_acknowledged_takes_nothing_of_the_day(send):
    assert send(payload("speech_update")).status_code == 204
    assert not Volume.objects.exists()


def test_noise_of_strangers_and_of_others_hides_no_refusal_of_an_account(send, theirs, monkeypatch):
    monkeypatch.setattr(services, "REFUSALS_KEPT", 3)
    answer = send(payload("status_update"), secret="planted-hook-0005")
    for number in range(9):
        send(payload("status_update"), to=None)
        send(payload("status_update"), to=theirs, secret=f"wrong-{number}")
    kept = Refusal.objects.get(owner__username="ada")
    assert kept.correlation_id == answer["X-Correlation-ID"]
    listed = StringIO()
    call_command("explain_webhook", user="ada", stdout=listed)
    assert [line.split()[0] for line in listed.getvalue().splitlines()] == [str(kept.pk)]
    assert Refusal.objects.filter(owner=None).count() == 3
    assert Refusal.objects.filter(owner__username="eve").count() == 3


def test_noise_of_strangers_stops_no_refusal_of_an_account_from_being_kept(send):
    for _ in range(services.REFUSALS_PER_MINUTE + 1):
        send(payload("status_update"), to=None)
    assert send(payload("status_update"), secret="wrong").status_code == 403
    assert Refusal.objects.filter(owner=None).count() == services.REFUSALS_PER_MINUTE
    assert Refusal.objects.filter(owner__username="ada").count() == 1


def test_another_tenants_ids_make_no_delivery_a_repetition(send, theirs, stranger, user):
    body = payload("status_update")
    assert send(body, to=theirs, secret=THEIRS).status_code == 204
    assert send(body, secret=SECRET).status_code == 204
    assert {row.owner for row in Delivery.objects.all()} == {stranger, user}


def test_old_counts_and_refusals_are_pruned_with_the_deliveries(send):
    send(payload("status_update"))
    send(payload("status_update"), secret="wrong")
    now = timezone.now()
    for name in pruning.registered:
        pruning.prune(name, now - timedelta(days=2))
    assert (Volume.objects.count(), Refusal.objects.count()) == (1, 1)
    for name in pruning.registered:
        pruning.prune(name, now + timedelta(days=1))
    assert not Delivery.objects.exists()
    assert (Volume.objects.count(), Refusal.objects.count()) == (0, 0)
