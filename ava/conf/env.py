"""Environment variables of AVA in one table, read once and strictly. See `.env.example`."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ava.conf import egress, envfile, mailserver, stores
from ava.conf.addresses import OWN_PORTS
from ava.conf.pasted import trimmed

BASE_DIR: Path = Path(__file__).resolve().parent.parent.parent


class EnvironmentInvalid(Exception):
    """One or more variables hold a value that AVA cannot use. `str()` is for the operator."""


@dataclass(frozen=True)
class Variable:
    """One variable: its kind and its default (None: not set)."""

    name: str
    default: Any = None
    low: int = 0  # of a number, as `high` included
    high: int = 2**31
    choices: tuple[str, ...] = ()  # the only texts allowed
    # "text", "secret", "name", "number", "switch", "url", "dsn", "path", "host", "mailserver",
    # "date", "list" or "origins"
    kind: str = "text"


_number = partial(Variable, kind="number")
_switch = partial(Variable, kind="switch")
_secret = partial(Variable, kind="secret")
_url = partial(Variable, kind="url")

VARIABLES = (
    # Where AVA runs
    Variable("AVA_ENV", "development", choices=("development", "production")),
    Variable("AVA_HOST", "127.0.0.1", kind="host"),
    _number("AVA_PORT", 8000, 1, 65535),
    Variable("AVA_DATA_DIR", "var", kind="path"),
    _switch("AVA_SANDBOX", False),
    _number("AVA_SANDBOX_PORT", 8001, 1, 65535),
    _number("AVA_SANDBOX_SMTP_PORT", 8025, 1, 65535),
    _secret("AVA_DEMO_PASSWORD"),
    _url("AVA_PUBLIC_URL"),
    _number("AVA_TRUSTED_PROXIES", 0, 0, 10),
    _number("WEB_CONCURRENCY", 1, 1, 64),
    # One hanging provider holds a bulkhead of them and those who wait for its reads.
    _number("AVA_THREADS", 48, 48, 256),
    _number("AVA_DRAIN_SECONDS", 0, 0, 600),
    _switch("DJANGO_DEBUG", False),
    Variable("LOG_LEVEL", "INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR")),
    # Stores
    _url("DATABASE_URL"),
    _url("REDIS_URL"),
    _url("CELERY_BROKER_URL"),
    # Keys
    _secret("SECRET_KEY"),
    _secret("AVA_JWT_KEY"),
    _secret("SECRET_KEY_PREVIOUS"),
    _secret("AVA_JWT_KEY_PREVIOUS"),
    _secret("AVA_KEYS"),
    _secret("AVA_METRICS_TOKEN"),
    # Resilience
    _switch("CIRCUIT_BREAKER_ENABLED", True),
    _number("CIRCUIT_BREAKER_THRESHOLD", 3, 1, 1000),
    _number("CIRCUIT_BREAKER_RECOVERY_TIMEOUT", 30, 1, 3600),
    _number("CIRCUIT_BREAKER_SUCCESS_THRESHOLD", 2, 1, 100),
    _number("RATE_LIMIT_PER_MINUTE", 10, 1, 1_000_000),
    _number("AVA_ACTIVITY_DAYS", 30, 1, 36_500),
    _number("AVA_WEBHOOK_MIB_PER_DAY", 128, 1, 1_000_000),
    _number("VAPI_CACHE_SECONDS", 300, 0, 86400),
    # Providers
    _switch("INTEGRATIONS_STUB_MODE"),
    _switch("ALLOW_ENV_CREDENTIALS", False),
    _number("ENV_CREDENTIALS_PER_DAY", 100, 0, 1_000_000),
    _secret("AVA_API_VAPI_API_KEY"),
    _secret("TWILIO_ACCOUNT_SID"),
    _secret("TWILIO_AUTH_TOKEN"),
    _secret("RESEND_API_KEY"),
    Variable("RESEND_FROM_EMAIL", "onboarding@resend.dev"),
    Variable("SMTP_URL", kind="mailserver"),
    Variable("AVA_SMTP_HOSTS", default=(), kind="list"),
    Variable("GOOGLE_CLIENT_ID"),
    _secret("GOOGLE_CLIENT_SECRET"),
    Variable("MICROSOFT_CLIENT_ID"),
    _secret("MICROSOFT_CLIENT_SECRET"),
    Variable("MICROSOFT_CLIENT_SECRET_EXPIRES", kind="date"),
    Variable("MICROSOFT_TENANT", "common", kind="name"),
    _url("VAPI_BASE_URL"),
    _url("TWILIO_BASE_URL"),
    _url("RESEND_BASE_URL"),
    _url("GOOGLE_BASE_URL"),
    _url("MICROSOFT_BASE_URL"),
    # Tracing and errors, to collectors of yours
    _url("OTEL_EXPORTER_OTLP_ENDPOINT"),
    _url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
    _secret("OTEL_EXPORTER_OTLP_HEADERS"),
    Variable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", choices=("http/protobuf",)),
    Variable("OTEL_SERVICE_NAME", "ava"),
    _switch("OTEL_SDK_DISABLED", False),
    Variable("SENTRY_DSN", kind="dsn"),
    # Web
    Variable("ALLOWED_HOSTS", kind="list"),
    Variable("AVA_CORS_ORIGINS", default=(), kind="origins"),
)

_PORTS = ("AVA_PORT", "AVA_SANDBOX_PORT", "AVA_SANDBOX_SMTP_PORT")
# What Kubernetes and Docker's links set for a service named `ava`, or `ava-...`.
_SERVICE = re.compile(r"(?:tcp|udp|sctp)://")
_OF_A_SERVICE = re.compile(
    r"AVA_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)"
)

_ON = ("1", "true", "yes", "on")
_OFF = ("0", "false", "no", "off")
# What AVA's own addresses begin with; a proxy may take the path of AVA_PUBLIC_URL away, or keep it.
_OWN = (
    *("admin", "api", "healthz", "metrics", "oauth", "readyz", "static"),
    *("login", "logout", "settings", "styleguide", "theme"),
    *("activity", "calendar", "calls", "mail", "messages", "vapi"),
)
_SCHEMES = {
    "DATABASE_URL": ("postgres", "postgresql", "sqlite"),
    "REDIS_URL": ("redis", "rediss", "redis+sentinel", "rediss+sentinel"),
    "CELERY_BROKER_URL": ("redis", "rediss", "amqp", "amqps", "memory", "filesystem"),
}


def load() -> dict[str, Any]:
    for name in filter(_is_of_a_platform, tuple(os.environ)):
        del os.environ[name]  # the env file may set it
    if file().is_file():
        try:
            found = envfile.read(file())
        except ValueError as fault:
            raise EnvironmentInvalid(str(fault)) from None
        for name, value in found.items():
            os.environ.setdefault(name, value)
    return read()


def _is_of_a_platform(name: str) -> bool:
    """Whether Kubernetes has set it: it names a Service `ava` to all pods beside it."""
    return name in _PORTS and _SERVICE.match(os.environ[name]) is not None


def file() -> Path:
    """The env file: AVA_ENV_FILE, else .env. It need not be there."""
    return Path(os.environ.get("AVA_ENV_FILE", BASE_DIR / ".env")).expanduser()


def read(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Every variable by name, converted to its kind. An empty value counts as not set."""
    source = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    faults: list[str] = []
    for variable in VARIABLES:
        raw = trimmed(source.get(variable.name, ""))
        if not raw or (variable.name in _PORTS and _SERVICE.match(raw)):
            values[variable.name] = variable.default
            continue
        try:
            values[variable.name] = _convert(variable, raw)
        except ValueError as fault:
            # A URL may hold a password.
            hidden = variable.kind in ("secret", "mailserver", "dsn") or "@" in raw
            shown = "" if hidden else f", not {raw!r}"
            faults.append(f"{variable.name} must be {fault}{shown}.")
    if faults := faults or [*stores.faults(values), *egress.faults(source)]:
        raise EnvironmentInvalid("\n".join(faults))
    return values


