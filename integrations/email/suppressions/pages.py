"""Page of suppressions: searched, added to, taken from, each with a way back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.text import capfirst

from ava.console.lists import Listed, listed
from ava.console.templatetags.console import ago
from ava.console.views import is_fragment, page, redirect, render, toast, user_of
from ava.http.problems import NotFound
from integrations.email.suppressions import services
from integrations.email.suppressions.models import Suppression
from integrations.email.suppressions.serializers import (
    NewSuppressionSerializer,
    SuppressionFiltersSerializer,
)

_SALT: Final = "integrations.email.suppressions.undo"
_UNDONE: Final = timedelta(hours=1)  # a removal can be taken back for so long


@page("GET", "POST")
def index(request: HttpRequest) -> HttpResponse:
    """The list; by POST an address is put on it."""
    if request.method != "POST":
        return _list(request)
    wanted = NewSuppressionSerializer(data={"address": request.POST.get("address", "")})
    if not wanted.is_valid():
        fault = " ".join(map(str, wanted.errors["address"]))
        return _list(request, status=422, fault=fault, typed=request.POST.get("address", ""))
    row, is_new = services.add(user=user_of(request), address=wanted.validated_data["address"])
    if is_new:
        undo = f"{reverse('mail-suppression-remove')}?{urlencode({'address': row.address})}"
        toast(request, f"{row.address} gets no more mail.", undo=undo)
    else:
        toast(request, f"{row.address} is on the list already.", kind="waiting")
    return _after(request)


@page("POST")
def remove(request: HttpRequest) -> HttpResponse:
    """Take an address off the list. The toast can put it back as it was."""
    user = user_of(request)
    address = request.POST.get("address", request.GET.get("address", ""))
    row = services.remove(user=user, address=address)
    was = [user.pk, row.address, row.reason, row.detail, row.at.isoformat()]
    query = urlencode({"row": signing.dumps(was, salt=_SALT)})
    undo = f"{reverse('mail-suppression-restore')}?{query}"
    more = " Take it off Resend's own list, too." if row.reason != Suppression.Reason.USER else ""
    toast(request, f"{row.address} gets mail again.{more}", undo=undo)
    return _after(request)


@page("POST")
def restore(request: HttpRequest) -> HttpResponse:
    """Put back what was removed, with its reason and its time."""
    user = user_of(request)
    try:
        row = signing.loads(request.GET.get("row", ""), salt=_SALT, max_age=_UNDONE)
    except signing.BadSignature:
        raise NotFound("This can no longer be taken back.") from None
    owner, address, reason, detail, at = row
    if owner != user.pk:
        raise NotFound("This can no longer be taken back.")
    services.record(
        user_id=owner,
        addresses=[address],
        reason=reason,
        detail=detail,
        at=datetime.fromisoformat(at),
    )
    toast(request, f"{address} is on the list again.")
    return redirect(request, "mail-suppressions")


@dataclass(frozen=True)
class Row:
    """An address in the list."""

    address: str
    reason: str
    detail: str
    since: str


def _row(one: Suppression) -> Row:
    return Row(one.address, capfirst(one.get_reason_display()), one.detail, ago(one.at))


def _after(request: HttpRequest) -> HttpResponse:
    return _list(request) if is_fragment(request) else redirect(request, "mail-suppressions")


def _list(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    found: Listed = listed(
        request,
        title="Suppressions",
        noun="address",
        room="mail-suppressions",
        api="email-suppressions",
        known=SuppressionFiltersSerializer,
        find=lambda filters: services.suppressions(user=user_of(request), filters=filters),
        is_live=False,
    )
    found = found.as_rows(_row)
    fragments = {"suppressions": "mail/_suppressions.html", "rows": "mail/_suppressed.html"}
    if found.faults and not is_fragment(request):
        status = 400
    response = render(
        request, "mail/suppressions.html", found, fragments=fragments, status=status, **more
    )
    if request.headers.get("HX-Target") == "rows":
        response.headers["HX-Push-Url"] = found.clean
    return response
