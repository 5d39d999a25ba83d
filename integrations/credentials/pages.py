"""Pages of one provider's keys: shown masked, replaced, verified, deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ava.console import curl
from ava.console.states import Tone
from ava.console.typed import TypedName
from ava.console.views import page, redirect, render, toast, user_of
from ava.http import correlation
from ava.http.problems import WHOLE, Problem, ValidationFailed
from ava.http.responses import with_code
from ava.upstream import ProviderAuthFailed
from integrations.credentials import services
from integrations.credentials.providers import Field, Kind, Provider

REMOVE: Final = "remove_"
"""Before the name of an optional secret: the checkbox that takes it away."""

_ADVANCED: Final = "webhook_"
_WORDS: Final = {"api": "API", "sid": "SID", "id": "ID", "from": "sender", "email": "e-mail"}
_LABELS: Final = {
    "from_email": "Sender's address",
    "default_from": "Default sender",
    "default_assistant_id": "Default assistant",
}
_STOPS: Final = {
    "vapi": (
        "Assistants place no calls with your key, and their settings cannot be read or changed.",
        "Vapi's webhooks are refused: AVA hears nothing of calls any more, and assistants' tools "
        "that ask AVA fail.",
        "The choice of your default assistant is forgotten.",
    ),
    "twilio": (
        "Calls and messages are no longer placed on your account.",
        "Twilio's webhooks are refused: incoming calls and messages reach AVA no more, and AVA "
        "does not hear how those under way end.",
    ),
    "resend": (
        "Mails no longer go out through your Resend account.",
        "Resend's webhooks are refused: AVA does not hear whether mails arrived.",
    ),
    "smtp": ("Mails no longer go out through your mail server.",),
}


@dataclass(frozen=True)
class Entry:
    """A field with what is stored in it."""

    field: Field
    value: str
    masked: str = ""
    error: str = ""
    choices: Sequence[tuple[str, str]] = ()  # to choose from; none: it is typed

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def label(self) -> str:
        words = self.name.split("_")
        label = _LABELS.get(self.name) or " ".join(_WORDS.get(word, word) for word in words)
        return label[:1].upper() + label[1:]

    @property
    def is_advanced(self) -> bool:
        return self.name.startswith(_ADVANCED) and not self.field.secret

    @property
    def remove(self) -> str:
        """The name of its checkbox, where there is something to take away."""
        return f"{REMOVE}{self.name}" if self.masked and not self.field.required else ""


@dataclass(frozen=True)
class Verdict:
    """Verdict of the provider on the keys."""

    tone: Tone
    title: str
    text: str
    id: str = ""


@dataclass(frozen=True)
class KeysPage:
    title: str
    spec: Provider
    shown: services.Description
    webhooks: Sequence[tuple[str, str]]  # what for, where more than one; the address
    entries: Sequence[Entry]
    stops: Sequence[str]
    curl: str
    faults: Sequence[str] = ()
    verdict: Verdict | None = None

    @property
    def is_mine(self) -> bool:
        return self.shown.source == "user"

    @property
    def plain(self) -> Sequence[Entry]:
        return [one for one in self.entries if not one.is_advanced]

    @property
    def advanced(self) -> Sequence[Entry]:
        return [one for one in self.entries if one.is_advanced]

    @property
    def is_advanced_open(self) -> bool:
        return any(one.error or one.value for one in self.advanced)


@page("GET", "POST")
def keys(request: HttpRequest, provider: str) -> HttpResponse:
    """The keys, and their replacement. A secret that is left empty stays."""
    if request.method != "POST":
        return _page(request, provider)
    before = services.describe(user=user_of(request), provider=provider)
    values = _values(request, before)
    try:
        services.save(user=user_of(request), provider=provider, values=values)
    except ValidationFailed as problem:
        return _page(request, provider, shown=before, values=values, problem=problem)
    toast(request, f"{services.typed_in(provider).name}'s keys are stored. Verify them now.")
    return redirect(request, "keys", provider)


@page("POST")
def verify(request: HttpRequest, provider: str) -> HttpResponse:
    """Ask the provider whether it takes the keys, and say its answer on the page."""
    name = services.typed_in(provider).name
    try:
        text = services.verify(user=user_of(request), provider=provider)
    except Problem as problem:
        verdict = Verdict("bad", _refusal(name, problem), problem.detail, correlation.current())
        return _page(request, provider, verdict=verdict)
    return _page(request, provider, verdict=Verdict("good", f"{name} answered", text))


def _refusal(name: str, problem: Problem) -> str:
    if isinstance(problem, ProviderAuthFailed):
        return f"{name} refused these keys"
    return f"{name} could not be asked" if problem.is_providers else f"{name} does not take it"


@page("GET", "POST")
def delete(request: HttpRequest, provider: str) -> HttpResponse:
    """A page that says what will stop; the deletion, once the provider's name is typed."""
    spec = services.typed_in(provider)
    sure = TypedName.of(request, spec.name)
    if sure.fits:
        services.delete(user=user_of(request), provider=provider)
        toast(request, f"Your {spec.name} keys are deleted.")
        return redirect(request, "settings")
    shown = services.describe(user=user_of(request), provider=provider)
    if shown.source != "user":
        return redirect(request, "keys", provider)
    found = _keys(request, spec, shown)
    path = f"{reverse('integrations')}/{spec.slug}/credentials"
    command = curl.command(request, "DELETE", path)
    return render(
        request, "settings/delete.html", found, status=sure.status, sure=sure, curl=command
    )


