"""Stage of a drill: AVA with the sandbox apart from all that is real, and how a drill asks them."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

from ava.http import correlation
from ava.server.played import Played
from integrations.drill.promises import RECOVERY, Reply


class CannotRehearse(Exception):
    """The drill did not take place; `str()` says why, for the operator."""


@dataclass(frozen=True)
class Asked:
    """A request of the demo user's."""

    method: str
    path: str
    json: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class Stage(Played):
    """AVA and its sandbox, from entering until leaving, with what a drill asks of them."""

    def __init__(self) -> None:
        super().__init__({"CIRCUIT_BREAKER_RECOVERY_TIMEOUT": str(RECOVERY)})
        self.metrics = self.url.removeprefix("http://")

    def send(self, asked: Asked) -> Reply:
        """Ask as the demo user does. A new connection each time: many may be under way at once."""
        given = str(uuid4())
        began = time.perf_counter()
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                asked.method,
                f"{self.url}/api/v1{asked.path}",
                json=asked.json,
                headers={
                    **dict(asked.headers),
                    "Authorization": f"Bearer {self.token}",
                    correlation.HEADER: given,
                },
                timeout=60,
            )
        body = answer.json() if answer.content else {}
        return Reply(
            status=answer.status_code,
            seconds=time.perf_counter() - began,
            detail=str(body.get("detail", "")),
            retry_after=int(answer.headers.get("Retry-After", 0)),
            is_traced=answer.headers.get(correlation.HEADER) == given,
            correlation_id=given,
            body=body,
        )

    def order(self, method: str, what: str, **order: Any) -> Any:
        """Have the sandbox fail, be well again, or show what happened."""
        answer = _local(method, f"{self.sandbox}/_sandbox/{what}", json=order or None)
        return answer.json() if answer.content else None

    def played(self, path: str, key: str) -> Any:
        """Records that a provider itself shows, past AVA."""
        headers = {"Authorization": f"Bearer {key}"}
        return _local("GET", f"{self.sandbox}{path}", headers=headers).json()

    def arrived(self, provider: str) -> list[str]:
        """Correlation IDs of the requests that reached a provider."""
        found = self.order("GET", f"requests?provider={provider}")["requests"]
        header = correlation.HEADER.lower()
        named = [{name.lower(): value for name, value in one["headers"].items()} for one in found]
        return [one.get(header, "") for one in named]


def _local(method: str, url: str, **parts: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(method, url, timeout=30, **parts)
    answer.raise_for_status()
    return answer
