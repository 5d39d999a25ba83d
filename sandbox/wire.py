"""Requests as they arrive and answers as they leave."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

Headers = Mapping[str, str]
Query = tuple[tuple[str, str], ...]

BODILESS = frozenset({204, 304})


@dataclass(frozen=True)
class Request:
    """One request. `path` starts after the provider's prefix, header names are lower case."""

    method: str
    path: str
    query: Query = ()
    headers: Headers = field(default_factory=dict)
    body: bytes = b""

    def credentials(self, scheme: str) -> str:
        """Value of `Authorization` in a scheme such as bearer; empty without one."""
        given, _, rest = self.headers.get("authorization", "").partition(" ")
        return rest.strip() if given.lower() == scheme else ""

    def parameter(self, name: str) -> str:
        """A field of the form that the body is, else of the query; empty without one."""
        form = parse_qsl(self.body.decode("utf-8", "replace"))
        return dict(form).get(name) or dict(self.query).get(name, "")


@dataclass(frozen=True)
class Answer:
    """One answer. Content-Length is added when it is sent."""

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=dict)

    def encode(self, *, head_only: bool = False, close: bool = False) -> bytes:
        """The answer as bytes of HTTP/1.1; without its body for a HEAD."""
        lines = [f"HTTP/1.1 {self.status} {phrase(self.status)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.status not in BODILESS:
            lines.append(f"Content-Length: {len(self.body)}")
        if close:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        return head if head_only or self.status in BODILESS else head + self.body


def phrase(status: int) -> str:
    """Reason phrase of a status, also of an unknown one."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def json_answer(status: int, value: Any, headers: Headers | None = None) -> Answer:
    """An answer that carries `value` as JSON, in UTF-8 and without spaces as web APIs send it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate has no UTF-8 form; its backslash escape is the same character in JSON.
    body = text.encode("utf-8", "backslashreplace")
    return Answer(
        status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    )
