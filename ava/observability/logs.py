"""Structured logs on standard error, one JSON object a line, with secrets taken out; at a terminal
in development, lines in colour.

Tracebacks carry no local variables: those of a failing view would hold keys and bodies.
"""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.log import CallbackFilter

from ava.http import correlation

REDACTED = "[redacted]"

_SECRET_NAMES = re.compile(
    r"(?i)(authorization|cookie|password|passwd|secret|token|api[-_]?key|auth[-_]?token|signature)"
)
# Shapes of keys that turn up inside free text: bearer and basic headers, JWTs, provider keys,
# user:password@ in URLs.
_SECRET_SHAPES = re.compile(
    r"(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"
    r"|\b(?:sk|re|whsec|ava)_[A-Za-z0-9_-]{8,}"
    r"|\bSK[0-9a-f]{32}\b"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
    # Of query strings and forms: token=..., X-Amz-Signature=..., code=...
    r"|(?i:(?<=token=)|(?<=secret=)|(?<=password=)|(?<=key=)|(?<=signature=)|(?<=[?&]sig=)"
    r"|(?<=[?&]code=)|(?<=[?&]state=))[^&\s\"'#]+"
)
# E.164, of which the last four digits stay: enough to tell two people apart.
_PHONE = re.compile(r"(?:\+|%2[bB])[1-9]\d{2,10}(?=\d{4}(?!\d))")
# Private, and part of some paths and of other libraries' errors.
_ADDRESS = re.compile(r"[^\s/@<>\"]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")

Event = MutableMapping[str, Any]


@lru_cache(maxsize=1000)
def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAMES.search(name))


def _may_hold_secret(text: str) -> bool:
    """Whether one of the shapes can be in it: faster than they are, for names, paths and IDs."""
    return (
        "_" in text
        or "@" in text
        or "eyJ" in text
        or "SK" in text
        or "=" in text
        or len(text.split(maxsplit=1)) > 1
    )


def redact(value: Any, name: str = "") -> Any:
    """The value without secrets, e-mail addresses and phone numbers: values under names such as
    "token", known shapes in any text."""
    if name and _is_secret(name):
        return REDACTED
    if isinstance(value, str):
        if "@" in value:
            value = _ADDRESS.sub(REDACTED, value)
        if "+" in value or "%2" in value:
            value = _PHONE.sub("\N{HORIZONTAL ELLIPSIS}", value)
        return _SECRET_SHAPES.sub(REDACTED, value) if _may_hold_secret(value) else value
    if isinstance(value, dict):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    return value


def _add_correlation_id(logger: Any, method: str, event: Event) -> Event:
    """The ID in force. Django logs a 4xx or 5xx after the middleware has ended; the request still
    knows its own."""
    request = getattr(event.get("_record"), "request", None)
    found = getattr(request, "correlation_id", None) or correlation.CURRENT.get()
    if found:
        event.setdefault("correlation_id", found)
    return event


def _redact_event(logger: Any, method: str, event: Event) -> Event:
    return {key: redact(value, key) for key, value in event.items()}


def _name_user(logger: Any, method: str, event: Event) -> Event:
    """A pseudonym in the place of a user's ID, the same in all lines."""
    user = event.get("user")
    if isinstance(user, int):
        event["user"] = _pseudonym(user, settings.SECRET_KEY)
    return event


@lru_cache(maxsize=10_000)
def _pseudonym(user_id: int, secret: str) -> str:
    made = salted_hmac("ava.http.middleware.user", str(user_id), secret=secret, algorithm="sha256")
    return made.hexdigest()[:16]


_SHARED: list[Any] = [
    _add_correlation_id,
    _name_user,
    structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    ),
    _redact_event,
    # AVA's own words, which hold no secret.
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


_as_json = structlog.processors.JSONRenderer()


def as_lines() -> Any:
    """A renderer for people at a terminal: coloured, in columns, tracebacks below."""
    console = structlog.dev.ConsoleRenderer(
        colors=True, pad_event_to=25, exception_formatter=structlog.dev.plain_traceback
    )

    def render(logger: Any, method: str, event: Event) -> str:
        if isinstance(event.get("exception"), list):
            event = {**event, "exception": "\n".join(map(_traceback, event["exception"]))}
        return str(console(logger, method, event))

    return render


def _traceback(trace: dict[str, Any]) -> str:
    frames = [f"{one['filename']}:{one['lineno']} in {one['name']}" for one in trace["frames"]]
    return "\n".join([*frames, f"{trace['exc_type']}: {trace['exc_value']}"])


def _as_message(logger: Any, method: str, event: Event) -> tuple[tuple[Event], dict[str, Any]]:
    """AVA's own event as the message of a record, which needs no more than to be written."""
    return (event,), {}


class Formatter(structlog.stdlib.ProcessorFormatter):
    """structlog's, for what other libraries log."""

    def __init__(self, *, render: Any, **options: Any) -> None:
        self._render = render
        kept = structlog.stdlib.ProcessorFormatter.remove_processors_meta
        super().__init__(processors=[kept, render], foreign_pre_chain=_SHARED, **options)

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, dict):
            return str(self._render(None, "", record.msg))
        return super().format(record)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Filter that keeps a hostile request, such as one with a wrong Host, from being an error.

    Django calls it a suspicious operation, and would log a traceback.
    """
    if record.name.startswith("django.security."):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
    return True


def _is_fault(record: logging.LogRecord) -> bool:
    return bool(record.exc_info)


def configure(level: str, *, for_people: bool = False) -> None:
    """Send structlog and the standard library's logging through one formatter.

    Args:
        for_people: lines in colour instead of JSON.
    """
    # No line names what these cost: https://docs.python.org/3/howto/logging.html#optimization
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            _as_message,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            # Django's own line on each 4xx and 5xx says nothing that ours does not.
            "filters": {
                "faults": {"()": CallbackFilter, "callback": _is_fault},
                "plainly": {"()": CallbackFilter, "callback": _without_traceback},
            },
            "formatters": {
                "lines": {"()": Formatter, "render": as_lines() if for_people else _as_json}
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "lines",
                    "filters": ["plainly"],
                }
            },
            "root": {"handlers": ["stderr"], "level": level},
            # INFO lines of the first hold URLs and headers of provider requests; DEBUG lines of the
            # others texts of people: what a template was filled with, parameters of SQL.
            "loggers": {
                "twilio.http_client": {"level": "WARNING"},
                "django.template": {"level": "INFO"},
                "django.db.backends": {"level": "INFO"},
                "urllib3": {"level": "ERROR"},
                "django.request": {"filters": ["faults"]},
            },
        }
    )
