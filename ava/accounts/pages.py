"""Pages of the console: login, logout, change of one's password."""

from http import HTTPStatus

from django.contrib.auth import login as open_session
from django.contrib.auth import logout as end_session
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse

from ava import ratelimit
from ava.accounts.devices import remember_device
from ava.accounts.forms import LoginForm, OwnPasswordForm
from ava.console.views import back, page, redirect, render, toast, user_of
from ava.http import clients
from ava.http.problems import RateLimited
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
