"""Faults of AVA's own processes: killed, and stopped in order."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.deployment import Deployment
from tests.faults.faults import Fault
from tests.faults.ledger import NO_ANSWER

UNANSWERED = frozenset({NO_ANSWER})


@contextmanager
def web_worker_killed(ava: Deployment) -> Iterator[None]:
    ava.kill_one_web_worker()
    yield


@contextmanager
def web_restarted(ava: Deployment) -> Iterator[None]:
    assert ava.stop(signal.SIGTERM) == 0, "AVA did not end in order"
    yield
    ava.start()
    ava.login()


@contextmanager
def worker_killed(ava: Deployment) -> Iterator[None]:
    ava.stop_worker(signal.SIGKILL)
    yield
    ava.start_worker()


WEB_WORKER_KILLED = Fault("One of two web workers is killed", web_worker_killed, 3, UNANSWERED)
WEB_RESTARTED = Fault("The web server gets SIGTERM, and is started", web_restarted, 1, UNANSWERED)
WORKER_KILLED = Fault("`manage.py work` is killed, and started", worker_killed, 3)