def _page(
    request: HttpRequest,
    provider: str,
    *,
    shown: services.Description | None = None,
    values: Mapping[str, Any] | None = None,
    problem: ValidationFailed | None = None,
    verdict: Verdict | None = None,
) -> HttpResponse:
    spec = services.typed_in(provider)
    shown = shown or services.describe(user=user_of(request), provider=provider)
    found = _keys(request, spec, shown, values, problem, verdict)
    fragments = {"verdict": "settings/_verdict.html", "key-form": "settings/_keys.html"}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    response = render(request, "settings/keys.html", found, fragments=fragments, status=int(status))
    return with_code(response, problem) if problem else response


def _keys(
    request: HttpRequest,
    spec: Provider,
    shown: services.Description,
    values: Mapping[str, Any] | None = None,
    problem: ValidationFailed | None = None,
    verdict: Verdict | None = None,
) -> KeysPage:
    errors = (problem.errors if problem else None) or {}
    offered = services.clients[spec.slug].choices(user_of(request)) if shown.configured else {}
    return KeysPage(
        title=spec.name,
        spec=spec,
        shown=shown,
        webhooks=_webhooks(spec, _absolute(request, shown.webhook_url)),
        entries=[
            _entry(each, shown.fields, values, errors.get(each.name, ()), offered)
            for each in spec.fields
        ],
        stops=_STOPS[spec.slug],
        curl=curl.command(request, "GET", f"{reverse('integrations')}/{spec.slug}/credentials"),
        faults=errors.get(WHOLE, ()),
        verdict=verdict,
    )


def _entry(
    field: Field,
    stored: Mapping[str, Any],
    typed: Mapping[str, Any] | None,
    errors: Sequence[str],
    offered: Mapping[str, Sequence[tuple[str, str]]],
) -> Entry:
    held = stored.get(field.name)
    choices = [(each, each) for each in field.choices] or [*offered.get(field.name, ())]
    if choices and held and held not in dict(choices):
        choices.append((str(held), str(held)))
    if choices and not field.required:
        choices.insert(0, ("", "Not set"))
    value = held if typed is None else typed.get(field.name)
    return Entry(
        field,
        # A secret is typed once more, or stays.
        value="" if field.secret or value is None else str(value),
        masked=str(held) if field.secret and held else "",
        error=" ".join(errors),
        choices=choices,
    )


def _values(request: HttpRequest, before: services.Description) -> dict[str, Any]:
    """Values that the API would be sent: a secret that is left empty as the mask it is shown
    with."""
    values: dict[str, Any] = {}
    for field in services.typed_in(before.provider).fields:
        text: Any = request.POST.get(field.name, "")
        if field.secret and not text and f"{REMOVE}{field.name}" not in request.POST:
            text = before.fields.get(field.name) or ""
        if field.kind is Kind.PORT and text.strip().isdecimal():
            text = int(text)
        values[field.name] = text
    return values


def _webhooks(spec: Provider, url: str) -> list[tuple[str, str]]:
    """Addresses to give to the provider. Twilio's console has a field for each kind."""
    if spec.slug != "twilio" or not url:
        return [("", url)] if url else []
    calls = spec.webhooks.replace("/message", "/voice")
    return [("A message comes in", url), ("A call comes in", url.replace(spec.webhooks, calls))]


def _absolute(request: HttpRequest, url: str | None) -> str:
    """The address with its host: where AVA has no public one, the host that the browser uses."""
    if not url or not url.startswith("/"):
        return url or ""
    return request.build_absolute_uri(url)
