"""Pages of the settings of an assistant: list with editors, review, conflict, history, revert."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from ava.cache import Copy
from ava.console import curl
from ava.console.views import is_fragment, page, redirect, render, toast, user_of
from ava.http import correlation
from ava.http.problems import Problem, ValidationFailed
from integrations.credentials.errors import CredentialsMissing, CredentialsUnreadable
from vapi_settings import catalogue, diff, editors, queries, services
from vapi_settings.catalogue import Definition, ValueRefused
from vapi_settings.drafts import Clash, Draft
from vapi_settings.errors import (
    AssistantAmbiguous,
    RevisionNotFound,
    SettingChanged,
    WriteUnconfirmed,
)
from vapi_settings.histories import LONGEST_NUMBER, can_be_put_back, collect_history
from vapi_settings.models import Revision
from vapi_settings.reads import Seen
from vapi_settings.room import address, collect

SAME: Final = "That is the value it has already."


@page("GET", "POST")
def index(request: HttpRequest) -> HttpResponse:
    """The settings of one assistant; by POST, a custom one is begun."""
    if request.method != "POST":
        return _room(request)
    key = request.POST.get("key", "").strip()
    if catalogue.definition(key) is None:
        return _room(request, added=key, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _edit(request, key)


@page("GET", "POST")
def setting(request: HttpRequest, key: str) -> HttpResponse:
    """History of one setting, and its editor; by POST, the next step of an edit."""
    if request.method == "POST":
        return _edit(request, key)
    if is_fragment(request) and request.headers.get("HX-Target") == f"setting-{key}":
        return _room(request, key)
    return _history(request, key)


@page("POST")
def revert(request: HttpRequest, key: str) -> HttpResponse:
    """Put a setting back to what it held after a revision; a toast's Undo names it in its
    address."""
    fields = {**request.GET.dict(), **request.POST.dict()}
    number, user = fields.get("revision", ""), user_of(request)
    if not (number.isdecimal() and len(number) <= LONGEST_NUMBER):
        raise RevisionNotFound("There is no such revision.")
    wanted, assistant_id = queries.definition(key), fields.get("assistant_id") or None
    copy = queries.assistant(user=user, assistant_id=assistant_id)
    try:
        services.revert_setting(
            user=user,
            key=key,
            revision=int(number),
            assistant_id=copy.value.assistant.id,
            if_match=fields.get("if_match") or None,
        )
    except SettingChanged as changed:
        draft = Draft(key, "", clash=_clash(wanted, changed, revision=int(number)))
        return _room(request, key, draft=draft, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except WriteUnconfirmed as problem:
        toast(request, problem.detail, kind="waiting")
    else:
        _say(request, copy, wanted)
    return redirect(request, _place(copy, key))


def _room(
    request: HttpRequest, key: str = "", *, draft: Draft | None = None,
    added: str | None = None, saved: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The room, or the part of it that htmx asked for.

    Args:
        draft: what is being edited.
        added: a key that is none.
        saved: the key of the setting that was saved just now.
    """
    fields = (
        request.GET if request.method == "GET" else {**request.GET.dict(), **request.POST.dict()}
    )
    found = collect(
        user=user_of(request),
        assistant_id=fields.get("assistant_id") or None,
        search=fields.get("search", ""),
        draft=draft,
        saved=saved,
    )
    fragments = {"settings": "vapi/_settings.html"}
    row = found.row(key) if key else None
    if row is not None:
        fragments[f"setting-{key}"] = "vapi/_row.html"
    elif key and is_fragment(request):
        raise found.problem or queries.unknown(key)
    return render(
        request,
        "vapi/index.html",
        found,
        fragments=fragments,
        status=status,
        row=row,
        added=added,
        correlation_id=correlation.current(),
        curl=curl.command(request, "GET", _api(found.assistant_id)),
    )


def _api(assistant_id: str, key: str = "") -> str:
    query = f"?assistant_id={assistant_id}" if assistant_id else ""
    return f"/api/v1/vapi/settings{key}{query}"


