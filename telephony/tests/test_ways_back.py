"""Ways back: what can be undone has a toast with Undo; what cannot asks for a name to be typed.

Each address of the console that takes a form is in one of these lists, or says why in neither.
"""

import html
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from ava.accounts import api_tokens
from integrations.calendar.events import feed
from integrations.calendar.models import Connection
from integrations.credentials.models import Credential
from integrations.email.suppressions.models import Suppression
from telephony.conftest import THEIRS, store
from telephony.optouts import services as optouts
from telephony.optouts.queries import optouts as listed

pytestmark = pytest.mark.database

UNDONE: Final = {
    "messages/opt-outs",
    "messages/opt-outs/end",
    "mail/suppressions",
    "mail/suppressions/remove",
    # Tried beside their pages, as each needs a provider.
    "calendar/booking-tool/install",
    "calendar/booking-tool/remove",
    "calendar/events/new",
    "vapi/<slug:key>",
    "vapi/<slug:key>/revert",
}
TYPED: Final = {
    "settings/keys/<slug:provider>/delete",
    "settings/tokens/<uuid:token_id>/revoke",
    "settings/calendar/<slug:provider>/disconnect",
    "calendar/feed/end",
}
NEITHER: Final = {
    "login": "ends with Log out",
    "logout": "ends with Log in",
    "theme": "its other values are beside it",
    "styleguide": "samples",
    "calls/new": "what is sent is sent; the form says to whom",
    "messages/new": "as a call",
    "messages/with/<path:number>": "as a call",
    "messages/bulk/new": "as a call, after a look at the list",
    "mail/new": "as a call, beside its preview",
    "mail/preview": "changes nothing",
    "mail/<uuid:mail_id>/again": "as a call; the page names who gets it",
    "calls/<uuid:call_id>/hangup": "to stop at once is what it is for",
    "messages/<uuid:message_id>/cancel": "to stop at once is what it is for",
    "messages/bulk/<uuid:batch_id>/cancel": "to stop at once is what it is for; Pause is beside it",
    "messages/bulk/<uuid:batch_id>/pause": "Resume takes its place",
    "messages/bulk/<uuid:batch_id>/resume": "Pause takes its place",
    "calendar/events/<slug:provider>/<path:event_id>/delete": "a page before names it",
    "calendar/feed": "a new address is what it is for",
    "calendar/booking-tool": "the form stays, and is stored again",
    "mail/suppressions/restore": "is what Undo asks for",
    "mail/summaries": "the form stays, and is stored again",
    "settings/notifications": "the form stays, and is stored again",
    "settings/keys/<slug:provider>": "keys are typed in whole; others are not kept to go back to",
    "settings/keys/<slug:provider>/verify": "changes nothing",
    "settings/calendar/<slug:provider>/connect": "ends with Disconnect",
    "settings/password": "asks for the old one",
    "settings/tokens": "ends with Revoke",
    "vapi": "leads to a review",
}


def posted(patterns: Any, before: str = "") -> Iterator[str]:
    """Routes of pages that take a form."""
    for each in patterns:
        route = f"{before}{each.pattern}"
        if hasattr(each, "url_patterns"):
            yield from posted(each.url_patterns, route)
        elif "POST" in getattr(each.callback, "methods", ()):
            yield route


def test_each_page_that_changes_something_says_how_it_is_taken_back() -> None:
    assert {*posted(get_resolver().url_patterns)} == UNDONE | TYPED | {*NEITHER}


def undo(page: Any) -> str:
    """The address behind Undo, on the page that comes next."""
    forms = r'<form method="post" action="([^"]+)">(?:(?!</form>).)*?is-undo'
    return html.unescape(re.findall(forms, page, re.S)[0])


@pytest.mark.parametrize("begin", ["add", "end"])
def test_an_opt_out_and_its_end_are_undone(browser: Client, user: User, begin: str) -> None:
    form = {"number": THEIRS}
    if begin == "end":
        optouts.add(user=user, person=THEIRS)
    address = "/messages/opt-outs" if begin == "add" else "/messages/opt-outs/end"
    before = listed(user=user).count()
    page = browser.post(address, form, follow=True).content.decode()
    assert listed(user=user).count() == 1 - before
    assert browser.post(undo(page), follow=True).status_code == 200
    assert listed(user=user).count() == before


@pytest.mark.parametrize("begin", ["add", "remove"])
def test_a_suppression_and_its_end_are_undone(browser: Client, user: User, begin: str) -> None:
    address = "/mail/suppressions" if begin == "add" else "/mail/suppressions/remove"
    if begin == "remove":
        Suppression.objects.create(user=user, address="x@example.com", reason="bounced")
    before = Suppression.objects.count()
    page = browser.post(address, {"address": "x@example.com"}, follow=True).content.decode()
    assert Suppression.objects.count() == 1 - before
    browser.post(undo(page), follow=True)
    assert Suppression.objects.count() == before


@pytest.fixture
def gone(user: User) -> dict[str, tuple[str, Any]]:
    """By route: an address, and whether what it deletes is there."""
    now = user.date_joined
    token, _ = api_tokens.create(
        user=user, name="n8n", scope="read", expires_at=None, proven_at=now, network="", now=now
    )
    store(user)
    Connection.objects.create(user=user, provider="google", tokens="{}", state="reconnect")
    feed.make(user=user)
    return {
        "settings/keys/<slug:provider>/delete": (
            "/settings/keys/twilio/delete",
            Credential.objects.filter(user=user).exists,
        ),
        "settings/calendar/<slug:provider>/disconnect": (
            "/settings/calendar/google/disconnect",
            Connection.objects.filter(user=user).exists,
        ),
        "settings/tokens/<uuid:token_id>/revoke": (
            f"/settings/tokens/{token.pk}/revoke",
            api_tokens.tokens_of(user).exists,
        ),
        "calendar/feed/end": ("/calendar/feed/end", lambda: feed.find(user=user) is not None),
    }


@pytest.mark.parametrize("typed", [None, "", "something else"])
def test_what_is_gone_for_good_stays_until_its_name_is_typed(
    browser: Client, gone: dict[str, tuple[str, Any]], typed: str | None
) -> None:
    assert gone.keys() == TYPED
    for address, is_there in gone.values():
        page = browser.get(address).content.decode()
        assert 'name="typed"' in page
        refused = browser.post(address, {} if typed is None else {"typed": typed})
        assert refused.status_code == 422
        assert "field-error" in refused.content.decode()
        assert is_there()
