"""Ada and Eve in this process, on the tests' database; the sandbox plays the providers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conftest import client_of
from integrations.credentials.models import Credential
from sandbox.server import Sandbox
from telephony.conftest import run_jobs
from tests.walls.tenants import ADAS, EVES, Caller, Keys, Stage, Tenant
from tests.walls.world import World, build

BASE = "http://testserver"


def caller_of(user: User) -> Caller:
    client = client_of(user)

    def call(
        method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        raw = "" if body is None else json.dumps(body)
        address = path if path.startswith("/api/") else f"/api/v1{path}"
        return client.generic(method, address, raw, "application/json", headers=headers)

    return call


def post(address: str, body: bytes, headers: dict[str, str]) -> Any:
    kind = headers["Content-Type"]
    return Client().post(address, body, content_type=kind, headers=headers)


def tenant(user: User, keys: Keys) -> Tenant:
    """The user, with the keys stored."""
    tenant = Tenant(keys, caller_of(user), post, BASE, {})
    tenant.store_keys()
    rows = Credential.objects.filter(user=user)
    return replace(tenant, accounts={row.provider: str(row.pk) for row in rows})


def find(found: Callable[[], bool]) -> None:
    """Let so much time pass that what was lost is looked for."""
    run_jobs(seconds=21)
    assert found()


@pytest.fixture
def world(
    transactional_db: None, user: User, stranger: User, sandbox: Sandbox, settings: Any
) -> World:
    """Ada's things, and Eve with keys of her own."""
    settings.RATE_LIMIT_PER_MINUTE = 100_000
    return build(tenant(user, ADAS), tenant(stranger, EVES), Stage(sandbox.url), find)
