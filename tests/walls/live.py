"""AVA as it runs in production, with Ada and Eve: PostgreSQL, Redis, two workers and Celery."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import requests

from ava.conf.env import BASE_DIR
from tests import postgres
from tests.chaos.processes import AvaWithCelery
from tests.redis import RedisServer
from tests.server import PASSWORD, RunningAva, until
from tests.walls.tenants import ADAS, EVES, Caller, Keys, Stage, Tenant
from tests.walls.world import World, build


@contextmanager
def running(data_dir: Path) -> Iterator[World]:
    """AVA with all that Ada has; what gets lost is looked for after seconds."""
    with tenants(data_dir, EVES) as (ada, eve, stage):
        yield build(ada, eve, stage, until)


@contextmanager
def tenants(data_dir: Path, eves: Keys) -> Iterator[tuple[Tenant, Tenant, Stage]]:
    """Ada, Eve with these keys, and the providers, before anybody has done anything."""
    with (
        RedisServer() as redis,
        postgres.running() as database,
        AvaWithCelery(
            data_dir / "var",
            REDIS_URL=redis.url,
            CELERY_BROKER_URL=redis.plain_url,
            DATABASE_URL=database,
            WEB_CONCURRENCY="2",
        ) as ava,
    ):
        until(lambda: len(ava.workers()) == 2)
        _make_eve(ava)
        # The demo user: no other user has keys of the sandbox's account.
        ada = _tenant(ava, "demo@example.com", ADAS)
        eve = _tenant(ava, "eve@example.com", eves)
        yield ada, eve, Stage(ava.sandbox.removesuffix("/_sandbox"))


def _make_eve(ava: RunningAva) -> None:
    line = (
        "from django.contrib.auth.models import User; "
        f"User.objects.create_user('eve', 'eve@example.com', {PASSWORD!r})"
    )
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", line]
    subprocess.run(command, cwd=BASE_DIR, env=ava.environment, check=True)


def _accounts(ava: RunningAva, email: str) -> dict[str, str]:
    """IDs of the accounts whose keys the user has stored, by provider."""
    query = (
        "SELECT provider, kept.id FROM integrations_credential AS kept"
        " JOIN auth_user ON auth_user.id = user_id WHERE email = %s"
    )
    with psycopg.connect(ava.environment["DATABASE_URL"]) as database:
        return {provider: str(key) for provider, key in database.execute(query, [email])}


def _tenant(ava: RunningAva, email: str, keys: Keys) -> Tenant:
    def post(address: str, body: bytes, headers: dict[str, str]) -> Any:
        return requests.post(ava.url + address, body, headers=headers, timeout=30)

    tenant = Tenant(keys, _caller(ava.url, email), post, ava.url, {})
    tenant.store_keys()
    return replace(tenant, accounts=_accounts(ava, email))


def _caller(url: str, email: str) -> Caller:
    login = {"identifier": email, "password": PASSWORD}
    answer = requests.post(f"{url}/api/v1/auth/login", json=login, timeout=30)
    assert answer.status_code == 200, answer.text
    own = {
        "Authorization": f"Bearer {answer.json()['access_token']}",
        "Content-Type": "application/json",
    }

    def call(
        method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        raw = None if body is None else json.dumps(body)
        # On a connection of its own: AVA may end an idle one while this is on its way.
        return requests.request(
            method, f"{url}/api/v1{path}", data=raw, headers={**own, **(headers or {})}, timeout=30
        )

    return call
