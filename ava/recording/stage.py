"""Stage of a replay: an AVA and a sandbox, over HTTP."""

import re
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urljoin

import requests

from ava.http import correlation
from ava.recording.parts import Account, Found
from ava.recording.tracks import Happening

TIMEOUT = 60
_API = "/api/v1"
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class StageBroken(Exception):
    """The stage does not do what it must; the message is a sentence."""


@dataclass(frozen=True)
class Answered:
    """AVA's answer to a request."""

    status: int
    body: Any


class Stage(Protocol):
    """Where a scenario is played."""

    def ask(self, method: str, path: str, body: Any, *, correlation_id: str) -> Answered:
        """Send a request to AVA."""

    def order(self, what: str, body: Any) -> Any:
        """Order something of the sandbox (`POST /_sandbox/{what}`). Raises: StageBroken."""

    def connect(self, provider: str, account: Account) -> None:
        """Give the user an account at a provider, its webhooks included. Raises: StageBroken."""

    def find(self, found: Found) -> str:
        """The ID of something in the sandbox, made ready. Raises: StageBroken."""

    def effects(self) -> dict[str, int]:
        """How many calls rang, and messages and mails left."""

    def pass_time(self) -> None:
        """Let AVA's background work go on for a moment."""

    def is_still(self) -> bool:
        """Whether nothing more is to come. False where that cannot be seen."""


@dataclass
class HttpStage:
    """AVA and the sandbox at their addresses, with a user's access token."""

    ava: str
    sandbox: str
    token: str
    pause: float = 0.1
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False  # both are on this machine

    def ask(self, method: str, path: str, body: Any, *, correlation_id: str) -> Answered:
        headers = {"Authorization": f"Bearer {self.token}", correlation.HEADER: correlation_id}
        url = self.ava + path
        found = self.session.request(method, url, json=body, headers=headers, timeout=TIMEOUT)
        is_json = "json" in found.headers.get("Content-Type", "")
        return Answered(found.status_code, found.json() if is_json else None)

    def order(self, what: str, body: Any) -> Any:
        url = f"{self.sandbox}/_sandbox/{what}"
        found = self.session.post(url, json=body, timeout=TIMEOUT)
        if not found.ok:
            raise StageBroken(f"The sandbox did not take {what}: {found.json()['error']}")
        return found.json()

    def connect(self, provider: str, account: Account) -> None:
        if account.consent:
            self._allow(account)
            return
        path = f"{_API}/integrations/{provider}/credentials"
        fields: dict[str, Any] = {**account.fields}
        if account.port:
            url = f"{self.sandbox}/_sandbox/{account.port}"
            port = self.session.get(url, timeout=TIMEOUT).json()["port"]
            fields["port"] = port
        shown = self._stored(path, fields)
        if account.hooks:
            asked = {
                "endpoint": urljoin(self.ava, shown["webhook_url"]),
                "events": [*account.events],
            }
            headers = {"Authorization": f"Bearer {account.key}"}
            url = self.sandbox + account.hooks
            found = self.session.post(url, json=asked, headers=headers, timeout=TIMEOUT).json()
            self._stored(path, {**fields, "webhook_secret": found["signing_secret"]})

    def _allow(self, account: Account) -> None:
        """Go to the provider's page as a browser does, and say yes."""
        if account.token is not None:
            self.order("oauth", account.token)
        given = self.ask("POST", account.consent, None, correlation_id=correlation.new())
        link = dict(given.body).get("authorization_url", "")
        with requests.Session() as browser:
            browser.trust_env = False
            browser.headers["Accept"] = "text/html"
            token = _CSRF.search(browser.get(link, timeout=TIMEOUT).text)
            form = {"csrfmiddlewaretoken": token[1] if token else ""}
            page = browser.post(link, data=form, timeout=TIMEOUT).url
            if not browser.post(page, data={"decision": "allow"}, timeout=TIMEOUT).ok:
                raise StageBroken("AVA did not get access to the sandbox's calendar.")

    def _stored(self, path: str, fields: dict[str, Any]) -> dict[str, str]:
        answered = self.ask("PUT", path, fields, correlation_id=correlation.new())
        if answered.status >= 400:
            raise StageBroken("AVA did not take the sandbox's credentials.")
        return dict(answered.body)

    def find(self, found: Found) -> str:
        url, headers = self.sandbox + found.path, {"Authorization": f"Bearer {found.key}"}
        first = self.session.get(url, headers=headers, timeout=TIMEOUT).json()[0]["id"]
        url = f"{url}/{first}"
        changed = self.session.patch(url, json=found.change, headers=headers, timeout=TIMEOUT)
        if not changed.ok:
            raise StageBroken(f"The sandbox did not change what is at {found.path}.")
        return str(first)

    def effects(self) -> dict[str, int]:
        found = self.session.get(f"{self.sandbox}/_sandbox/effects", timeout=TIMEOUT).json()
        return {name: len(rows) for name, rows in found.items() if rows}

    def pass_time(self) -> None:
        time.sleep(self.pause)

    def is_still(self) -> bool:
        return False


def story(stage: Stage, correlation_id: str) -> list[Happening]:
    """What happened on the stage under an ID."""
    path = f"{_API}/activity/{correlation_id}"
    answered = stage.ask("GET", path, None, correlation_id=correlation.new())
    if answered.status != 200:
        raise StageBroken(f"AVA did not tell what happened ({answered.status}).")
    return [
        Happening(
            at=datetime.fromisoformat(one["at"]).timestamp(),
            kind=one["kind"],
            summary=one["summary"],
            status=one["status"],
            link=next(iter(one["links"].values()), ""),
            duration_ms=one["duration_ms"] or 0.0,
        )
        for one in answered.body["entries"]
    ]
