"""Notifications: a mail for what stops a user's work, once, and the page that turns them on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail as outbox
from django.test import Client

from ava.console import home
from ava.console.home import Attention, Part
from ava.jobs.services import run_due
from integrations.email.models import Mail
from integrations.notifications import services
from integrations.notifications.models import Notice, NotificationSettings

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)
REFUSED = Attention(1, "bad", "Vapi refused your key", "Calls fail.", "Replace key", "settings")
Minutes = Callable[[float], None]

pytestmark = pytest.mark.django_db


@pytest.fixture
def troubles(monkeypatch: pytest.MonkeyPatch) -> list[Attention]:
    """What home says to every user, beside what it finds by itself."""
    found: list[Attention] = []
    contributors = [*home._contributors, lambda user, now, facts: Part(attention=[*found])]
    monkeypatch.setattr(home, "_contributors", contributors)
    return found


@pytest.fixture
def wanted(user: User, settings: Any) -> NotificationSettings:
    settings.PUBLIC_URL = "https://ava.example.com"
    return services.change(user=user, enabled=True, address="ada@example.com")


@pytest.fixture
def at(user: User) -> Minutes:
    """A look so many minutes after noon."""
    return lambda minutes: services.look(user_id=user.pk, now=NOON + timedelta(minutes=minutes))


def test_a_trouble_that_lasts_is_one_mail_with_what_to_do(
    wanted: NotificationSettings, troubles: list[Attention], at: Minutes
) -> None:
    troubles.append(REFUSED)
    at(0)
    assert not Mail.objects.exists()
    for minutes in (5, 10, 400):
        at(minutes)
    [sent] = Mail.objects.all()
    assert sent.subject == "Vapi refused your key"
    assert [one.address for one in sent.recipients.all()] == ["ada@example.com"]
    for part in ("Calls fail.", "2 December, 12:00 UTC", "Replace key.",
                 "https://ava.example.com/settings"):  # fmt: skip
        assert part in sent.text


def test_a_trouble_that_goes_by_itself_is_no_mail(
    wanted: NotificationSettings, troubles: list[Attention], at: Minutes
) -> None:
    troubles.append(REFUSED)
    at(0)
    troubles.clear()
    at(5)
    troubles.append(REFUSED)
    at(60)  # another one, an hour later
    assert not Mail.objects.exists()
    at(65)
    assert Mail.objects.count() == 1


def test_a_trouble_that_comes_and_goes_is_one_mail_and_a_new_one_the_next_day_another(
    wanted: NotificationSettings, troubles: list[Attention], at: Minutes
) -> None:
    for minutes in range(0, 120, 5):
        troubles[:] = [REFUSED] if minutes % 30 < 20 else []
        at(minutes)
    assert Mail.objects.count() == 1
    troubles[:] = [REFUSED]
    at(24 * 60)
    at(24 * 60 + 5)
    assert Mail.objects.count() == 2
    assert Notice.objects.count() == 1


def test_what_does_not_stop_work_is_no_mail(
    wanted: NotificationSettings, troubles: list[Attention], at: Minutes
) -> None:
    troubles.append(Attention(2, "waiting", "Vapi is being tried again", ""))
    at(0)
    at(5)
    assert not Mail.objects.exists()


def test_a_provider_that_is_tried_in_between_is_the_same_trouble(
    wanted: NotificationSettings, troubles: list[Attention], at: Minutes
) -> None:
    about = "Vapi cannot be reached"
    for minutes, shown in enumerate([(2, "Vapi is being tried again"), (1, about), (1, about)]):
        troubles[:] = [Attention(shown[0], "bad", shown[1], "", about=about)]  # type: ignore[arg-type]
        at(minutes * 5)
    [sent] = Mail.objects.all()
    assert sent.subject == about


def test_who_has_not_asked_for_it_gets_none(
    user: User, troubles: list[Attention], at: Minutes
) -> None:
    troubles.append(REFUSED)
    services.change(user=user, enabled=False, address="ada@example.com")
    at(0)
    at(5)
    services.look_after_all()
    run_due()
    assert not Mail.objects.exists()
    assert not Notice.objects.exists()
    assert not outbox.outbox


def test_every_user_who_asked_is_looked_after_by_a_job(
    wanted: NotificationSettings, troubles: list[Attention]
) -> None:
    troubles.append(REFUSED)
    services.look_after_all()
    services.look_after_all()  # one look that waits is enough
    run_due()
    assert [notice.topic for notice in Notice.objects.all()] == ["Vapi refused your key"]


def test_they_are_turned_on_and_off_on_a_page(browser: Client, user: User) -> None:
    page = browser.get("/settings/notifications")
    assert "ada@example.com" in page.content.decode()
    saved = browser.post(
        "/settings/notifications", {"enabled": "on", "address": " ops@example.com "}, follow=True
    )
    assert "Notifications go to ops@example.com." in saved.content.decode()
    assert services.settings_of(user).enabled
    saved = browser.post("/settings/notifications", {"address": "ops@example.com"}, follow=True)
    assert "Notifications are off." in saved.content.decode()
    assert not services.settings_of(user).enabled


@pytest.mark.parametrize(
    ("address", "sentence"),
    [("", "Enter the address to write to."), ("nobody", "Enter a valid email address.")],
)
def test_an_address_that_cannot_be_written_to_is_refused_in_place(
    browser: Client, user: User, address: str, sentence: str
) -> None:
    refused = browser.post(
        "/settings/notifications",
        {"enabled": "on", "address": address},
        headers={"HX-Request": "true", "HX-Target": "sheet"},
    )
    assert refused.status_code == 422
    assert sentence in refused.content.decode()
    assert not services.settings_of(user).enabled
