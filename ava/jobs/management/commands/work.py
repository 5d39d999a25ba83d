"""`manage.py work`."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from ava.activity.services import Writer, write
from ava.jobs import services
from ava.jobs.loop import Loop
from ava.management import base as commands
from ava.management.base import several
from ava.observability import reporting

ABOUT = """\
Do AVA's background work: settle calls whose answer got lost, work through webhooks, send what was
scheduled, delete old rows. AVA's web workers do this by themselves; run this command beside them
for more hands. Any number of them may run at once. Stop it with Ctrl-C or SIGTERM: it finishes what
it has begun. Killed, it loses nothing: another one takes over within about ten seconds.

With CELERY_BROKER_URL set it hands the work to Celery's workers instead of doing it.
"""


class Command(commands.Command):
    help = ABOUT
    done = "done, or stopped"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once",
            action="store_true",
            help="do here what is due now, then exit; for cron, and for a look at what happens",
        )

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        services.ensure_periodic()
        reporting.start()
        if once:
            self.stdout.write(f"{several(services.run_due(), 'job', 'jobs')} run.")
            write()
            reporting.stop()
            return
        stopped = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda number, frame: stopped.set())
        loop, activity = Loop().start(), Writer().start()
        doing = "Sending due jobs to Celery" if settings.CELERY_BROKER_URL else "Working"
        self.stdout.write(f"{doing}. Stop with Ctrl-C.")
        self.stdout.flush()
        stopped.wait()
        loop.stop()
        activity.stop()
        reporting.stop()
