"""Webhooks as an operator sees and treats them: commands and admin."""

import uuid
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import clear_url_caches
from django.utils import timezone

from ava.inbound import services
from ava.inbound.models import Delivery, Refusal
from ava.inbound.services import register_handler
from ava.inbound.source import InvalidSignature, Proof, WebhookRequest
from ava.inbound.tests.conftest import Acme, send
from ava.jobs import pruning
from ava.jobs.services import run_due

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def page(operator: User, settings: Any) -> Client:
    settings.ROOT_URLCONF = "ava.urls"
    clear_url_caches()
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def failed() -> Delivery:
    """A delivery whose handler failed once, and now would work."""
    faults = [ValueError()]

    def handle(delivery: Delivery) -> None:
        if faults:
            raise faults.pop()

    register_handler("acme", "calls", handle)
    send({"id": "d1", "event": "ringing"})
    run_due()
    return Delivery.objects.get(state="failed")


def test_failed_deliveries_are_worked_through_once_more(failed: Delivery) -> None:
    send({"id": "d2"})
    run_due()
    assert "1 delivery" in run("replay_deliveries", "--failed")
    run_due()
    assert not Delivery.objects.exclude(state="done").exists()


def test_a_delivery_is_worked_through_once_more_by_its_id(failed: Delivery) -> None:
    run("replay_deliveries", str(failed.pk))
    run_due()
    failed.refresh_from_db()
    assert (failed.state, failed.error) == ("done", "")


def test_an_id_that_is_none_replays_nothing(failed: Delivery) -> None:
    with pytest.raises(CommandError, match="No such delivery"):
        run("replay_deliveries", str(failed.pk), str(uuid.uuid4()))
    with pytest.raises(CommandError, match="UUID"):
        run("replay_deliveries", "d1")
    with pytest.raises(CommandError):
        run("replay_deliveries")
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_a_refusal_is_explained_with_what_to_look_at(settings: Any) -> None:
    settings.PUBLIC_URL = "https://ava.example.com"
    answer = send({"id": "d1"}, signed="wrong", Host="testserver")
    assert "The signature is wrong." in run("explain_webhook")
    said = run("explain_webhook", answer["X-Correlation-ID"])
    assert said == run("explain_webhook", str(Refusal.objects.get().pk))
    for part in (
        "https://ava.example.com/hooks/acme",
        "https://ava.example.com:443/hooks/acme",
        "Account: …1234",
        "AVA_PUBLIC_URL: https://ava.example.com",
        "AVA_TRUSTED_PROXIES: 0",
        "The request came for testserver, AVA_PUBLIC_URL names another host",
    ):
        assert part in said


def test_without_a_public_address_it_says_so_and_names_the_proxies(settings: Any) -> None:
    settings.PUBLIC_URL = None
    send({"id": "d1"}, signed="wrong", **{"X-Forwarded-Proto": "https"})
    said = run("explain_webhook", str(Refusal.objects.get().pk))
    assert "AVA_PUBLIC_URL is not set" in said
    assert "AVA_TRUSTED_PROXIES is 0" in said


def test_where_it_is_known_what_was_wrong_nothing_else_is_guessed() -> None:
    refusal = Refusal.objects.create(
        at=timezone.now(), provider="acme", kind="calls", reason="So it was.", seen={"fits": "this"}
    )
    said = run("explain_webhook", str(refusal.pk))
    assert "So it was." in said
    assert "Fits: this" in said
    assert "If the address is right" not in said


def test_a_closer_look_is_taken_at_refusals_that_are_kept_and_at_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = []

    def look_closer() -> InvalidSignature:
        looks.append(1)
        return InvalidSignature("A closer look tells.", {"fits": "this"})

    def verify(self: Acme, received: WebhookRequest) -> Proof:
        raise InvalidSignature("Wrong.", look_closer=look_closer)

    monkeypatch.setattr(Acme, "verify", verify)
    for _ in range(70):
        assert send({"id": "d1"}).status_code == 403
    assert len(looks) == Refusal.objects.count() == services.REFUSALS_PER_MINUTE
    assert "A closer look tells." in run("explain_webhook")


def test_an_unknown_refusal_is_named_and_none_at_all_is_fine() -> None:
    assert "No webhook was refused" in run("explain_webhook")
    for unknown in ("7", "9" * 40, "no-such-id"):
        with pytest.raises(CommandError, match="There is no refusal"):
            run("explain_webhook", unknown)


def test_what_strangers_send_cannot_write_to_the_terminal() -> None:
    send({"id": "d1"}, signed="wrong", **{"X-Forwarded-Host": "a\x1b[2Jb"})
    assert "\x1b" not in run("explain_webhook", str(Refusal.objects.get().pk))


def test_only_the_last_refusals_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "REFUSALS_KEPT", 3)
    for number in range(5):
        send({"id": number}, signed="wrong")
    assert Refusal.objects.count() == 3


def test_old_deliveries_are_pruned() -> None:
    send({"id": "old"})
    Delivery.objects.update(received_at=timezone.now() - timedelta(days=91))
    send({"id": "young"})
    before = timezone.now() - timedelta(days=90)
    for dry_run in (True, False):
        assert pruning.prune("webhook deliveries", before, dry_run=dry_run) == 1
    assert Delivery.objects.get().delivery_id == "young"


def test_the_admin_shows_deliveries_and_replays_them(failed: Delivery, page: Client) -> None:
    shown = page.get("/admin/inbound/delivery/", {"q": failed.correlation_id}).content.decode()
    assert "ringing" in shown
    answer = page.post(
        "/admin/inbound/delivery/",
        {"action": "replay", "_selected_action": [str(failed.pk)]},
        follow=True,
    )
    assert "1 deliveries will be worked through" in answer.content.decode()
    run_due()
    failed.refresh_from_db()
    assert failed.state == "done"


def test_the_admin_explains_refusals_and_changes_nothing(page: Client) -> None:
    refusal = Refusal.objects.create(
        at=timezone.now(), provider="acme", kind="calls", reason="<b>wrong</b>"
    )
    shown = page.get(f"/admin/inbound/refusal/{refusal.pk}/change/").content.decode()
    assert "AVA_PUBLIC_URL is not set" in shown
    assert "<b>wrong" not in shown
    assert page.post(f"/admin/inbound/refusal/{refusal.pk}/delete/").status_code == 403
    assert page.get("/admin/inbound/delivery/add/").status_code == 403


def test_who_may_only_look_cannot_replay(failed: Delivery, page: Client, user: User) -> None:
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    page.force_login(user)
    page.post("/admin/inbound/delivery/", {"action": "replay", "_selected_action": [failed.pk]})
    failed.refresh_from_db()
    assert failed.state == "failed"
