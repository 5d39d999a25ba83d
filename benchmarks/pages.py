"""Costs of the console's pages beyond their data: `python -m benchmarks.pages [ROUTE...]`.

Every page of `tests/walls/rooms.py` that answers GET, for somebody whose lists go on after their
first page; the sandbox plays the providers. Requests in one process through AVA's WSGI application,
on SQLite. Milliseconds of the thread's processor time, each the quickest of 41, as other work only
adds to it. Prints the table; of all pages it writes it to docs/BENCHMARKS.md.
"""

import io
import logging
import os
import re
import sys
from typing import Any

from benchmarks.comparison import PAGE
from benchmarks.table import versions

BEGIN, END = "<!-- pages -->", "<!-- /pages -->"
REPEATS, WARM = 41, 5
COLUMNS = ("beyond its data", "rendering", "rest", "whole", "SQL", "view", "KiB")


def measure(routes: list[str]) -> None:
    import django

    django.setup()
    logging.disable(logging.CRITICAL)

    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from benchmarks.furnished import furnish
    from benchmarks.processor import Clock, follow
    from sandbox.server import Sandbox
    from tests.walls.rooms import FRAMES, ROOMS

    settings.RATE_LIMIT_PER_MINUTE, settings.SANDBOX = 10_000_000, True
    settings.ALLOWED_HOSTS = ["*"]
    # Names with hashes, as in production, which cost more than others.
    hashed = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES["staticfiles"]["BACKEND"] = hashed
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("migrate", verbosity=0)
    with Sandbox(smtp_port=0) as sandbox:
        user, ids = furnish(sandbox)
        browser, clock = Client(), Clock()
        browser.force_login(user)
        follow(clock)
        load = f"load average {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
        lines = [
            f"{versions('django')}; {load}.",
            "",
            f"| page | {' | '.join(COLUMNS)} |",
            "|---" * (len(COLUMNS) + 1) + "|",
        ]
        print("\n".join(lines))
        for route, tries in ROOMS.items():
            path = tries[0].path.format_map(ids)
            if path not in FRAMES and (not routes or route in routes):
                lines += _show(clock, route, path, browser.cookies["sessionid"].value)
    if not routes:
        text = "\n".join([BEGIN, *lines, END])
        PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: text, PAGE.read_text(), flags=re.S))


def _show(clock: Any, route: str, path: str, session: str) -> list[str]:
    """The page's line; none where it takes forms only, or leads elsewhere."""
    status, size = get(path, session)
    if status != 200:
        return []
    times = [clock.time(lambda: get(path, session)) for _ in range(WARM + REPEATS)][WARM:]

    def least(*parts: str) -> str:
        return f"{min(sum(one[part] for part in parts) for one in times):.1f}"

    cells = [
        least("rendering", "rest"), least("rendering"), least("rest"),
        least("sql", "view", "rendering", "rest"), least("sql"), least("view"),
        f"{size / 1024:.0f}",
    ]  # fmt: skip
    line = f"| `/{route}` | {' | '.join(cells)} |"
    print(line, flush=True)
    return [line]


def get(path: str, session: str) -> tuple[int, int]:
    """Status, and bytes of the body."""
    from ava.wsgi import application

    statuses: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost", "HTTP_ACCEPT": "text/html", "HTTP_COOKIE": f"sessionid={session}",
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
    }  # fmt: skip
    answer: Any = application(environ, lambda status, _: statuses.append(status))
    size = sum(map(len, answer))
    answer.close()  # which ends the request: its connection, and what its signals do
    return int(statuses[0].split()[0]), size


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    measure(sys.argv[1:])