def _edit(request: HttpRequest, key: str) -> HttpResponse:
    """The next step of an edit: review what was typed, save it, or type on."""
    wanted, posted = queries.definition(key), request.POST
    copy = queries.assistant(user=user_of(request), assistant_id=posted.get("assistant_id") or None)
    current = copy.value.show(wanted)
    draft = Draft(key, posted.get("value", ""), posted.get("if_match", "") or current.etag)
    try:
        value = editors.read(wanted, draft.text, copy.value.assistant.document)
        if posted.get("step") == "edit":
            return _room(request, key, draft=draft)
        if posted.get("step") == "save":
            return _save(request, copy, wanted, value, draft)
        if draft.etag != current.etag:
            raise SettingChanged(key, current.value, current.etag, value)
        if current.is_set and diff.same(current.value, value):
            raise ValueRefused(SAME)
    except ValueRefused as refused:
        draft = replace(draft, error=str(refused))
    except SettingChanged as changed:
        draft = replace(draft, clash=_clash(wanted, changed))
    except ValidationFailed as refused:
        sentences = [each for found in (refused.errors or {}).values() for each in found]
        draft = replace(draft, error=" ".join(sentences))
    else:
        address_of_it = _api(copy.value.assistant.id, f"/{key}")
        command = curl.command(request, "PUT", address_of_it, {"value": value})
        draft = replace(draft, after=editors.words(wanted, value), curl=command)
        return _room(request, key, draft=draft)
    return _room(request, key, draft=draft, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _save(
    request: HttpRequest, copy: Copy[Seen], wanted: Definition, value: Any, draft: Draft
) -> HttpResponse:
    """Raises: SettingChanged, ValidationFailed."""
    try:
        services.change_setting(
            user=user_of(request),
            key=wanted.key,
            value=value,
            source=Revision.Source.CONSOLE,
            assistant_id=copy.value.assistant.id,
            if_match=draft.etag,
        )
    except (SettingChanged, ValidationFailed):
        raise
    except WriteUnconfirmed:
        text = "Vapi has not answered yet. AVA is checking what it kept."
        toast(request, text, kind="waiting")
    except Problem as problem:
        if is_fragment(request):
            raise
        after = editors.words(wanted, value)
        draft = replace(draft, after=after, problem=problem)
        return _room(request, wanted.key, draft=draft, status=problem.status)
    else:
        _say(request, copy, wanted)
    if is_fragment(request):
        return _room(request, wanted.key, saved=wanted.key)
    return redirect(request, _place(copy, wanted.key))


def _say(request: HttpRequest, copy: Copy[Seen], wanted: Definition) -> None:
    """Toast of a change, with Undo where it can be undone."""
    user, assistant_id = user_of(request), copy.value.assistant.id
    now = queries.assistant(user=user, assistant_id=assistant_id).value.show(wanted)
    newest = list(queries.shown(user, assistant_id, wanted.key)[:2])
    undo = ""
    if len(newest) == 2:
        ours, older = newest
        if ours.correlation_id == correlation.current() and can_be_put_back(wanted, older):
            query = {"revision": older.number, "if_match": now.etag}
            undo = address("vapi-revert", wanted.key, assistant_id=assistant_id, **query)
    value = now.value if now.is_set else diff.ABSENT
    toast(request, editors.sentence(wanted, value), undo=undo)


def _clash(wanted: Definition, changed: SettingChanged, revision: int | None = None) -> Clash:
    mine = editors.words(wanted, changed.extra["requested"])
    current = changed.extra["current"]
    return Clash(editors.words(wanted, current["value"]), mine, current["etag"], revision)


def _place(copy: Copy[Seen], key: str) -> str:
    """Where the setting stands on the page."""
    return f"{address('vapi', assistant_id=copy.value.assistant.id)}#setting-{key}"


def _history(request: HttpRequest, key: str) -> HttpResponse:
    queries.definition(key)
    try:
        found = collect_history(
            user=user_of(request),
            key=key,
            assistant_id=request.GET.get("assistant_id") or None,
            before=request.GET.get("before", ""),
        )
    except (CredentialsMissing, CredentialsUnreadable, AssistantAmbiguous):
        # The room says what to do.
        return redirect(request, "vapi")
    fragments = {"drawer-body": "vapi/_history.html"}
    command = curl.command(request, "GET", _api(found.assistant_id, f"/{key}/history"))
    return render(request, "vapi/history.html", found, fragments=fragments, curl=command)
