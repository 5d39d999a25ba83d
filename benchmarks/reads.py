"""AVA's reads beside what people would write instead: `python -m benchmarks.reads [--rounds 5]`.

All serve on one core, in turns, and the load comes from the other. Each round asks each of them
once, in an order of its own; ratios are of the same round. Prints the table and writes it to
docs/BENCHMARKS.md. `benchmarks/peers/` has the peers; script/bench installs what they need.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks.load import CLIENTS, Load, load
from benchmarks.peers.running import ENVIRONMENT, INSTALL, Served, everyone, is_installed, vapi
from benchmarks.table import fill, versions
from tests.redis import RedisServer

PAGE = Path(__file__).parent.parent / "docs" / "BENCHMARKS.md"
PEER_PACKAGES = ("fastapi", "uvicorn", "pydantic", "httpx", "aiohttp", "k9-load")
READ = "/api/v1/vapi/settings"
WARM_SECONDS = 0.5
BUSY = " **It had other work meanwhile: requests/s are too low; processor time holds better.**"
CEILING = "the load generator's ceiling"

HEADING = (
    "| | requests/s: median (least-most) | p50 / p99, ms | not 200 | processor, us "
    "| asked of Vapi, per read | AVA to it: median (least-most) |\n|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Case:
    """Something that is asked of several of them, the first of which is AVA."""

    title: str
    path: str
    names: tuple[str, ...]
    fresh: bool = False


IN_MEMORY = ("AVA, memory", "strong FastAPI, memory", "plain FastAPI, memory")
IN_REDIS = ("AVA, Redis", "strong FastAPI, Redis", "plain FastAPI, Redis")
CASES = (
    Case("cached in memory", READ, (*IN_MEMORY, "Django's floor")),
    Case("cached in Redis", READ, IN_REDIS),
    Case("not cached", READ, IN_MEMORY, fresh=True),
    Case("`/healthz`", "/healthz", (*IN_MEMORY[:2], "Django's floor", CEILING)),
)


@dataclass(frozen=True)
class Figures:
    """One load, the processor time of one request, and the requests to Vapi that it led to."""

    load: Load
    processor: float
    asked: float

    def columns(self) -> tuple[float, ...]:
        return self.load.p50, self.load.p99, self.load.refused, self.processor, self.asked


Found = dict[tuple[Case, str], list[Figures]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/bench reads")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.5)
    asked = parser.parse_args()
    if not is_installed():
        sys.exit(f"The peers' packages are missing: {INSTALL}")
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as directory, RedisServer() as redis, vapi() as upstream:
        with everyone(Path(directory), upstream, redis) as served:
            served[CEILING] = Served(upstream, os.getpid(), ("",))
            found = _rounds(served, upstream, asked.rounds, asked.seconds)
        stored = f"Redis {redis.client.info('server')['redis_version']}"
    text = "\n\n".join(
        (
            f"{versions('django', 'granian')}, {_peer_versions()}, {stored}. {asked.rounds} rounds "
            f"of {asked.seconds:g} s, {CLIENTS} clients; load average of the machine before: "
            f"{before:.0f} on {os.cpu_count()} cores.{BUSY if before > 1 else ''}",
            "\n".join((HEADING, *(row for case in CASES for row in _rows(case, found)))),
        )
    )
    print(text)
    fill(PAGE, "reads", text)
    return 0


def _rounds(served: dict[str, Served], upstream: str, rounds: int, seconds: float) -> Found:
    found: Found = {(case, name): [] for case in CASES for name in case.names}
    for number in range(rounds):
        chance = random.Random(number)
        for case in chance.sample(CASES, len(CASES)):
            # Those that are compared, one right after the other.
            for name in chance.sample(case.names, len(case.names)):
                found[case, name].append(_measure(served[name], case, upstream, seconds))
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return found


def _measure(served: Served, case: Case, upstream: str, seconds: float) -> Figures:
    headers = {"Cache-Control": "no-cache"} if case.fresh else {}
    # One first, so that a copy is there for the many.
    authorization = {"Authorization": f"Bearer {served.tokens[0]}"}
    requests.get(served.url + case.path, headers=authorization, timeout=30)
    load(served, case.path, WARM_SECONDS, **headers)
    used, asked = served.processor_seconds(), _asked(upstream)
    done = load(served, case.path, seconds, **headers)
    used, asked = served.processor_seconds() - used, _asked(upstream) - asked
    return Figures(done, used / done.requests, asked / done.requests)


def _asked(upstream: str) -> int:
    return int(requests.get(f"{upstream}/count", timeout=10).text)


def _rows(case: Case, found: Found) -> list[str]:
    ours = [one.load.rate for one in found[case, case.names[0]]]
    rows = [f"| **{case.title}** | | | | | | |"]
    for name in case.names:
        all_rounds = found[case, name]
        rates = [one.load.rate for one in all_rounds]
        p50, p99, refused, processor, asked = (
            statistics.median(values)
            for values in zip(*(one.columns() for one in all_rounds), strict=True)
        )
        own = name != CEILING
        cells = (
            name,
            _spread(rates, 0),
            f"{p50:.1f} / {p99:.1f}",
            f"{refused:.1%}" if refused else "",
            f"{processor * 1e6:.0f}" if own else "",
            f"{asked:.2f}" if case.fresh else "",
            _ratio(ours, rates) if own and name != case.names[0] else "",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    return _spread([our / their for our, their in zip(ours, theirs, strict=True)], 2)


def _spread(values: Sequence[float], digits: int) -> str:
    least, most = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({least:.{digits}f}-{most:.{digits}f})"


def _peer_versions() -> str:
    code = (
        "import sys; from importlib.metadata import version; "
        "print(', '.join(f'{name} {version(name)}' for name in sys.argv[1:]))"
    )
    python = str(ENVIRONMENT / "bin" / "python")
    command = [python, "-c", code, *PEER_PACKAGES]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
