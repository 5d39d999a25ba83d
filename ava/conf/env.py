"""Environment variables of AVA in one table, read once and strictly.

`python -m ava.conf.env > .env.example` prints the table; a test compares the two.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent


class EnvironmentInvalid(Exception):
    """One or more variables hold a value that AVA cannot use. `str()` is for the operator."""


@dataclass(frozen=True)
class Variable:
    """One variable: its kind, its default (None: not set) and what it is for.

    Args:
        low, high: inclusive bounds of a number.
        choices: the only texts allowed.
        kind: "text", "secret", "number", "switch" (1/0, true/false, on/off), "url" or "list".
    """

    name: str
    about: str
    default: Any = None
    low: int = 0
    high: int = 2**31
    choices: tuple[str, ...] = ()
    kind: str = "text"


_number = partial(Variable, kind="number")
_switch = partial(Variable, kind="switch")
_secret = partial(Variable, kind="secret")
_url = partial(Variable, kind="url")

GROUPS: dict[str, tuple[Variable, ...]] = {
    "Where AVA runs": (
        Variable(
            "AVA_ENV",
            "which defaults and checks apply",
            "development",
            choices=("development", "production"),
        ),
        Variable("AVA_HOST", "address AVA listens on", "127.0.0.1"),
        _number("AVA_PORT", "port AVA listens on", 8000, 1, 65535),
        Variable("AVA_DATA_DIR", "directory of the database and the keys", "var"),
        _switch("AVA_SANDBOX", "on under script/server: play the providers locally", False),
        _number("AVA_SANDBOX_PORT", "port the sandbox listens on", 8001, 1, 65535),
        _secret(
            "AVA_DEMO_PASSWORD", "the demo users' password in sandbox mode; random when not set"
        ),
        _url("AVA_PUBLIC_URL", "address of AVA for people and providers; the sandbox needs none"),
        _number("AVA_TRUSTED_PROXIES", "how many proxies stand in front of AVA", 0, 0, 10),
        _number("WEB_CONCURRENCY", "worker processes; more than one needs REDIS_URL", 1, 1, 64),
        # One hanging provider holds a bulkhead of them and those who wait for its reads.
        _number("AVA_THREADS", "threads of each worker process", 48, 48, 256),
        _switch("DJANGO_DEBUG", "Django's debug pages; never in production", False),
        Variable(
            "LOG_LEVEL", "how much is logged", "INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR")
        ),
    ),
    "Stores": (
        _url("DATABASE_URL", "PostgreSQL; SQLite in AVA_DATA_DIR when not set"),
        _url("REDIS_URL", "Redis, which several workers or machines share"),
        _url("CELERY_BROKER_URL", "Celery's broker; AVA does the background work when not set"),
    ),
    "Keys": (
        _secret("SECRET_KEY", "signs sessions and forms; read from the key file when not set"),
        _secret("AVA_JWT_KEY", "signs access tokens; read from the key file when not set"),
        _secret("SECRET_KEY_PREVIOUS", "the SECRET_KEY before this one, while it still holds"),
        _secret("AVA_JWT_KEY_PREVIOUS", "the AVA_JWT_KEY before this one, likewise"),
        _secret("AVA_KEYS", "seals credentials: kid:base64,... with the primary key first"),
        _secret("AVA_METRICS_TOKEN", "bearer token for /metrics; loopback alone when not set"),
    ),
    "Resilience": (
        _switch("CIRCUIT_BREAKER_ENABLED", "the circuit breakers", True),
        _number("CIRCUIT_BREAKER_THRESHOLD", "failures in a row that open a breaker", 3, 1, 1000),
        _number("CIRCUIT_BREAKER_RECOVERY_TIMEOUT", "seconds until it tries again", 30, 1, 3600),
        _number("CIRCUIT_BREAKER_SUCCESS_THRESHOLD", "successes that close it again", 2, 1, 100),
        _number("RATE_LIMIT_PER_MINUTE", "requests per client address and group", 10, 1, 1_000_000),
        _number(
            "AVA_WEBHOOK_MIB_PER_DAY", "MiB kept of an account's webhooks a day", 128, 1, 1_000_000
        ),
        _number("VAPI_CACHE_SECONDS", "seconds that a read of Vapi is kept", 300, 0, 86400),
    ),
    "Providers": (
        _switch("INTEGRATIONS_STUB_MODE", "e-mail and calendar stubs; on in development only"),
        _switch("ALLOW_ENV_CREDENTIALS", "let users without credentials use the operator's", False),
        _number(
            "ENV_CREDENTIALS_PER_DAY",
            "calls and messages a day of each user with each provider's operator credentials",
            100,
            0,
            1_000_000,
        ),
        _secret("AVA_API_VAPI_API_KEY", "the operator's Vapi key"),
        _secret("TWILIO_ACCOUNT_SID", "the operator's Twilio account"),
        _secret("TWILIO_AUTH_TOKEN", "the operator's Twilio token"),
        _secret("RESEND_API_KEY", "the operator's Resend key"),
        _url("VAPI_BASE_URL", "override, e.g. a mock server; else https://api.vapi.ai"),
        _url("TWILIO_BASE_URL", "override; else https://api.twilio.com"),
        _url("RESEND_BASE_URL", "override; else https://api.resend.com"),
        _url("GOOGLE_BASE_URL", "override; else https://www.googleapis.com"),
        _url("MICROSOFT_BASE_URL", "override; else https://graph.microsoft.com"),
    ),
    "Web": (Variable("ALLOWED_HOSTS", "host names AVA answers to, comma separated", kind="list"),),
}
VARIABLES = tuple(variable for group in GROUPS.values() for variable in group)

_ON = ("1", "true", "yes", "on")
_OFF = ("0", "false", "no", "off")
_SCHEMES = {
    "DATABASE_URL": ("postgres", "postgresql", "sqlite"),
    "REDIS_URL": ("redis", "rediss", "redis+sentinel", "rediss+sentinel"),
    "CELERY_BROKER_URL": ("redis", "rediss", "amqp", "amqps", "memory", "filesystem"),
}


def load() -> dict[str, Any]:
    """Every variable by name, with what the env file adds. Raises EnvironmentInvalid."""
    if file().is_file():
        environ.Env.read_env(str(file()))
    return read()


def file() -> Path:
    """The env file: AVA_ENV_FILE, else .env. It need not be there."""
    return Path(os.environ.get("AVA_ENV_FILE", BASE_DIR / ".env"))


def read(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Every variable by name, converted to its kind. An empty value counts as not set.

    Raises:
        EnvironmentInvalid: with one line for each value that does not fit.
    """
    source = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    faults: list[str] = []
    for variable in VARIABLES:
        raw = source.get(variable.name, "").strip()
        if not raw:
            values[variable.name] = variable.default
            continue
        try:
            values[variable.name] = _convert(variable, raw)
        except ValueError as fault:
            # A URL may hold a password.
            hidden = variable.kind == "secret" or "@" in raw
            shown = "" if hidden else f", not {raw!r}"
            faults.append(f"{variable.name} must be {fault}{shown}.")
    if faults:
        raise EnvironmentInvalid("\n".join(faults))
    return values