def unknown(environment: Mapping[str, str]) -> list[str]:
    """Names that look like AVA's but are not: most likely a typing error."""
    known = {variable.name for variable in VARIABLES}
    known |= {"AVA_ENV_FILE", "AVA_SPECS_DIR"}
    return sorted(
        name
        for name in environment.keys() - known
        if name.startswith(("AVA_", "CIRCUIT_BREAKER_")) and not _OF_A_SERVICE.fullmatch(name)
    )


def _convert(variable: Variable, raw: str) -> Any:
    match variable.kind:
        case "number":
            low, high = variable.low, variable.high
            if not (raw.isascii() and raw.isdigit() and low <= int(raw) <= high):
                raise ValueError(f"a whole number from {low} to {high}")
            return int(raw)
        case "switch":
            if raw.lower() not in _ON + _OFF:
                raise ValueError("1 or 0")
            return raw.lower() in _ON
        case "url":
            schemes = _SCHEMES.get(variable.name, ("http", "https"))
            if not _is_url(raw, schemes):
                raise ValueError(f"a URL that starts with {' or '.join(schemes)}")
            if variable.name == "AVA_PUBLIC_URL" and not _is_base(raw):
                raise ValueError(
                    "an address such as https://ava.example.com or https://example.com/ava: a path "
                    "of letters, digits, - and _, that begins with none of AVA's own "
                    f"({', '.join(_OWN)}), and nothing behind it"
                )
            return raw.rstrip("/")
        case "dsn":
            parts = urlsplit(raw) if _is_url(raw, ("http", "https")) else urlsplit("")
            if not (parts.username and parts.path.rpartition("/")[2].isdecimal()):
                raise ValueError("a DSN as Sentry shows it: https://key@sentry.example.com/1")
            return raw
        case "name":
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", raw):
                raise ValueError("a name of letters, digits, dots and hyphens")
            return raw
        case "host":
            return raw[1:-1] if raw.startswith("[") and raw.endswith("]") else raw
        case "path":
            try:
                return str(Path(raw).expanduser())
            except RuntimeError:
                raise ValueError("a directory; there is no such user") from None
        case "mailserver":
            return mailserver.parse(raw)
        case "date":
            try:
                return date.fromisoformat(raw)
            except ValueError:
                raise ValueError("a date such as 2027-06-30") from None
        case "list":
            return _parts(raw)
        case "origins":
            if not all(_is_origin(part) for part in _parts(raw)):
                raise ValueError(
                    "origins as browsers send them, such as https://app.example.com or "
                    "http://localhost:5173, each without a path, separated by commas"
                )
            return _parts(raw)
        case _:
            if variable.choices and raw not in variable.choices:
                raise ValueError(" or ".join(variable.choices))
            return raw


def _parts(raw: str) -> list[str]:
    return [part.strip() for part in raw.split(",") if part.strip()]


def _is_base(url: str) -> bool:
    """Whether the path of this address differs from AVA's own addresses."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return (
        not (parts.query or parts.fragment or url.endswith(("?", "#")))
        and re.fullmatch(r"(/[A-Za-z0-9_-]+)*", path) is not None
        and path.split("/")[1:2] not in [[name] for name in _OWN]
    )


def _is_origin(text: str) -> bool:
    """Whether a browser sends this as `Origin`: no path, no wildcard, no port that goes unsaid."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    unsaid = (0, OWN_PORTS.get(parts.scheme, 0))
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    return (
        text == f"{parts.scheme}://{parts.netloc}" == text.lower()
        and re.fullmatch(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]", host) is not None
        and port not in unsaid
    )


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
