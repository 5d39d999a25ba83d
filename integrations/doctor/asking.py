"""Addresses asked from outside the breakers: all at once, with no credentials, within a limit.

Not by `ava.upstream`: an open breaker would hide whether the provider is back, and what is asked
here must not open one.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
import urllib3

from ava.conf import egress
from ava.http import correlation
from ava.upstream.connections import cause_of

SECONDS = 5.0
"""Time limit of all addresses together, name resolution and slow headers included."""


@dataclass(frozen=True)
class Reply:
    """The head of an answer; its body is not read."""

    status: int
    location: str = ""
    correlation_id: str = ""
    # Seconds by which this machine's clock is ahead of the answer's Date; None without one.
    ahead: float | None = None


def ask_all(
    addresses: Iterable[tuple[str, Mapping[str, str]]], *, seconds: float = SECONDS
) -> dict[str, Reply | str]:
    """The answers by address; a text says why there is none."""
    # Threads begin without an ID.
    named = {correlation.HEADER: correlation.current()}
    wanted = {url: {**named, **headers} for url, headers in addresses}
    replies: dict[str, Reply | str] = {}

    def ask_one(url: str) -> None:
        replies[url] = ask(url, wanted[url], seconds=seconds)

    # Daemons: none may hold the end of the command, whatever it still waits for.
    threads = [threading.Thread(target=ask_one, args=(url,), daemon=True) for url in wanted]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    silent = f"no answer within {seconds:g} s"
    return {url: replies.get(url, silent) for url in wanted}


def ask(url: str, headers: Mapping[str, str], *, seconds: float) -> Reply | str:
    parts = urlsplit(url)
    way = egress.route(parts.scheme, parts.netloc)
    with requests.Session() as session:
        session.trust_env = False
        session.verify = egress.authorities() or True
        try:
            with session.get(
                url,
                headers=headers,
                timeout=seconds,
                allow_redirects=False,
                stream=True,
                proxies=way.proxies,
            ) as answer:
                given = answer.headers
                return Reply(
                    answer.status_code,
                    given.get("Location", ""),
                    given.get(correlation.HEADER, ""),
                    _ahead(given.get("Date", "")),
                )
        except requests.Timeout:
            return f"no answer within {seconds:g} s"
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as fault:
            return cause_of(fault, False, way)


def _ahead(date: str) -> float | None:
    try:
        sent = parsedate_to_datetime(date)
    except ValueError:
        return None
    return (datetime.now(UTC) - (sent if sent.tzinfo else sent.replace(tzinfo=UTC))).total_seconds()
