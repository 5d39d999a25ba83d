"""Load on AVA behind its proxy until standard input ends: `python -m tests.deployment.load ...`.

Clients that read and write, each request over a connection of its own; an answer of 4xx or 5xx and
a connection that breaks are failures. Prints what came of it, as JSON.
"""

import http.client
import json
import ssl
import sys
import threading
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

CLIENTS = 6
PAUSE_SECONDS = 0.02


class Client:
    """One client, which never asks twice."""

    def __init__(self, url: str, name: str, number: int, token: str) -> None:
        self._url, self._name, self._number = urlsplit(url), name, number
        self._headers = {"Host": name, "Authorization": f"Bearer {token}"}
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []
        self.slowest = 0.0

    def run(self, stopped: threading.Event) -> None:
        turn = 0
        while not stopped.is_set():
            began = time.monotonic()
            self._ask(turn)
            self.slowest = max(self.slowest, time.monotonic() - began)
            turn += 1
            stopped.wait(PAUSE_SECONDS)

    def _ask(self, turn: int) -> None:
        what = ("GET", "/api/v1/auth/me", None)
        if turn % 3 == 1:
            address = f"{self._number}-{turn}@example.com"
            body = json.dumps({"address": address})
            what = ("POST", "/api/v1/integrations/email/suppressions", body)
        elif turn % 3 == 2:
            what = ("GET", "/api/v1/integrations/email/suppressions?limit=5", None)
        try:
            status = self._send(*what)
        except (OSError, http.client.HTTPException) as fault:
            self.failures.append(f"{time.time():.3f} {what[0]} {fault!r}")
            return
        self.counts[f"{what[0]} {status}"] += 1
        if status >= 400:
            self.failures.append(f"{time.time():.3f} {what[0]} {status}")

    def _send(self, method: str, path: str, body: str | None) -> int:
        connection = self._connect()
        headers = {**self._headers, "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        place = self._url.hostname or "", self._url.port
        if self._url.scheme == "http":
            return http.client.HTTPConnection(*place, timeout=30)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(*place, timeout=30, context=context)


def main(url: str, name: str, token: str) -> dict[str, Any]:
    stopped = threading.Event()
    clients = [Client(url, name, number, token) for number in range(CLIENTS)]
    threads = [threading.Thread(target=client.run, args=(stopped,)) for client in clients]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    stopped.set()
    for thread in threads:
        thread.join()
    counts = sum((client.counts for client in clients), Counter[str]())
    return {
        "answers": counts.total(),
        "counts": counts,
        "failures": [failure for client in clients for failure in client.failures],
        "slowest": round(max(client.slowest for client in clients), 2),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
