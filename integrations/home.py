"""Providers on the console's home page: how each does, what to do, the first steps."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from ava.activity.models import Activity
from ava.console.home import Attention, Facts, Health, Kind, Part, Step
from integrations import queries
from integrations.calendar.models import CalendarEvent
from integrations.calendar.providers import NAMES
from integrations.credentials.models import Credential
from integrations.credentials.providers import PROVIDERS, Provider
from integrations.email.models import Mail
from integrations.email.suppressions.models import Suppression
from integrations.queries import Integration

HAS_ASSISTANT = "default assistant"
RECENT = timedelta(days=1)
LOST_ADDRESS = "lost address"
MAILS = Kind(
    "Mails",
    "Mail",
    "mail",
    lambda user: Mail.objects.filter(owner=user),
    ("failed", "bounced", "complained", "suppressed"),
    "subject",
    place=40,
)

# Its failures are shown in its room: an event's address names its calendar.
EVENTS = Kind(
    "Events",
    "Event",
    "calendar",
    lambda user: CalendarEvent.objects.filter(owner=user),
    (),
    "title",
    place=50,
)

_LOST = Attention(
    3,
    "unknown",
    "An address gets no more mail of yours",
    "Within the last day mail to it bounced for good, or its reader reported it as spam.",
    "See which",
    "mail-suppressions",
)
_SOURCES = {
    "environment": "With the operator's credentials",
    "stub": "Demo: nothing leaves AVA",
    "none": "Nobody has connected it yet",
}


# Effect on users while a provider cannot be reached.
_WITHOUT = {
    "vapi": "Meanwhile assistants place no calls, and their settings cannot be changed. Who calls "
    "a number that AVA answers is asked to call later; numbers at Vapi depend on Vapi alone.",
    "twilio": "Meanwhile no call is placed and no message is sent.",
    "resend": "Meanwhile no mail goes out through it.",
    "smtp": "Meanwhile no mail goes out through it.",
    "google": "Meanwhile its calendar is neither read nor written.",
    "microsoft": "Meanwhile its calendar is neither read nor written.",
}
_UNREACHABLE = "{} cannot be reached"
_REFUSED = ("401", "535")  # by HTTP, and by SMTP
_KEYS = {
    "vapi": "Paste the private key of its dashboard.",
    "twilio": "Account SID and auth token are on the first page of its console.",
}
_PLAYED = {
    "vapi": "The sandbox takes the key vapi-demo-key.",
    "twilio": f"The sandbox takes AC{'0' * 32} and twilio-demo-token.",
}


def lost_addresses(user: User) -> QuerySet[Suppression]:
    """Addresses that came onto the user's list of suppressions lately, by a provider's word."""
    rows = Suppression.objects.filter(user=user, at__gt=timezone.now() - RECENT)
    return rows.exclude(reason=Suppression.Reason.USER)


def part(user: User, now: datetime, facts: Facts) -> Part:
    found = queries.overview(user=user, now=now)
    shut_out = {each.provider for each in found if refused(PROVIDERS[each.provider]) in facts.true}
    attention = [one for each in found for one in _attention(each, each.provider in shut_out)]
    if LOST_ADDRESS in facts.true:
        attention.append(_LOST)
    return Part(
        attention=attention,
        health=[_health(each, each.provider in shut_out) for each in found],
        steps=_steps({each.provider: each for each in found}, facts),
    )


def refused(provider: Provider) -> str:
    """The fact that a provider refused the key."""
    return f"{provider.slug} refused the key"


def refusals(provider: Provider, user: User) -> QuerySet[Activity]:
    """The last time that a provider refused the user's key, unless it has taken one since, or a
    new one was entered."""
    tried = Activity.objects.filter(
        owner=user, kind="attempt", summary__startswith=f"{provider.name}: "
    )
    taken = tried.filter(failed=False, at__gt=OuterRef("at"))
    stored = Credential.objects.filter(
        user=user, provider=provider.slug, updated_at__gt=OuterRef("at")
    )
    lately = tried.filter(failed=True, status__in=_REFUSED, at__gt=timezone.now() - RECENT)
    last = Activity.objects.filter(pk__in=Subquery(lately.values("pk")[:1]))
    return last.exclude(Exists(taken) | Exists(stored))


def _health(each: Integration, refused: bool) -> Health:
    mine = each.source == "user"
    state = each.breaker_state
    if state == "open" and not _is_shut(each):
        state = "half_open"
    if each.source in ("none", "stub"):
        state = each.source
    elif not each.configured:
        state = "reconnect"
    elif refused and state == "closed":
        state = "key-refused"
    source = "With your own credentials" if mine else _SOURCES[each.source]
    if each.allowance:
        source += f", {each.allowance.left} of {each.allowance.limit} left today"
    return Health(each.name, state, source, each.retry_after if each.configured else None)


def _is_shut(each: Integration) -> bool:
    """Whether requests are refused: for a time, or until an operator lets them pass."""
    return each.breaker_state == "open" and each.retry_after != 0


def _attention(each: Integration, refused: bool) -> Iterator[Attention]:
    name = each.name
    if each.source in ("none", "stub"):
        return
    if not each.configured:
        yield Attention(
            1, "bad", f"{name} must be connected again", each.next_step, "Connect again",
            "calendar" if each.provider in NAMES else "settings",
        )  # fmt: skip
    elif _is_shut(each):
        text = f"{_WITHOUT[each.provider]} AVA tries again by itself."
        if each.retry_after is None:
            text = each.next_step
        yield Attention(
            1, "bad", _UNREACHABLE.format(name), text, "See what failed", "activity-page",
            retry_after=each.retry_after,
        )  # fmt: skip
    elif each.breaker_state != "closed":
        text = "It was failing. The next request shows whether it works again."
        title, about = f"{name} is being tried again", _UNREACHABLE.format(name)
        yield Attention(2, "waiting", title, text, about=about)
    elif refused:
        mine = each.source == "user"
        title = f"{name} refused your key" if mine else f"{name} refused your operator's key"
        action = "Replace key" if mine else "Enter your own key"
        yield Attention(
            1, "bad", title, _WITHOUT[each.provider], action, "keys", args=(each.provider,)
        )
    if each.allowance and not each.allowance.left:
        title = f"The day's allowance at {name} is used up"
        args = (each.provider,)
        yield Attention(2, "waiting", title, each.next_step, "Add your own key", "keys", args=args)


def _key_of(provider: str) -> str:
    """Where the key is; the sandbox's own, while it plays the providers."""
    return (_PLAYED if settings.SANDBOX else _KEYS)[provider]


def _steps(found: dict[str, Integration], facts: Facts) -> list[Step]:
    own_vapi = found["vapi"].source == "user"
    return [
        Step(
            1,
            "Connect Vapi",
            "It is the voice: your assistants live there. " + _key_of("vapi"),
            found["vapi"].configured,
            "Enter key",
            "keys",
            ("vapi",),
        ),
        Step(
            2,
            "Choose your assistant",
            "The one that answers where you name none.",
            HAS_ASSISTANT in facts.true or (not own_vapi and found["vapi"].configured),
            "Choose assistant",
            "keys",
            ("vapi",),
        ),
        Step(
            3,
            "Connect Twilio",
            "It is the line: calls and messages go out by your numbers. " + _key_of("twilio"),
            found["twilio"].configured,
            "Enter key",
            "keys",
            ("twilio",),
        ),
    ]
