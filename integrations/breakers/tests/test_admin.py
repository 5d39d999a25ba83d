"""Breakers in the admin."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.breakers.models import BreakerControl, BreakerEvent
from integrations.breakers.tests.conftest import Ask, fail
from sandbox.server import Sandbox

EVENTS = reverse("admin:integrations_breakerevent_changelist")
CONTROLS = reverse("admin:integrations_breakercontrol_changelist")


@pytest.fixture
def page(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def event(db: None) -> BreakerEvent:
    return BreakerEvent.objects.create(
        provider="twilio",
        from_state="closed",
        to_state="open",
        reason="3 failures in a row",
        correlation_id="find-me-1",
        at=timezone.now(),
    )


def act(page: Client, action: str, *providers: str, **more: str) -> str:
    chosen = BreakerControl.objects.filter(provider__in=providers).values_list("pk", flat=True)
    answer = page.post(
        CONTROLS, {"action": action, "_selected_action": list(chosen), **more}, follow=True
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_events_list_shows_who_caused_what_and_finds_it_by_correlation_id(
    page: Client, event: BreakerEvent
) -> None:
    assert "find-me-1" in page.get(EVENTS).content.decode()
    assert "3 failures in a row" in page.get(EVENTS, {"q": "find-me-1"}).content.decode()
    assert "3 failures in a row" not in page.get(EVENTS, {"q": "other"}).content.decode()
    assert "find-me-1" in page.get(EVENTS, {"provider__exact": "twilio"}).content.decode()
    assert "find-me-1" not in page.get(EVENTS, {"provider__exact": "vapi"}).content.decode()


def test_events_cannot_be_added_changed_or_deleted(page: Client, event: BreakerEvent) -> None:
    one = reverse("admin:integrations_breakerevent_change", args=[event.pk])
    assert page.get(one).status_code == 200
    assert page.post(one, {"reason": "nothing happened"}).status_code == 403
    assert page.post(reverse("admin:integrations_breakerevent_add"), {}).status_code == 403
    delete = reverse("admin:integrations_breakerevent_delete", args=[event.pk])
    assert page.post(delete, {"post": "yes"}).status_code == 403
    page.post(EVENTS, {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"})
    event.refresh_from_db()
    assert event.reason == "3 failures in a row"


def test_every_provider_has_a_row_by_itself(page: Client) -> None:
    text = page.get(CONTROLS).content.decode()
    assert page.get(CONTROLS).status_code == 200
    for provider in ("twilio", "resend", "smtp", "google", "microsoft"):
        assert f">{provider}<" in text


def test_the_list_asks_the_database_little_for_each_row(page: Client) -> None:
    page.get(CONTROLS)
    with CaptureQueriesContext(connection) as asked:
        page.get(CONTROLS)
    rows = BreakerControl.objects.count()
    assert rows >= 5
    assert len(asked) <= 2 * rows + 10


def test_the_list_shows_the_state_of_this_server(page: Client, ask: Ask, sandbox: Sandbox) -> None:
    fail(sandbox, ask)
    text = page.get(CONTROLS).content.decode()
    assert "open since" in text
    assert "next try in" in text


def test_force_open_and_reset_work_at_once_and_leave_events_with_the_requests_id(
    page: Client, ask: Ask
) -> None:
    page.get(CONTROLS)
    text = act(page, "force_open", "twilio", reason="number porting", minutes="5")
    assert "held until" in text
    assert ask("refused").status_code == 503
    (event,) = BreakerEvent.objects.all()
    assert event.reason == "forced open: number porting (olga)"
    assert event.correlation_id
    control = BreakerControl.objects.get(provider="twilio")
    assert control.by is not None
    assert control.by.username == "olga"
    act(page, "reset", "twilio")
    assert ask("again").status_code == 200


def test_several_providers_can_be_chosen(page: Client) -> None:
    page.get(CONTROLS)
    act(page, "force_closed", "twilio", "resend")
    assert BreakerControl.objects.filter(forced="closed").count() == 2


def test_a_wrong_number_of_minutes_changes_nothing(page: Client) -> None:
    page.get(CONTROLS)
    assert "Nothing was changed" in act(page, "force_open", "twilio", minutes="-5")
    assert not BreakerControl.objects.filter(forced__isnull=False).exists()


@pytest.mark.parametrize("minutes", ["5.0", " 5 ", "5"])
def test_minutes_are_taken_as_the_form_takes_them(page: Client, minutes: str) -> None:
    page.get(CONTROLS)
    assert "Done for twilio" in act(page, "force_open", "twilio", minutes=minutes)
    control = BreakerControl.objects.get(provider="twilio")
    assert control.until is not None
    assert control.updated_at is not None
    assert control.until - control.updated_at == timedelta(minutes=5)


@pytest.mark.parametrize("minutes", ["5.5", "soon", "0", "9" * 5000])
def test_minutes_that_are_no_whole_number_are_refused_in_words(page: Client, minutes: str) -> None:
    page.get(CONTROLS)
    said = act(page, "force_open", "twilio", minutes=minutes)
    assert "Nothing was changed. Minutes: Give whole minutes from 1 to 525600, or none." in said
    assert "No action selected" not in said
    assert not BreakerControl.objects.filter(forced__isnull=False).exists()


def test_a_reason_that_is_too_long_is_refused_in_words(page: Client) -> None:
    page.get(CONTROLS)
    said = act(page, "force_open", "twilio", reason="x" * 5000)
    assert "Nothing was changed. Reason: Ensure this value has at most 150 characters" in said
    assert not BreakerControl.objects.filter(forced__isnull=False).exists()


def test_events_of_one_minute_can_be_distinguished(page: Client, event: BreakerEvent) -> None:
    assert f"{event.at:%Y-%m-%d %H:%M:%S} UTC" in page.get(EVENTS).content.decode()


def test_a_row_cannot_be_edited_added_or_deleted_by_hand(page: Client) -> None:
    page.get(CONTROLS)
    control = BreakerControl.objects.get(provider="twilio")
    one = reverse("admin:integrations_breakercontrol_change", args=[control.pk])
    assert page.post(one, {"forced": "open", "provider": "twilio"}).status_code == 403
    assert page.post(reverse("admin:integrations_breakercontrol_add"), {}).status_code == 403
    delete = reverse("admin:integrations_breakercontrol_delete", args=[control.pk])
    assert page.post(delete, {"post": "yes"}).status_code == 403
    control.refresh_from_db()
    assert control.forced is None


def test_staff_who_may_only_look_cannot_order(page: Client, user: User) -> None:
    page.get(CONTROLS)
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="view_breakercontrol"))
    looker = Client()
    looker.force_login(user)
    assert looker.get(CONTROLS).status_code == 200
    act(looker, "force_open", "twilio")
    assert not BreakerControl.objects.filter(forced__isnull=False).exists()


def test_users_without_a_staff_account_see_nothing(user: User, event: BreakerEvent) -> None:
    client = Client()
    client.force_login(user)
    for address in (EVENTS, CONTROLS):
        answer = client.get(address)
        assert answer.status_code == 302
        assert "login" in answer["Location"]
