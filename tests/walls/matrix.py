"""Every address of the URL configuration, with Ada's IDs in it, and what each role finds there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Q
from django.test import Client
from django.urls import get_resolver

from ava.accounts import services
from sandbox.twilio import AUTH_TOKEN
from tests.walls import holdings, rows
from tests.walls.rooms import ROOMS, STRANGERS
from tests.walls.routes import HOOKS, every
from tests.walls.tenants import PRIVATE
from tests.walls.world import PEOPLE, TRACE

STAFF = ("staff", "staff who may view calls")
OTHERS = ("other tenant", *STAFF, "admin")
OWNERS = ("owner's read token", "owner")
ROLES = ("anonymous", *OTHERS, *OWNERS)
"""The owner comes last: what they may do changes what there is to see."""

API = "api/v1/"
NAMED = {
    "call_id": "running",
    "message_id": "sent",
    "batch_id": "batch",
    "mail_id": "mail",
    "token_id": "api_token",
}
"""Parameters that name something of one user's, and which of Ada's things they name here."""
OPEN = {
    "provider": "google",
    "key": "temperature",
    "name": "alarm",
    "address": f"{PRIVATE}@example.com",
    "event_id": "planted",
    "number": PEOPLE["running"],
    "correlation_id": TRACE,
    "app_label": "telephony",
    "url": "nothing",
}
"""All other parameters. A route with one that is in neither fails the test."""
LOGINS = {"POST api/v1/auth/login", "POST api/v1/auth/refresh"}
SECRETS = (AUTH_TOKEN, "vapi-demo-key", rows.SECRET)


@dataclass(frozen=True)
class Address:
    """One route with one method.

    Args:
        route: as the URL configuration has it.
        path: with Ada's IDs.
    """

    method: str
    route: str
    path: str

    @property
    def is_named(self) -> bool:
        return any(f":{name}>" in self.route for name in NAMED)

    @property
    def area(self) -> str:
        if self.route.startswith(HOOKS):
            return "webhook"
        return next((area for area in (API, "admin/") if self.route.startswith(area)), "page")


def addresses(ids: Mapping[str, str], user: User) -> list[Address]:
    """Reads first; what ends a login last."""
    found = [
        Address(method, route, _filled(route, ids, user))
        for route, entry in every(get_resolver())
        for method in _methods(entry)
    ]
    return sorted(found, key=lambda one: ("logout" in one.route, one.method != "GET"))


def _methods(entry: Any) -> Iterator[str]:
    actions = getattr(entry.callback, "actions", None) or ("get", "post")
    return (method.upper() for method in actions if method != "head")


def _filled(route: str, ids: Mapping[str, str], user: User) -> str:
    """The address, of an admin's page with a row of Ada's."""
    pattern = re.compile(r"\^?(?:\(\?P)?<(?:\w+:)?(\w+)>(?:[^/]*\))?")
    values = {**OPEN, **{name: ids[thing] for name, thing in NAMED.items()}}
    values["assistant_id"] = ids["assistant"]
    if model := re.match(r"admin/(\w+)/(\w+)/.*<(?:path:object_)?id>", route):
        values["object_id"] = values["id"] = _row(model[1], model[2], user)
    return "/" + pattern.sub(lambda found: values[found[1]], route).removesuffix("$")


def _row(app: str, name: str, user: User) -> str:
    model = apps.get_model(app, name)
    mine = holdings.OWNED.get(model._meta.label)
    found = model._base_manager.filter(mine(user) if mine else Q()).first()
    return str((found or rows.row(model, user)).pk)


def browsers(world: Any, user: User, stranger: User, operator: User) -> dict[str, Client]:
    """One for each role: logged in to pages, with a token for the API."""
    found = {
        "anonymous": Client(),
        "other tenant": _logged_in(stranger),
        "staff": rows.staff(),
        "staff who may view calls": rows.staff("telephony.view_call"),
        "admin": _logged_in(operator),
        "owner": _logged_in(user),
    }
    for name in STAFF:
        _give_token(found[name], User.objects.get(pk=found[name].session["_auth_user_id"]))
    made = world.ada.call("POST", "/auth/tokens", {"name": "n8n", "scope": "read"}).json()
    found[OWNERS[0]] = Client(headers={"Authorization": f"Bearer {made['token']}"})
    return found


def _logged_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    _give_token(browser, user)
    return browser


def _give_token(browser: Client, user: User) -> None:
    token = services.open_session(user=user).access_token
    browser.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"


def ask(browser: Client, one: Address) -> Any:
    """Without a form or body."""
    browser.raise_request_exception = False
    kind = "application/json" if one.area == API else "application/x-www-form-urlencoded"
    body = "{}" if one.area == API else ""
    return browser.generic(one.method, one.path, body, kind)


def wrong(role: str, one: Address, answer: Any) -> Iterator[str]:
    """What is not as it should be, a few words each."""
    shown = answer.content.decode(errors="replace") + str(answer.headers)
    code = answer.status_code
    if code == 500:
        yield "breaks"
    if any(secret in shown for secret in SECRETS):
        yield "shows a secret"
    if PRIVATE in shown.replace(one.path, "") and not _may_see(role, one):
        yield "shows what is Ada's"
    if not _is_right(role, one, answer):
        yield f"is answered {code}"


def _may_see(role: str, one: Address) -> bool:
    if one.area == "admin/":
        return role == "admin" or (role == STAFF[1] and "/telephony/call/" in one.path)
    return role == "owner" or (role == OWNERS[0] and one.area == API)


def _is_right(role: str, one: Address, answer: Any) -> bool:
    code = answer.status_code
    if one.area == "webhook":  # No login is a proof.
        return bool(code == 405 if one.method == "GET" else 400 <= code < 500)
    check = {API: _is_right_of_api, "admin/": _is_right_of_admin}.get(one.area, _is_right_of_page)
    return check(role, one, code, answer.get("Location", ""))


def _is_right_of_api(role: str, one: Address, code: int, location: str) -> bool:
    if f"{one.method} {one.route}" in LOGINS:
        return code == 400
    if role == "anonymous":
        return code == 401
    if role == OWNERS[0] and one.method != "GET":
        return code == 403
    return code < 500 and _is_walled(role, one, code)


def _is_right_of_page(role: str, one: Address, code: int, location: str) -> bool:
    if role in ("anonymous", OWNERS[0]):
        is_open = one.route in STRANGERS or one.route not in ROOMS
        return is_open or code == 405 or location.startswith("/login?next=")
    return code < 500 and _is_walled(role, one, code)


def _is_walled(role: str, one: Address, code: int) -> bool:
    """Whether a resource with an owner is there for its owner, and for no other user."""
    if not one.is_named or code == 405:
        return True
    return code == 404 if role in OTHERS else one.method != "GET" or code == 200


def _is_right_of_admin(role: str, one: Address, code: int, location: str) -> bool:
    model = re.match(r"/admin/(?!password_change/)(\w+/\w+)/", one.path)
    if role not in (*STAFF, "admin"):
        return "admin/login/" in location or "/login/" in one.path or "/logout/" in one.path
    if not model or role == "admin":
        return code < 500
    if role == STAFF[1] and model[1] == "telephony/call":
        refused = one.path.endswith(("/add/", "/delete/"))
        return code == 403 if refused else code in (200, 302, 403)
    # Django's older address of a row sends everybody on to the page, which refuses.
    return code == 302 if one.route.endswith("<path:object_id>/") else code == 403
