"""The REST API, the pages and the admin, tried by somebody who knows every ID of another tenant."""

import json
import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver, reverse

from tests.walls import routes
from tests.walls.aftermath import Watch, disturbed, seen
from tests.walls.doors import AREAS, DOORS, HEADERS, PAGES
from tests.walls.doors import area as area_of
from tests.walls.rooms import ROOMS, STRANGERS
from tests.walls.world import PEOPLE, World

pytestmark = pytest.mark.slow


def test_every_operation_of_the_api_is_tried() -> None:
    assert set(routes.operations(get_resolver())) == DOORS.keys()


def test_every_other_address_is_known_to_know_no_tenant() -> None:
    assert set(routes.pages(get_resolver())) == PAGES.keys() | ROOMS.keys()


def test_an_operation_shows_and_changes_nothing_of_another_tenants(
    world: World, user: User
) -> None:
    watch = Watch(user)
    ids = world.ids | {"user": str(user.pk)}
    for area in AREAS:
        # What she asked for before may have been refused, or have changed her keys.
        world.eve.store_keys()
        for operation in (one for one in DOORS if area_of(one) == area):
            wrong = try_out(world, operation, ids)
            assert [operation, *wrong, *watch.changes(), *disturbed(world)] == [operation]


def try_out(world: World, operation: str, ids: dict[str, str]) -> list[str]:
    """What Eve was shown of Ada's, and answers that are not as they should be."""
    method = operation.partition(" ")[0]
    wrong = []
    for one in DOORS[operation]:
        path, body = one.filled(ids)
        answer = world.eve.call(method, path, body, HEADERS)
        told = f"{answer.status_code} {answer.content.decode()[:300]}"
        said = json.dumps(body)
        wrong += [mark for mark in seen(answer) if mark.split()[1] not in said]
        if answer.status_code >= 500 or (one.names and answer.status_code != 404):
            wrong.append(f"{path}: {told}")
    return wrong


def test_an_idempotency_key_of_another_tenant_gives_no_answer_of_theirs(world: World) -> None:
    body = {"to": PEOPLE["sent"], "from": "+15005550006", "body": "planted-ada sent"}
    answers = [world.eve.call("POST", "/twilio/messages", body, HEADERS) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 401]
    mine = world.ada.call("POST", "/twilio/messages", body, HEADERS)
    assert (mine.status_code, mine.json()["id"]) == (201, world.ids["sent"])


def test_no_page_shows_anything_of_a_tenants(world: World, stranger: User) -> None:
    browser = Client()
    browser.force_login(stranger)
    assert seen(*(client.get(f"/{page}") for page in PAGES for client in (browser, Client()))) == []


def test_a_room_of_the_console_shows_and_changes_nothing_of_another_tenants(
    world: World, user: User, stranger: User
) -> None:
    browser = Client()
    watch = Watch(user)
    ids = world.ids | {"user": str(user.pk)}
    wrong = []
    for one in (one for tries in ROOMS.values() for one in tries):
        browser.force_login(stranger)
        path, form = one.filled(ids)
        fragment = {"HX-Request": "true", "HX-Target": "rows"}
        answers = [
            answer
            for headers in ({}, fragment)
            for answer in (
                browser.get(path, headers=headers),
                browser.post(path, form or {}, headers=headers),
            )
        ]
        wrong += seen(*answers)
        codes = {answer.status_code for answer in answers}
        if max(codes) >= 500 or (one.names and not codes <= {404, 405}):
            wrong.append(f"{path}: {codes}")
    assert [*wrong, *watch.changes(), *disturbed(world)] == []


def test_a_room_of_the_console_sends_strangers_to_the_login(db: None) -> None:
    for route in ROOMS.keys() - set(STRANGERS):
        for one in ROOMS[route]:
            path = re.sub(r"\{\w+\}", "00000000-0000-4000-8000-000000000000", one.path)
            answers = [client(path) for client in (Client().get, Client().post)]
            sent = [a for a in answers if a.get("Location", "").startswith("/login?next=%2F")]
            assert sent, path
            assert {a.status_code for a in answers if a not in sent} <= {405}, path


def test_the_admin_lets_no_tenant_in(world: World, user: User, stranger: User) -> None:
    browser = Client()
    browser.force_login(stranger)
    watch = Watch(user)
    keys = {"call": "running", "message": "sent", "batch": "batch", "credential": "vapi_account"}
    for model in admin.site._registry:
        label = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        key = world.ids.get(keys.get(str(model._meta.model_name), ""), str(user.pk))
        addresses = [reverse(f"{label}_changelist")]
        addresses += [reverse(f"{label}_{what}", args=[key]) for what in ("change", "delete")]
        for address in addresses:
            for answer in (browser.get(address), browser.post(address, {"post": "yes"})):
                assert answer.status_code == 302, address
                assert "/admin/login/" in answer["Location"]
                assert seen(answer) == []
    assert watch.changes() == []
