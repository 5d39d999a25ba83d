"""Several worker processes are one AVA from outside."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from ava.conf.env import BASE_DIR
from tests.pinned import only
from tests.redis import RedisServer
from tests.server import RunningAva, alive, until

pytestmark = pytest.mark.slow

WORKERS = 3
HEALTHZ = (
    "django_http_requests_latency_seconds_by_view_method_count",
    ("method", "GET"),
    ("view", "healthz"),
)
STATE = ("circuit_breaker_state", ("service", "vapi"))
SETTINGS = "/vapi/settings"
FRESH = {"Cache-Control": "no-cache"}
Samples = dict[tuple[object, ...], float]


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@contextmanager
def running(data_dir: Path, redis: RedisServer) -> Iterator[RunningAva]:
    environment = {"WEB_CONCURRENCY": str(WORKERS), "REDIS_URL": redis.url}
    with RunningAva(data_dir / "var", **environment) as ava:
        until(lambda: len(ava.workers()) == WORKERS)
        yield ava


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, redis: RedisServer) -> Iterator[RunningAva]:
    with running(tmp_path_factory.mktemp("workers"), redis) as ava:
        yield ava


@pytest.fixture
def ava(server: RunningAva) -> RunningAva:
    """Started anew where the test before has ended it."""
    if server.process.poll() is not None:
        server.start()
    server.heal()
    server.forget_requests()
    until(lambda: len(server.workers()) == WORKERS)
    return server


def scrape(ava: RunningAva, client: Any = requests) -> Samples:
    answer = client.get(f"{ava.url}/metrics", timeout=10)
    assert answer.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def scrapes(ava: RunningAva) -> list[Samples]:
    """What each worker answers."""
    found = []
    for pid in ava.workers():
        with only(ava, pid) as session:
            found.append(scrape(ava, session))
    return found


def healthz(ava: RunningAva, times: int, client: Any = requests) -> None:
    for _ in range(times):
        assert client.get(f"{ava.url}/healthz", timeout=10).ok


def test_requests_to_different_workers_are_counted_once_whoever_is_scraped(
    ava: RunningAva,
) -> None:
    before = scrape(ava)[HEALTHZ]
    for pid in ava.workers():
        with only(ava, pid) as session:
            healthz(ava, 5, session)
    assert [s[HEALTHZ] - before for s in scrapes(ava)] == [5 * WORKERS] * WORKERS


def test_a_killed_worker_is_replaced_and_no_count_goes_back(ava: RunningAva) -> None:
    for pid in ava.workers():
        with only(ava, pid) as session:
            healthz(ava, 3, session)
    before = scrape(ava)
    pids = ava.workers()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(ava.workers()) == WORKERS and not ava.workers() & pids)
    until(lambda: ava.accepting() == WORKERS)
    healthz(ava, 1)
    after = scrape(ava)
    counts = [key for key in before if str(key[0]).endswith(("_total", "_count", "_bucket"))]
    assert [key for key in counts if after[key] < before[key]] == []
    assert after[HEALTHZ] >= before[HEALTHZ] + 1
    # The next holder of a number writes into the files of the last one.
    holders = {name.removesuffix(".db").rpartition("_")[2] for name in ava.metric_files()}
    assert holders == {"arbiter", *map(str, range(WORKERS))}


def test_every_documented_metric_is_served_with_several_workers(ava: RunningAva) -> None:
    answer = requests.get(f"{ava.url}/metrics", timeout=10).text
    from tests.test_docs import metrics_listed

    served = {line.split()[2] for line in answer.splitlines() if line.startswith("# TYPE")}
    assert metrics_listed().keys() - served == set()


def test_a_breakers_state_is_one_series_whichever_worker_answers(ava: RunningAva) -> None:
    for samples in scrapes(ava):
        states = [key for key in samples if key[0] == "circuit_breaker_state"]
        assert STATE in states
        assert len(states) == len(set(states))
        assert not any("pid" in dict(key[1:]) for key in samples)  # type: ignore[call-overload]


def test_the_bulkheads_of_living_workers_are_added_up(redis: RedisServer, tmp_path: Path) -> None:
    # Its own server: AVA ends where a worker dies twice within seconds.
    with running(tmp_path, redis) as ava:
        bulkheads_are_added_up(ava)


def bulkheads_are_added_up(ava: RunningAva) -> None:
    def gauge(name: str) -> float:
        # A connection that waits at a worker that dies is reset.
        with suppress(requests.ConnectionError):
            return scrape(ava).get((name, ("service", "vapi")), 0)
        return -1

    until(lambda: gauge("ava_bulkhead_size") == 16 * WORKERS)
    assert gauge("ava_retry_budget_tokens") == 10 * WORKERS
    assert gauge("ava_bulkhead_in_use") == 0
    ava.login()
    ava.fault(provider="vapi", kind="hang")
    busy = next(iter(ava.workers()))
    with only(ava, busy) as session:
        asked = threading.Thread(target=ask_and_forget, args=(ava, session))
        asked.start()
        ava.await_arrival("GET")
        until(lambda: gauge("ava_bulkhead_in_use") == 1)
        os.kill(busy, signal.SIGKILL)
        asked.join()
    # It died in the middle; nothing is under way any more.
    until(lambda: gauge("ava_bulkhead_in_use") == 0)
    until(lambda: gauge("ava_bulkhead_size") == 16 * WORKERS)
    ava.heal()


def ask_and_forget(ava: RunningAva, session: requests.Session) -> None:
    with pytest.raises(requests.RequestException):
        session.get(f"{ava.url}/api/v1/vapi/settings", timeout=30)


def test_made_up_methods_and_paths_add_no_series(ava: RunningAva) -> None:
    def strange(number: int, client: Any = requests) -> None:
        client.request(f"BREW{number}", f"{ava.url}/healthz", timeout=10)
        client.get(f"{ava.url}/nowhere/{number}", timeout=10)
        client.get(f"{ava.url}/api/v1/nowhere/{number}", timeout=10)

    for pid in ava.workers():
        with only(ava, pid) as session:
            strange(0, session)
            scrape(ava, session)
    before = set(scrape(ava))
    for number in range(1, 20):
        strange(number)
    assert set(scrape(ava)) == before


def test_three_failures_on_three_workers_open_the_breaker_for_all(
    ava: RunningAva, redis: RedisServer, tmp_path: Path
) -> None:
    ava.login()
    opens = ("circuit_breaker_opens_total", ("service", "vapi"))
    before = scrape(ava)[opens]
    ava.fault(provider="vapi", kind="status", status=500)
    assert [read_anew(ava, pid) for pid in ava.workers()] == [502] * WORKERS
    ava.heal()
    ava.forget_requests()
    assert [read_anew(ava, pid) for pid in ava.workers()] == [503] * WORKERS
    assert ava.arrived() == []
    assert scrape(ava)[opens] - before == 1
    assert {samples[STATE] for samples in scrapes(ava)} == {2}

    # An AVA with another directory and another database of the same Redis knows nothing of it.
    with RunningAva(tmp_path / "other", REDIS_URL=f"redis://127.0.0.1:{redis.port}/1") as other:
        assert other.login().call("GET", SETTINGS, headers=FRESH).status_code == 200
        assert scrape(other)[STATE] == 0

    order = ["manage.py", "breakers", "reset", "vapi", "--reason", "Vapi is well again"]
    subprocess.run([sys.executable, *order], cwd=BASE_DIR, env=ava.environment, check=True)
    assert [read_anew(ava, pid) for pid in ava.workers()] == [200] * WORKERS
    assert {samples[STATE] for samples in scrapes(ava)} == {0}


def read_anew(ava: RunningAva, pid: int) -> int:
    """What this worker answers when it has to ask Vapi."""
    with only(ava, pid) as session:
        return session.get(f"{ava.url}/api/v1{SETTINGS}", headers=FRESH, timeout=30).status_code


def test_a_stop_finishes_the_requests_of_every_worker(ava: RunningAva) -> None:
    answers: list[int] = []
    ava.login()
    ava.fault(provider="vapi", kind="slow", delay_ms=4000)
    asked = []
    for pid in ava.workers():
        sent = len(ava.arrived())
        asked.append(threading.Thread(target=verify, args=(ava, pid, answers)))
        asked[-1].start()
        until(lambda: len(ava.arrived()) > sent)  # noqa: B023
    pids = ava.workers()
    assert ava.stop(signal.SIGTERM) == 0
    for thread in asked:
        thread.join()
    assert answers == [200] * WORKERS
    assert not any(alive(pid) for pid in pids)


def verify(ava: RunningAva, pid: int, answers: list[int]) -> None:
    url = f"{ava.url}/api/v1/integrations/vapi/credentials/verify"
    with only(ava, pid) as session:
        answers.append(session.post(url, timeout=30).status_code)


def test_a_kill_of_the_first_process_leaves_none_behind(ava: RunningAva) -> None:
    pids = ava.children()
    assert len(pids) == WORKERS + 1  # the sandbox, too
    ava.process.kill()
    ava.process.wait()
    until(lambda: not any(alive(pid) for pid in pids))