def unknown(environment: Mapping[str, str]) -> list[str]:
    """Names that look like AVA's but are not: most likely a typing error."""
    known = {variable.name for variable in VARIABLES}
    prefixes = ("AVA_", "CIRCUIT_BREAKER_")
    allowed = ("AVA_ENV_FILE", "AVA_SPECS_DIR")
    return sorted(
        name
        for name in environment
        if name.startswith(prefixes) and name not in known and name not in allowed
    )


def _convert(variable: Variable, raw: str) -> Any:
    """The value, or ValueError with what it must be ("a whole number from 1 to 5")."""
    match variable.kind:
        case "number":
            span = f"a whole number from {variable.low} to {variable.high}"
            if not raw.isascii() or not raw.isdigit():
                raise ValueError(span)
            number = int(raw)
            if not variable.low <= number <= variable.high:
                raise ValueError(span)
            return number
        case "switch":
            if raw.lower() not in _ON + _OFF:
                raise ValueError("1 or 0")
            return raw.lower() in _ON
        case "url":
            schemes = _SCHEMES.get(variable.name, ("http", "https"))
            if not _is_url(raw, schemes):
                raise ValueError(f"a URL that starts with {' or '.join(schemes)}")
            return raw.rstrip("/")
        case "list":
            return [part.strip() for part in raw.split(",") if part.strip()]
        case _:
            if variable.choices and raw not in variable.choices:
                raise ValueError(" or ".join(variable.choices))
            return raw


def _is_url(raw: str, schemes: tuple[str, ...]) -> bool:
    """Whether it names a place in one of these schemes: no spaces, a host and port that can be."""
    scheme, mark, rest = raw.partition("://")
    if scheme not in schemes or not mark or not rest.strip("/") or not raw.isprintable():
        return False
    if "+sentinel" in scheme and "," in rest:
        hosts, _, path = rest.rpartition("@")[2].partition("/")
        return all(_is_url(f"{scheme}://{host}/{path}", schemes) for host in hosts.split(","))
    try:
        parts = urlsplit(raw)
        port = parts.port
    except ValueError:
        return False
    needs_host = scheme in ("http", "https", "amqp", "amqps") or scheme.startswith("redis")
    return " " not in raw and port != 0 and bool(parts.hostname or not needs_host)


def example() -> str:
    """The text of `.env.example`."""
    lines = [
        "# Every variable AVA reads, with its default. Copy to .env and change what you need;",
        '# what the environment itself sets wins over this file. An empty value means "not set".',
    ]
    for title, group in GROUPS.items():
        lines += ["", f"## {title}"]
        for variable in group:
            about = variable.about[0].upper() + variable.about[1:]
            lines += ["", f"# {about}{_span(variable)}.", f"# {variable.name}={_shown(variable)}"]
    return "\n".join(lines) + "\n"


def _span(variable: Variable) -> str:
    if variable.choices:
        return f" ({', '.join(variable.choices)})"
    return {
        "number": f" ({variable.low}-{variable.high})",
        "switch": " (1 or 0)",
    }.get(variable.kind, "")


def _shown(variable: Variable) -> str:
    if variable.default is None:
        return ""
    return str(int(variable.default)) if variable.kind == "switch" else str(variable.default)


if __name__ == "__main__":
    print(example(), end="")
