"""Kinds of requests whose cost `benchmarks.capacity` measures, as people and providers send."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import requests

from ava.conf.env import BASE_DIR
from benchmarks import callers
from benchmarks.webhooks import SECRET
from tests.server import PASSWORD, RunningAva

CLIENTS, JOBS = 8, 100
PAIR = {"to": "+15005550010", "from": "+15005550006"}
MAIL = {"to": ["person@example.com"], "subject": "Your visit", "text": "At ten."}
_GIVE_UP_SECONDS = 120


@dataclass(frozen=True)
class Load:
    """So many of one kind.

    Attributes:
        ask: sends the n-th.
        goes_on: whether jobs and webhooks follow.
        clients: so many at once.
        each: how many one `ask` makes.
    """

    name: str
    ask: Callable[[int], None]
    count: int
    goes_on: bool = True
    clients: int = CLIENTS
    each: int = 1

    def settle(self, under_way: Callable[[], bool]) -> None:
        """Wait until nothing of them is under way."""
        give_up = time.monotonic() + _GIVE_UP_SECONDS
        while self.goes_on and under_way():
            assert time.monotonic() < give_up, f"{self.name}: it does not end"
            time.sleep(0.5)


def of(ava: RunningAva) -> Iterator[Load]:
    people = People(ava)
    settings = "/api/v1/vapi/settings"
    fresh = {"Cache-Control": "no-cache"}
    yield Load("read from a copy", people.api("GET", settings), 2000, goes_on=False)
    yield Load("read of Vapi", people.api("GET", settings, headers=fresh), 1000, goes_on=False)
    edit = people.api("PUT", f"{settings}/temperature", json=lambda n: {"value": n % 10 / 10})
    # One person's at a time: AVA refuses a second one.
    yield Load("edit of a setting", edit, 200, clients=1)
    message = people.api(
        "POST", "/api/v1/twilio/messages", json=lambda n: {**PAIR, "body": f"Hi {n}"}
    )
    yield Load("message", message, 200)
    call = people.api("POST", "/api/v1/twilio/calls", json=lambda n: {**PAIR, "say": f"Hello {n}"})
    yield Load("call", call, 200)
    mail = people.api("POST", "/api/v1/integrations/email/messages", json=lambda n: MAIL)
    yield Load("mail", mail, 200)
    # Now that there are rows.
    listed = people.api("GET", "/api/v1/twilio/messages?limit=50")
    yield Load("list of 50", listed, 300, goes_on=False)
    yield Load("page of the console", people.page, 300, goes_on=False)
    yield Load("webhook", people.webhook, 400)
    yield Load("job that does nothing", people.jobs, 10, clients=1, each=JOBS)


class People:
    """Clients with connections of their own, logged in at the API and at the console."""

    def __init__(self, ava: RunningAva) -> None:
        self._ava = ava
        self._mine = threading.local()
        kept = ava.call("GET", "/integrations/vapi/credentials").json()
        self._hooks = callers.of_assistant(kept["webhook_url"], SECRET)
        self._next = threading.Lock()

    def api(
        self,
        method: str,
        path: str,
        *,
        json: Callable[[int], object] | None = None,
        **given: object,
    ) -> Callable[[int], None]:
        def ask(number: int) -> None:
            body = {"json": json(number)} if json else {}
            self._sent(method, path, **body, **given)

        return ask

    def page(self, number: int) -> None:
        """A room, another each time."""
        self._sent("GET", ("/", "/calls", "/messages", "/mail", "/activity")[number % 5])

    def webhook(self, _: int) -> None:
        with self._next:
            hook = next(self._hooks)
        self._sent("POST", hook.path, data=hook.body, headers=hook.headers)

    def jobs(self, _: int) -> None:
        """Asked for by another process, whose time is its own."""
        defer = (sys.executable, "-m", "benchmarks.work", "defer", "noop", "0", str(JOBS), "0")
        environment = {**self._ava.environment, "DJANGO_SETTINGS_MODULE": "ava.settings"}
        subprocess.run(defer, cwd=BASE_DIR, env=environment, check=True)

    def _sent(self, method: str, path: str, **given: object) -> None:
        answer = self._session.request(method, self._ava.url + path, timeout=60, **given)  # type: ignore[arg-type]
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)

    @property
    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._mine, "session", None)
        if session is None:
            session = self._mine.session = requests.Session()
            form = session.get(f"{self._ava.url}/login", timeout=30)
            token = form.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
            login = {"username": "demo@example.com", "password": PASSWORD}
            login["csrfmiddlewaretoken"] = token
            session.post(f"{self._ava.url}/login", data=login, timeout=30).raise_for_status()
            session.headers["Authorization"] = str(self._ava.session.headers["Authorization"])
        return session
