import signal
import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.core.management.base import CommandError

from ava.management import base as commands
from ava.server.played import CannotPlay
from integrations.drill import alerts
from integrations.drill.promises import Reply, Row, all_kept, rows
from integrations.drill.rehearsal import Rehearsal
from integrations.drill.scenes import SCENES
from integrations.drill.stage import CannotRehearse, Stage


class Command(commands.Command):
    help = (
        "Rehearse an outage: break a provider on purpose, show what users get meanwhile, let it "
        "recover, and compare what was seen with what AVA promises. It starts an AVA and a sandbox "
        "of its own in a temporary directory, with free ports and an empty environment: no real "
        "provider, no database and no user of yours is touched, wherever it is run. Takes less "
        "than a minute. Where Prometheus is installed, AVA's alert rules are watched as well."
    )
    done = "all as promised"
    not_done = ("a promise was not kept", "the drill could not take place")
    # Of the operator's own database nothing is needed, nor of the rest.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "provider",
            nargs="?",
            choices=tuple(SCENES),
            default="vapi",
            help="the one that breaks (default: %(default)s)",
        )

    def handle(self, *args: Any, provider: str, **options: Any) -> None:
        # What it started ends with it.
        before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
        try:
            found = self._rehearse(provider)
        except (CannotPlay, CannotRehearse) as fault:
            raise CommandError(str(fault)) from fault
        except KeyboardInterrupt:
            raise CommandError("Broken off. What it had started has ended.") from None
        finally:
            signal.signal(signal.SIGTERM, before)
        self._table(found)
        if not all_kept(found):
            raise CommandError("Not all is as promised.")
        self.stdout.write(self.style.SUCCESS("All as promised."))

    def _rehearse(self, provider: str) -> list[Row]:
        self.stdout.write(
            "A drill, on an AVA and a sandbox of its own. Nothing of yours is touched. Starting..."
        )
        with ExitStack() as stack:
            stage, watched = Stage(), None
            if alerts.is_installed():
                watched = stack.enter_context(alerts.Alerts(stage.metrics))
            stack.enter_context(stage)
            self._began = time.monotonic()
            return list(rows(Rehearsal(provider, stage, watched, self._say).run()))

    def _say(self, sentence: str, reply: Reply | None) -> None:
        at = f"{time.monotonic() - self._began:6.1f} s  "
        if reply is None:
            self.stdout.write(at + self.style.MIGRATE_HEADING(sentence))
            return
        paint = self.style.SUCCESS if reply.status < 300 else self.style.WARNING
        got = paint(f"{reply.status} in {reply.seconds * 1000:.0f} ms")
        self.stdout.write(f"{at}{sentence}: {got}  {reply.detail}".rstrip())

    def _table(self, found: list[Row]) -> None:
        cells = [
            ("", "promised", "seen"),
            *((one.promise, one.promised, one.seen) for one in found),
        ]
        widths = [max(len(line[column]) for line in cells) for column in range(2)]
        marks = [" ", *(self._mark(one.kept) for one in found)]
        self.stdout.write("")
        for mark, (promise, promised, seen) in zip(marks, cells, strict=True):
            line = f"{promise:<{widths[0]}}  {promised:<{widths[1]}}  {seen}"
            self.stdout.write(f"{mark:<10}{line}".rstrip())

    def _mark(self, kept: bool | None) -> str:
        if kept is None:
            return "left out"
        paint, word = (self.style.SUCCESS, "kept") if kept else (self.style.ERROR, "broken")
        return str(paint(f"{word:<10}"))
