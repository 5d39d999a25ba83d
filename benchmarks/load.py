"""Load by k9, a generator in Rust: clients that never pause, for some seconds."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.running import ENVIRONMENT, LOADS, Served, on_core

CLIENTS = 32


@dataclass(frozen=True)
class Load:
    """Result of one load.

    Attributes:
        requests: all.
        rate: those answered 200, a second.
        refused: the share of others.
        p50: milliseconds until an answer, in half of all cases; likewise p99.
    """

    requests: int
    rate: float
    refused: float
    p50: float
    p99: float


def load(served: Served, path: str, seconds: float, **headers: str) -> Load:
    """Ask for this path for so long, each request with the next token."""
    request = {
        "method": "GET",
        "url": served.url + path,
        "headers": {"Authorization": "Bearer {{ sessions.token }}", **headers},
    }
    plan = {
        "options": {"vus": CLIENTS, "duration": f"{int(seconds * 1000)}ms"},
        "flows": {"default": [{"request": request}]},
        "feeders": {"sessions": {"rows": [{"token": token} for token in served.tokens]}},
    }
    with tempfile.TemporaryDirectory() as directory, on_core(LOADS):
        file, summary = Path(directory) / "plan.json", Path(directory) / "summary.json"
        file.write_text(json.dumps(plan))
        k9 = str(ENVIRONMENT / "bin" / "k9")
        command = [k9, "run", str(file), "--quiet", "--discard-response-bodies"]
        subprocess.run(
            [*command, "--summary-export", str(summary), "--summary-trend-stats", "med,p(99)"],
            capture_output=True,
            check=True,
        )
        metrics = json.loads(summary.read_text())["metrics"]
    times, counted = metrics["http_req_duration"], metrics["http_reqs"]
    refused = metrics["http_req_failed"]["value"]
    assert refused < 1, f"{path} fails at {served.url}"
    return Load(
        int(counted["count"]),
        counted["rate"] * (1 - refused),
        refused,
        times["med"],
        times["p(99)"],
    )
