"""A user with a Vapi key, an assistant as the sandbox seeds it, and a short provider deadline."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava import upstream
from ava.jobs.services import run_due
from integrations.credentials import services as credentials
from integrations.credentials.models import Credential
from sandbox.server import Sandbox
from sandbox.vapi import seed
from tests.resets import reset
from vapi_settings import webhooks
from vapi_settings.calls.tests.calling import BARE, PLACED
from vapi_settings.tests.hooking import SECRET, post
from vapi_settings.tests.scripted import ScriptedVapi, scripted_vapi

KEY = "vapi-demo-key"
SETTINGS = "/api/v1/vapi/settings"
ASSISTANT = seed.ASSISTANT_ID
NO_CACHE = {"HTTP_CACHE_CONTROL": "no-cache"}


@dataclass
class Dashboard:
    """Vapi as seen from its other side: what is stored, what arrived."""

    sandbox: Sandbox

    def document(self, assistant_id: str = ASSISTANT) -> dict[str, Any]:
        return copy.deepcopy(self.sandbox.vapi.assistant(assistant_id))

    def change(self, assistant_id: str = ASSISTANT, **fields: Any) -> None:
        """Change the assistant in Vapi's dashboard."""
        self.sandbox.vapi.change_assistant(assistant_id, **fields)

    def plant(self, assistant_id: str = ASSISTANT, **fields: Any) -> None:
        """Let Vapi hold what its own validation would not take today."""
        self.sandbox.vapi._assistants.update(assistant_id, fields)

    def forget(self, *names: str, assistant_id: str = ASSISTANT) -> None:
        """Take top-level fields away."""
        for name in names:
            self.sandbox.vapi._assistants._resources[assistant_id].pop(name, None)

    def fail(self, kind: str = "status", match: str = "GET /assistant", **rest: Any) -> None:
        if kind == "hang":
            # Long enough for an answer on a busy machine, short enough to wait for none.
            door = upstream.door("vapi")
            door.policy = replace(door.policy, deadline=0.7)
        self.sandbox.faults.add("vapi", kind, match=match, **rest)

    def works_again(self) -> None:
        self.sandbox.faults.clear()
        reset("breakers")

    @property
    def asked(self) -> list[str]:
        """Methods and kinds of path that arrived, in order: "GET /assistant/*"."""
        return [
            f"{seen.method} {seen.path.removeprefix('/vapi').replace(ASSISTANT, '*')}"
            for seen in self.sandbox.requests("vapi")
        ]

    @property
    def patches(self) -> list[Any]:
        """The bodies of all changes that arrived."""
        return [seen.body for seen in self.sandbox.requests("vapi") if seen.method == "PATCH"]


@pytest.fixture
def quick_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second try to wait for."""
    door = upstream.door("vapi")
    monkeypatch.setattr(door, "policy", replace(door.policy, attempts=1))


@pytest.fixture
def vapi(sandbox: Sandbox, settings: Any, quick_door: None) -> Dashboard:
    settings.RATE_LIMIT_PER_MINUTE = 100_000
    return Dashboard(sandbox)


def store_key(user: User, **fields: Any) -> Credential:
    return credentials.save(
        user=user,
        provider="vapi",
        values={"api_key": KEY, **fields},
        actor=user,
        source="api",
    )


@pytest.fixture
def ada(api: APIClient, user: User, vapi: Dashboard) -> APIClient:
    """The REST client of a user with a Vapi key."""
    store_key(user)
    return api


@pytest.fixture
def put(ada: APIClient) -> Any:
    def put(key: str, value: Any, **headers: Any) -> Any:
        return ada.put(f"{SETTINGS}/{key}", {"value": value}, format="json", **headers)

    return put


@pytest.fixture
def history(ada: APIClient) -> Any:
    def history(key: str, **params: Any) -> list[dict[str, Any]]:
        answer = ada.get(f"{SETTINGS}/{key}/history", params)
        assert answer.status_code == 200, answer.content
        return list(answer.json()["results"])

    return history


@pytest.fixture
def value_of(ada: APIClient) -> Any:
    def value_of(key: str, **headers: Any) -> Any:
        answer = ada.get(f"{SETTINGS}/{key}", **headers)
        assert answer.status_code == 200, answer.content
        return answer.json()["setting"]["value"]

    return value_of


@pytest.fixture
def account(user: User) -> Any:
    """Account that the address of the user's webhooks names."""
    return store_key(user, webhook_secret=SECRET).pk


@pytest.fixture
def send(account: Any) -> Any:
    """Vapi sends a message; by default rightly."""

    def send(body: Any, *, to: Any = account, secret: str = SECRET, headers: Any = None) -> Any:
        proof = {"X-Vapi-Secret": secret} if headers is None else headers
        return post(body, account=to, headers=proof)

    return send


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reports that listeners get, once the jobs have run."""
    heard: list[Any] = []
    monkeypatch.setattr(webhooks, "_listeners", [])
    webhooks.register_listener(heard.append)

    def reported() -> list[Any]:
        run_due()
        return heard

    return reported


@pytest.fixture
def played(settings: Any, user: User, quick_door: None) -> Iterator[ScriptedVapi]:
    """The user's Vapi: an assistant without a server of its own, and the seed's numbers."""
    with scripted_vapi() as vapi:
        settings.VAPI_BASE_URL = vapi.url
        settings.PUBLIC_URL = "https://ava.example"
        vapi.on("GET", f"/assistant/{ASSISTANT}", 200, BARE)
        vapi.on("GET", "/phone-number", 200, seed.PHONE_NUMBERS)
        vapi.on("POST", "/call", 201, PLACED)
        store_key(user)
        yield vapi
