"""Suppressions and summary mails in the console: changed, searched, taken back."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations.email.suppressions import services
from integrations.email.suppressions.models import Suppression
from integrations.email.tests.test_pages import GRACE, htmx, text

pytestmark = pytest.mark.django_db
PAGE, SUMMARIES = "/mail/suppressions", "/mail/summaries"


def listed() -> list[tuple[str, str]]:
    return list(Suppression.objects.order_by("pk").values_list("address", "reason"))


def undo(answer: Any) -> str:
    """The address by which a toast takes back what it tells."""
    [item] = json.loads(answer["HX-Trigger"])["toast"]["items"]
    return str(item["undo"])


def test_an_address_is_put_on_the_list_and_taken_back(browser: Client, user: User) -> None:
    answer = browser.post(PAGE, {"address": " Grace@Example.org "}, headers=htmx("suppressions"))
    assert GRACE in text(answer)
    assert listed() == [(GRACE, "user")]
    browser.post(undo(answer))
    assert listed() == []


def test_what_was_taken_off_comes_back_with_its_reason_and_time(
    browser: Client, user: User
) -> None:
    at = timezone.now() - timedelta(days=3)
    services.record(user_id=user.pk, addresses=[GRACE], reason="complained", detail="Spam.", at=at)
    answer = browser.post(f"{PAGE}/remove", {"address": GRACE}, headers=htmx("suppressions"))
    assert "Nobody is suppressed" in text(answer)
    assert "Take it off Resend's own list, too." in answer["HX-Trigger"]
    assert browser.post(undo(answer))["Location"] == PAGE
    row = Suppression.objects.get()
    assert (row.address, row.reason, row.detail, row.at) == (GRACE, "complained", "Spam.", at)


def test_only_their_own_removal_and_only_a_fresh_one_is_taken_back(
    browser: Client, user: User, stranger: User
) -> None:
    services.add(user=user, address=GRACE)
    answer = browser.post(f"{PAGE}/remove", {"address": GRACE}, headers=htmx("suppressions"))
    other = Client()
    other.force_login(stranger)
    assert other.post(undo(answer)).status_code == 404
    assert browser.post(f"{PAGE}/restore?row=x").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        browser.force_login(user)
        assert browser.post(undo(answer)).status_code == 404
    assert listed() == []


def test_without_a_script_the_list_is_shown_again(browser: Client, user: User) -> None:
    assert browser.post(PAGE, {"address": GRACE})["Location"] == PAGE
    page = text(browser.get(PAGE))
    assert f"{GRACE} gets no more mail." in page
    assert "You put it on the list" in page
    assert browser.post(f"{PAGE}/remove", {"address": GRACE})["Location"] == PAGE
    assert f"{GRACE} gets mail again." in text(browser.get(PAGE))
    assert browser.post(f"{PAGE}/remove", {"address": GRACE}).status_code == 404


def test_what_is_no_address_is_refused_where_it_was_typed(browser: Client, user: User) -> None:
    for headers in ({}, htmx("suppressions")):
        page = text(browser.post(PAGE, {"address": "nobody"}, headers=headers), 422)
        assert "Enter a valid email address." in page
        assert 'value="nobody"' in page
    assert listed() == []


def test_the_list_is_searched_and_is_nobody_elses(
    browser: Client, user: User, stranger: User
) -> None:
    services.add(user=user, address=GRACE)
    services.add(user=user, address="alan@example.org")
    services.add(user=stranger, address="eve@example.org")
    page = text(browser.get(f"{PAGE}?search=grace", headers=htmx("rows")))
    assert GRACE in page
    assert "alan@example.org" not in page
    assert "2 addresses" in text(browser.get(PAGE))
    assert browser.post(f"{PAGE}/remove", {"address": "eve@example.org"}).status_code == 404


@pytest.mark.parametrize("headers", [{}, htmx("sheet")], ids=["page", "fragment"])
def test_summary_mails_are_switched_on_and_shown_so(
    browser: Client, user: User, headers: dict[str, str]
) -> None:
    given = {"enabled": "on", "recipients": f"{GRACE}\nalan@example.org", "template": "plain"}
    assert browser.post(SUMMARIES, given, headers=headers).status_code in (204, 302)
    page = text(browser.get(SUMMARIES))
    assert "Call summaries are sent after each call." in page
    assert 'name="enabled" id="id_enabled" checked' in page
    assert GRACE in page
    assert user.summary_settings.recipients == [GRACE, "alan@example.org"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("recipients", "sentence"),
    [
        ("", "Name who gets the mails."),
        (f"{GRACE} nobody", "Address 2: Enter a valid email address."),
        (" ".join(f"a{number}@example.org" for number in range(11)), "At most 10 addresses."),
    ],
)
def test_summary_mails_without_a_reader_are_refused(
    browser: Client, user: User, recipients: str, sentence: str
) -> None:
    given = {"enabled": "on", "recipients": recipients, "template": "call_summary"}
    page = text(browser.post(SUMMARIES, given), 422)
    assert sentence in page
    assert not hasattr(user, "summary_settings")
