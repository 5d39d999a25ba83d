"""AVA with jobs to measure: `schema`, `defer KIND FIRST COUNT PAUSE [TENANT]`, `work`."""

import sys
import time
from typing import Any

import django
from django.core.management import call_command

from ava import jobs
from benchmarks.effects import note


def noop(payload: dict[str, Any]) -> None:
    note(payload["n"])


def hang(payload: dict[str, Any]) -> None:
    note(payload["n"])
    time.sleep(600)


def register() -> None:
    """These two are all that AVA has to do meanwhile."""
    jobs.kinds.clear()
    jobs.register("noop", noop)
    jobs.register("hang", hang)


def defer(kind: str, first: int, count: int, pause: float, whose: str | None) -> None:
    from django.db import transaction

    from ava.jobs import services

    if not pause:
        with transaction.atomic():
            for n in range(first, first + count):
                services.enqueue(kind, {"n": n}, tenant=whose)
        return
    for n in range(first, first + count):
        print(n, time.time(), flush=True)
        services.enqueue(kind, {"n": n})
        time.sleep(pause)


def main(command: str, *arguments: str) -> None:
    django.setup()
    register()
    if command == "schema":
        call_command("migrate", verbosity=0)
    elif command == "defer":
        kind, first, count, pause, *whose = arguments
        defer(kind, int(first), int(count), float(pause), whose[0] if whose else None)
    else:
        call_command("work")


if __name__ == "__main__":
    main(*sys.argv[1:])
else:  # imported by a worker of Celery's
    register()
