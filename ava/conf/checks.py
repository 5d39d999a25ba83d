"""System checks: what would make AVA unsafe or wrong is told at start, with an id and a mend."""

import os
import shlex
from collections.abc import Sequence
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
def stub_mode(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """In production a stub would swallow what people think was sent."""
    if settings.PRODUCTION and settings.FLAGS["INTEGRATIONS_STUB_MODE"]:
        return [
            Error(
                "INTEGRATIONS_STUB_MODE is on in production: e-mails would only seem to be sent.",
                hint="Set INTEGRATIONS_STUB_MODE=0.",
                id="ava.E001",
            )
        ]
    return []


@register(Tags.security)
def signing_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Short or shared keys can be guessed or leak together."""
    found: list[CheckMessage] = []
    secret_keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    jwt_keys = [key for key in (settings.AVA_JWT_KEY, settings.AVA_JWT_KEY_PREVIOUS) if key]
    for name, key in zip(("SECRET_KEY", "SECRET_KEY_PREVIOUS"), secret_keys, strict=False):
        if len(key) < 50 or len(set(key)) < 5:
            found.append(_weak(name, "50", "ava.E002"))
    for name, key in zip(("AVA_JWT_KEY", "AVA_JWT_KEY_PREVIOUS"), jwt_keys, strict=False):
        if len(key) < 32 or len(set(key)) < 5:
            found.append(_weak(name, "32", "ava.E003"))
    if set(jwt_keys) & set(secret_keys):
        found.append(
            Error(
                "AVA_JWT_KEY is the same as SECRET_KEY: one leak would open both.",
                hint="Give each its own random value.",
                id="ava.E004",
            )
        )
    return found


@register(Tags.security)
def debug_in_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Debug pages show settings and data to strangers."""
    if settings.PRODUCTION and settings.ENV["DJANGO_DEBUG"]:
        return [
            Error(
                "DJANGO_DEBUG is on in production: error pages would show settings and data.",
                hint="Set DJANGO_DEBUG=0.",
                id="ava.E005",
            )
        ]
    return []


@register
def workers(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Breakers, limits and copies are shared through Redis, or kept in one process."""
    if settings.ENV["WEB_CONCURRENCY"] > 1 and not settings.REDIS_URL:
        return [
            Error(
                f"WEB_CONCURRENCY is {settings.ENV['WEB_CONCURRENCY']} without REDIS_URL: each "
                "worker would count limits and breakers for itself.",
                hint="Set REDIS_URL, or WEB_CONCURRENCY=1.",
                id="ava.E006",
            )
        ]
    return []


@register(Tags.security)
def private_key_file(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whoever reads the key file opens every stored credential."""
    path = settings.DATA_DIR / keyfile.NAME
    if path.exists() and path.stat().st_mode & 0o077:
        return [
            Error(
                f"The key file {path} can be read by other users of this machine.",
                hint=f"Run: chmod 600 {path}",
                id="ava.E009",
            )
        ]
    return []


@register(Tags.security)
def private_files(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The database, its backups, logs and `.env` hold what the key file protects, or open it."""
    if not settings.PRODUCTION:
        return []
    found = [path for path in _private_paths() if path.stat().st_mode & 0o077]
    if not found:
        return []
    names = " ".join(shlex.quote(str(path)) for path in found)
    return [
        Error(
            f"Other users of this machine can get at what is AVA's alone: {names}.",
            hint=f"Run: chmod go= {names}",
            id="ava.E018",
        )
    ]


def _private_paths() -> list[Path]:
    """What is the owner's only. The key file has a check of its own."""
    found = {settings.DATA_DIR, env.file()}
    if settings.DATA_DIR.is_dir():
        found |= {p for p in settings.DATA_DIR.iterdir() if p.is_file() and p.name != keyfile.NAME}
    database = settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        found |= {Path(f"{database['NAME']}{end}") for end in ("", "-wal", "-shm", "-journal")}
    return sorted(path for path in found if path.is_file() or path.is_dir())


@register(Tags.security)
def public_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Host names and webhook signatures are checked against what is set here."""
    if not settings.PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS lets any host name in.",
                hint="Name the hosts that AVA answers to.",
                id="ava.E010",
            )
        )
    if not (settings.PUBLIC_URL or "").startswith("https://"):
        found.append(
            Error(
                "AVA_PUBLIC_URL is not an https address: webhook signatures cannot be checked.",
                hint="Set AVA_PUBLIC_URL to the address that people and providers use.",
                id="ava.E011",
            )
        )
    return found


@register(Tags.security)
def sandbox_in_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Demo users would be let in, and real keys be sent to a toy."""
    if settings.PRODUCTION and settings.SANDBOX:
        return [
            Error(
                "AVA_SANDBOX is on in production: the providers would only be played.",
                hint="Set AVA_SANDBOX=0.",
                id="ava.E015",
            )
        ]
    return []


@register(Tags.security)
def proxy_in_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """AVA speaks plain HTTP: without a proxy's word that TLS was spoken it redirects for ever."""
    if settings.PRODUCTION and not settings.TRUSTED_PROXIES:
        return [
            Error(
                "AVA_TRUSTED_PROXIES is 0 in production: every request would be redirected to "
                "https for ever, as nobody in front speaks TLS.",
                hint="Put a proxy with TLS in front that sets X-Forwarded-For and "
                "X-Forwarded-Proto itself, and set AVA_TRUSTED_PROXIES to the number of proxies.",
                id="ava.E016",
            )
        ]
    return []


@register
def unknown_variables(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A misspelt variable would be passed over in silence."""
    return [
        CheckWarning(
            f"{name} is set, but AVA reads no variable of that name.",
            hint="Compare it with .env.example.",
            id="ava.W001",
        )
        for name in env.unknown(os.environ)
    ]


@register(Tags.database)
def database_connections(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Each thread may keep a connection of its own; one too many is refused."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        if connections[alias].vendor != "postgresql":
            continue
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('max_connections')::int"
                " - current_setting('superuser_reserved_connections')::int"
            )
            allowed = cursor.fetchone()[0]
        most = settings.ENV["WEB_CONCURRENCY"] * (settings.ENV["AVA_THREADS"] + _OTHER_THREADS)
        if most > allowed:
            found.append(
                CheckWarning(
                    f"AVA may open {most} connections, and PostgreSQL allows {allowed}: under load "
                    "requests would fail.",
                    hint=f"Set max_connections of PostgreSQL to {most + 20} or more, or fewer "
                    "WEB_CONCURRENCY or AVA_THREADS.",
                    id="ava.W003",
                )
            )
    return found


def _weak(name: str, length: str, check_id: str) -> Error:
    return Error(
        f"{name} is too weak: it needs {length} random characters.",
        hint='Make one: python -c "import secrets; print(secrets.token_urlsafe(64))"',
        id=check_id,
    )
