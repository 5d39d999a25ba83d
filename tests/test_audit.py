"""`script/audit`, with a list of vulnerabilities that the test writes."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from ava.conf.env import BASE_DIR
from tests.ports import free_port

pytestmark = pytest.mark.slow

ADVISORY = {
    "id": "PYSEC-2027-1",
    "summary": "Something is wrong with it.",
    "affected": [{"package": {"name": "granian", "ecosystem": "PyPI"}}],
}


def audit(url: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [BASE_DIR / "script" / "audit"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OSV_URL": url},
    )


@contextmanager
def listing(**known: Any) -> Iterator[tuple[str, set[str]]]:
    """A list of vulnerabilities by package: its address, and what is asked of it."""
    asked: set[str] = set()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = query["package"]["name"]
            asked.add(name)
            body = json.dumps({"vulns": [known[name]]} if name in known else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query", asked
        server.shutdown()


def test_a_known_vulnerability_of_any_locked_package_fails_the_audit_by_name() -> None:
    with listing(granian=ADVISORY) as (url, asked):
        done = audit(url)
    assert done.returncode == 1
    assert "granian" in done.stdout
    assert "PYSEC-2027-1" in done.stdout
    assert {"django", "pytest", "procrastinate"} <= asked


def test_an_audit_that_nobody_made_is_told_from_one_that_found_nothing() -> None:
    done = audit(f"http://127.0.0.1:{free_port()}/v1/query")
    assert done.returncode == 3
    assert done.stderr.startswith("NOT AUDITED")
