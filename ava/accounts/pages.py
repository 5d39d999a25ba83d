"""Pages of the console: login, logout, change of one's password, personal API tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from django.contrib.auth import login as open_session
from django.contrib.auth import logout as end_session
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from ava import ratelimit
from ava.accounts import api_tokens as tokens
from ava.accounts.devices import remember_device
from ava.accounts.forms import ApiTokenForm, LoginForm, OwnPasswordForm
from ava.accounts.models import ApiToken
from ava.console import curl
from ava.console.typed import LastQuestion, TypedName
from ava.console.views import back, page, redirect, render, toast, user_of
from ava.http import clients
from ava.http.problems import Problem, RateLimited
from ava.http.responses import with_code

LOGIN_GROUP = "login"


@page("GET", "POST", public=True)
def login(request: HttpRequest) -> HttpResponse:
    """The login form. A wait after wrong passwords, or after many forms, is said on it."""
    if request.method == "GET" and request.user.is_authenticated:
        return redirect(request, back(request, otherwise="home"))
    form = LoginForm(request, request.POST or None)
    if request.method != "POST":
        return _login_page(request, form)
    try:
        verdict = ratelimit.check(request, LOGIN_GROUP)
        if verdict.problem is not None:
            raise verdict.problem
        if not form.is_valid():
            return _login_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except RateLimited as problem:
        fresh = LoginForm(request, initial={"username": request.POST.get("username", "")[:150]})
        return _login_page(request, fresh, status=problem.status, slowed=problem)
    open_session(request, form.get_user())
    response = redirect(request, back(request, otherwise="home"))
    remember_device(response, account=form.get_user().get_username())
    return response


def _login_page(
    request: HttpRequest, form: LoginForm, *, status: int = 200, slowed: RateLimited | None = None
) -> HttpResponse:
    destination = back(request, otherwise="home")
    response = render(
        request, "accounts/login.html", form=form, next=destination, slowed=slowed, status=status
    )
    if slowed is None:
        return response
    for name, value in slowed.headers.items():
        response[name] = value
    return with_code(response, slowed)


@page("POST", public=True)
def logout(request: HttpRequest) -> HttpResponse:
    end_session(request)
    toast(request, "You are logged out.")
    return redirect(request, "login")


@page("GET", "POST")
def password(request: HttpRequest) -> HttpResponse:
    """Change of one's password, which ends all other logins."""
    user, network = user_of(request), clients.network(request)
    form = OwnPasswordForm(user, request.POST or None, network=network)
    slowed = None
    try:
        if request.method == "POST" and form.is_valid():
            form.save()
            update_session_auth_hash(request, user)
            toast(request, "Your password is changed. All other logins have ended.")
            return redirect(request, "password")
    except RateLimited as problem:
        slowed, form = problem, OwnPasswordForm(user)
    status = slowed.status if slowed else 422 if form.is_bound else 200
    response = render(request, "accounts/password.html", form=form, slowed=slowed, status=status)
    return with_code(response, slowed) if slowed else response


@dataclass(frozen=True)
class TokensPage:
    title: str
    tokens: Sequence[ApiToken]
    api: str  # where all its addresses begin
    curl: str
    made: str = ""  # the token itself, this once


@page("GET", "POST")
def api_tokens(request: HttpRequest) -> HttpResponse:
    """The tokens, and a form for a new one, which only the answer to that form shows."""
    user, network = user_of(request), clients.network(request)
    form = ApiTokenForm(
        user, request.POST or None, network=network, initial={"scope": "read", "days": "90"}
    )
    made, refusal = "", None
    try:
        if request.method == "POST" and form.is_valid():
            now = timezone.now()
            _, made = tokens.create(
                user=user, proven_at=now, network=network, now=now, **form.wanted(now)
            )
            form = ApiTokenForm(user, initial={"scope": "read", "days": "90"})
    except Problem as problem:
        refusal = problem
        form = ApiTokenForm(user, initial=request.POST.dict())
    shown = TokensPage(
        "API tokens",
        tokens=list(tokens.tokens_of(user)),
        api=request.build_absolute_uri("/api/v1/"),
        curl=curl.command(request, "GET", reverse("auth-me")),
        made=made,
    )
    status = refusal.status if refusal else 422 if form.is_bound else 200
    response = render(
        request, "accounts/tokens.html", shown, form=form, refusal=refusal, status=status
    )
    return with_code(response, refusal) if refusal else response


@page("GET", "POST")
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """What stops with the token; by POST, with its name, it does."""
    name = tokens.token_of(user_of(request), token_id).name
    sure = TypedName.of(request, name)
    if not sure.fits:
        question = LastQuestion(
            f"Revoke {name}",
            "Whatever asks AVA with this token is refused from then on, until it has another one.",
            verb="Revoke token",
            back="api-tokens",
            room="API tokens",
            sure=sure,
            curl=curl.command(request, "DELETE", reverse("auth-token", args=[token_id])),
        )
        return question.ask(request)
    tokens.revoke_one(user=user_of(request), token_id=token_id)
    toast(request, "The token is revoked: it is refused from now on.")
    return redirect(request, "api-tokens")
