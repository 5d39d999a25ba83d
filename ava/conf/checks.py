"""System checks: what makes AVA unsafe or wrong, each with an id and a remedy."""

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import connections

from ava.conf import env, keyfile

# Those of the background work, in each worker.
_OTHER_THREADS = 10


@register(Tags.security)
def security(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Keys that can be guessed, secrets that can be read or sent where they should not."""
    production = [*_unsafe_settings(), *_public_address(), *_open_files()]
    return [*_weak_keys(), *_open_key_file(), *(production if settings.PRODUCTION else [])]


@register
def variables(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Workers that could not share what they count, and misspelt variables."""
    # Breakers, limits and copies are shared through Redis, or kept in one process.
    if settings.ENV["WEB_CONCURRENCY"] > 1 and not settings.REDIS_URL:
        yield Error(
            f"WEB_CONCURRENCY is {settings.ENV['WEB_CONCURRENCY']} without REDIS_URL: each "
            "worker would count limits and breakers for itself.",
            hint="Set REDIS_URL, or WEB_CONCURRENCY=1.",
            id="ava.E006",
        )
    for name in env.unknown(os.environ):
        message = f"{name} is set, but AVA reads no variable of that name."
        yield CheckWarning(message, hint="Compare it with .env.example.", id="ava.W001")


@register(Tags.database)
def postgresql(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterator[CheckMessage]:
    """Fewer connections than threads, each of which may keep one; statements without a limit."""
    if "default" not in (databases or ()) or connections["default"].vendor != "postgresql":
        return
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int,"
            # The first migration gives one.
            " current_setting('statement_timeout') = '0'"
            " AND to_regclass('django_migrations') IS NOT NULL"
        )
        allowed, is_endless = cursor.fetchone()
    most = settings.ENV["WEB_CONCURRENCY"] * (settings.ENV["AVA_THREADS"] + _OTHER_THREADS)
    if most > allowed:
        yield CheckWarning(
            f"AVA may open {most} connections, and PostgreSQL allows {allowed}: under load "
            "requests would fail.",
            hint="Set max_connections of PostgreSQL (behind PgBouncer its max_client_conn) to "
            f"{most + 20} or more, or fewer WEB_CONCURRENCY or AVA_THREADS.",
            id="ava.W003",
        )
    if is_endless:
        yield CheckWarning(
            "PostgreSQL lets AVA's statements wait for ever: while a table is locked, requests "
            "would hold every thread.",
            hint="As AVA's role run: ALTER ROLE CURRENT_USER SET statement_timeout = '30s'",
            id="ava.W004",
        )


def _weak_keys() -> Iterator[CheckMessage]:
    """Short or shared keys can be guessed or leak together."""
    secret_keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    jwt_keys = [key for key in (settings.AVA_JWT_KEY, settings.AVA_JWT_KEY_PREVIOUS) if key]
    for kind, keys, length, check_id in (
        ("SECRET_KEY", secret_keys, 50, "ava.E002"),
        ("AVA_JWT_KEY", jwt_keys, 32, "ava.E003"),
    ):
        for name, key in zip((kind, f"{kind}_PREVIOUS"), keys, strict=False):
            if len(key) < length or len(set(key)) < 5:
                yield Error(
                    f"{name} is too weak: it needs {length} random characters.",
                    hint='Make one: python -c "import secrets; print(secrets.token_urlsafe(64))"',
                    id=check_id,
                )
    if set(jwt_keys) & set(secret_keys):
        yield Error(
            "AVA_JWT_KEY is the same as SECRET_KEY: one leak would open both.",
            hint="Give each its own random value.",
            id="ava.E004",
        )


def _unsafe_settings() -> Iterator[CheckMessage]:
    if settings.FLAGS["INTEGRATIONS_STUB_MODE"]:
        yield Error(
            "INTEGRATIONS_STUB_MODE is on in production: e-mails would only seem to be sent.",
            hint="Set INTEGRATIONS_STUB_MODE=0.",
            id="ava.E001",
        )
    if settings.ENV["DJANGO_DEBUG"]:
        yield Error(
            "DJANGO_DEBUG is on in production: error pages would show settings and data.",
            hint="Set DJANGO_DEBUG=0.",
            id="ava.E005",
        )
    if settings.SANDBOX:
        yield Error(
            "AVA_SANDBOX is on in production: the providers would only be played.",
            hint="Set AVA_SANDBOX=0.",
            id="ava.E015",
        )


def _public_address() -> Iterator[CheckMessage]:
    """Host names, webhook signatures and TLS depend on what is set here."""
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS lets any host name in.",
            hint="Name the hosts that AVA answers to.",
            id="ava.E010",
        )
    if not (settings.PUBLIC_URL or "").startswith("https://"):
        yield Error(
            "AVA_PUBLIC_URL is not an https address: webhook signatures cannot be checked.",
            hint="Set AVA_PUBLIC_URL to the address that people and providers use.",
            id="ava.E011",
        )
    if not settings.TRUSTED_PROXIES:
        yield Error(
            "AVA_TRUSTED_PROXIES is 0 in production: every request would be redirected to "
            "https for ever, as nothing in front speaks TLS.",
            hint="Put a proxy with TLS in front that sets X-Forwarded-For and "
            "X-Forwarded-Proto itself, and set AVA_TRUSTED_PROXIES to the number of proxies.",
            id="ava.E016",
        )


def _open_key_file() -> Iterator[CheckMessage]:
    path = settings.DATA_DIR / keyfile.NAME
    if path.exists() and path.stat().st_mode & 0o077:
        yield Error(
            f"The key file {path} can be read by other users of this machine.",
            hint=f"Run: chmod 600 {path}",
            id="ava.E009",
        )


def _open_files() -> Iterator[CheckMessage]:
    """The database, its backups, logs and `.env` hold what the key file protects, or open it."""
    files = {env.file(), *settings.DATA_DIR.glob("*")} - {settings.DATA_DIR / keyfile.NAME}
    database = settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        files |= {Path(f"{database['NAME']}{end}") for end in ("", "-wal", "-shm", "-journal")}
    private = sorted({settings.DATA_DIR, *filter(Path.is_file, files)})
    open_ones = (path for path in private if path.exists() and path.stat().st_mode & 0o077)
    names = " ".join(shlex.quote(str(path)) for path in open_ones)
    if names:
        yield Error(
            f"Other users of this machine can get at what is AVA's alone: {names}.",
            hint=f"Run: chmod go= {names}",
            id="ava.E018",
        )
