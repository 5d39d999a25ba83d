"""Pages and fragments: who may see them, how they are rendered, how faults and toasts are shown."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Literal
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render as render_template
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from ava import ratelimit, tenant
from ava.console.toasts import Kind, Toast, taken
from ava.console.zones import of_browser
from ava.http import correlation
from ava.http.problems import MethodNotAllowed, Problem
from ava.http.responses import NEVER_KEPT, answer, with_code

GROUP = "console"
Method = Literal["GET", "POST"]
View = Callable[..., HttpResponse]

_HEADERS = {**NEVER_KEPT, "Referrer-Policy": "same-origin", "Vary": "Cookie, HX-Request, HX-Target"}


def page(*methods: Method, public: bool = False) -> Callable[[View], View]:
    """A view of the console: for users who are logged in, counted, under the tenant of its user,
    on the clocks of the browser.

    A `Problem` raised in it becomes an error page, and a toast where htmx asked.

    Args:
        methods: that it takes; GET alone when none is named.
        public: strangers see it, too.
    """
    taken_methods = methods or ("GET",)

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                _count(request)
                if _method(request) not in taken_methods:
                    raise MethodNotAllowed(headers={"Allow": ", ".join(taken_methods)})
                if not public and not request.user.is_authenticated:
                    response = to_login(request)
                else:
                    here = timezone.override(of_browser(request))
                    with tenant.bind(tenant.key(request.user.pk)), here:
                        response = view(request, *args, **kwargs)
            except Problem as problem:
                response = refused(request, problem)
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        answered.is_public = public  # type: ignore[attr-defined]  # read by tests/walls
        answered.methods = taken_methods  # type: ignore[attr-defined]  # read by the laws of pages
        return answered

    return decorate


def _count(request: HttpRequest) -> None:
    """Against the user's limit, as an office shares an address; a stranger's against the address'.

    Raises: RateLimited.
    """
    client = f"user {request.user.pk}" if request.user.is_authenticated else None
    problem = ratelimit.check(request, GROUP, client=client).problem
    if problem is not None:
        raise problem


def _method(request: HttpRequest) -> str:
    return "GET" if request.method == "HEAD" else str(request.method)


def user_of(request: HttpRequest) -> User:
    """The logged-in user. Only in views that are not public."""
    assert isinstance(request.user, User)  # noqa: S101 - narrows the type
    return request.user


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asked, for a part of a page."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in headers


def render(
    request: HttpRequest,
    template: str,
    page: Any = None,
    *,
    fragments: Mapping[str, str] | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The page, or the fragment of it that htmx asked for.

    Args:
        page: its data, a frozen dataclass; `page` in the template.
        fragments: template by the ID of the element that htmx puts it into.
        status: 422 where a form is shown again for its errors: htmx shows it, too.
        more: further names in the template, such as a form.
    """
    target = request.headers.get("HX-Target", "")
    name = (fragments or {}).get(target) if is_fragment(request) else None
    context = {"page": page, **more}
    if name is None:
        return render_template(request, template, context, status=status)
    return with_toasts(request, render_template(request, name, context, status=status))


def redirect(request: HttpRequest, to: str, *args: Any) -> HttpResponse:
    """To another page after a POST; toasts go along. `to` is a URL name, with its arguments, or an
    address."""
    address = resolve_url(to, *args)
    if not is_fragment(request):
        return HttpResponseRedirect(address)
    return HttpResponse(status=204, headers={"HX-Redirect": address})


def back(request: HttpRequest, *, otherwise: str) -> str:
    """The page that a form names in `next`, if it is one of AVA's own; else that URL name's."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else reverse(otherwise)


def toast(request: HttpRequest, text: str, *, kind: Kind = "good", undo: str = "") -> None:
    """Show a sentence on the page that comes next, or beside the fragment that is answered.

    Args:
        undo: address that takes it back by POST, where it can be taken back.
    """
    Toast(text, kind, undo=undo).keep(request)


def with_toasts(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    items = [one.as_json() for one in taken(messages.get_messages(request))]
    if items:
        response["HX-Trigger"] = json.dumps({"toast": {"items": items}})
    return response


def refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A problem as a page; as a toast where htmx asked, which leaves its page as it is."""
    if not is_fragment(request):
        return answer(request, problem)
    shown = Toast(problem.detail, "bad", id=correlation.current())
    response = HttpResponse(status=problem.status, headers=problem.headers)
    response["HX-Trigger"] = json.dumps({"toast": {"items": [shown.as_json()]}})
    return with_code(response, problem)


def to_login(request: HttpRequest) -> HttpResponse:
    """A stranger goes to the login, and from there back to where they were."""
    fragment = is_fragment(request)
    here = request.headers.get("HX-Current-URL", "") if fragment else request.get_full_path()
    address = f"{reverse('login')}?{urlencode({'next': here})}"
    if fragment:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
