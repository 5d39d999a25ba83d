"""Pages of the room Settings: how each provider is connected; calendars come and go here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from ava.console import curl
from ava.console.typed import TypedName
from ava.console.views import page, redirect, render, toast, user_of
from integrations import queries
from integrations.calendar import authorization, connections, links
from integrations.calendar import queries as calendars
from integrations.calendar.providers import NAMES
from integrations.calendar.sign_ins import SignIn, leading_out, offered
from integrations.queries import Integration

_UNCONNECTED: Final = {
    "vapi": "The voice: your assistants live there.",
    "twilio": "The line: calls and messages go out by your numbers.",
    "resend": "Sends your mails. One of Resend and SMTP is enough.",
    "smtp": "Sends your mails by your own mail server. One of Resend and SMTP is enough.",
    "google": "Assistants offer and book free times in it, once it is connected.",
    "microsoft": "Assistants offer and book free times in it, once it is connected.",
}


@dataclass(frozen=True)
class Provider:
    """A provider in the list, with the one next step."""

    slug: str
    name: str
    state: str  # a word of `ava.console.states`
    word: str
    text: str
    is_calendar: bool
    is_mine: bool  # there is something of the user's own
    can_connect: bool  # the operator has set up what signing in needs

    @property
    def action(self) -> str:
        if self.is_calendar:
            return "Connect again" if self.is_mine else "Connect"
        return "Change" if self.is_mine else "Enter keys"


@dataclass(frozen=True)
class SettingsPage:
    title: str
    keys: Sequence[Provider]
    calendars: Sequence[Provider]
    curl: str


@page()
def settings(request: HttpRequest) -> HttpResponse:
    sign_ins = offered()
    overview = queries.overview(user=user_of(request), now=timezone.now())
    found = [_provider(each, sign_ins) for each in overview]
    shown = SettingsPage(
        "Settings",
        keys=[each for each in found if not each.is_calendar],
        calendars=[each for each in found if each.is_calendar],
        curl=curl.command(request, "GET", reverse("integrations")),
    )
    return leading_out(
        request, sign_ins.values(), lambda request: render(request, "settings/index.html", shown)
    )


def _provider(each: Integration, sign_ins: Mapping[str, SignIn]) -> Provider:
    is_mine, state = each.source == "user", each.source
    words = {"environment": "by your operator", "stub": "demo", "none": "not connected"}
    if each.source in ("user", "environment"):
        state = "connected" if each.configured else "reconnect"
    word = words.get(each.source) or ("your own" if each.configured else "connect again")
    can_connect = each.provider in sign_ins
    text = each.next_step.removeprefix("Nothing to do: ")
    if each.source in ("none", "stub") and (can_connect or each.provider not in NAMES):
        text = _UNCONNECTED[each.provider]
    if each.allowance:
        text += f" {each.allowance.left} of {each.allowance.limit} are left today."
    return Provider(
        each.provider,
        each.name,
        state,
        word,
        text[:1].upper() + text[1:],
        is_calendar=each.provider in NAMES,
        is_mine=is_mine,
        can_connect=can_connect,
    )


@page("POST")
def connect(request: HttpRequest, provider: str) -> HttpResponse:
    """Begin to sign in at the provider: the browser goes there by AVA's own link."""
    begun = authorization.begin(user=user_of(request), provider=provider, now=timezone.now())
    return redirect(request, links.start(request, provider, begun.pk))


@dataclass(frozen=True)
class DisconnectPage:
    title: str
    provider: str
    name: str
    account: str
    is_revoked: bool  # AVA ends its access at the provider, too


@page("GET", "POST")
def disconnect(request: HttpRequest, provider: str) -> HttpResponse:
    authorization.require_known(provider)
    user, name = user_of(request), NAMES[provider]
    sure = TypedName.of(request, name)
    if not sure.fits:
        found = calendars.describe(user=user, provider=provider)
        if found.state == "none":
            return redirect(request, "settings")
        shown = DisconnectPage(
            f"Disconnect {name}", provider, name, found.account, provider == "google"
        )
        path = reverse("calendar-connection", args=[provider])
        command = curl.command(request, "DELETE", path)
        return render(
            request,
            "settings/disconnect.html",
            shown,
            status=sure.status,
            sure=sure,
            curl=command,
        )
    connections.disconnect(user=user, provider=provider)
    toast(request, f"{name} is disconnected.")
    return redirect(request, "settings")
