"""The REST API as the page of another origin uses it, in a real Chromium."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import browser
from tests.server import PASSWORD, RunningAva

pytestmark = [pytest.mark.slow, browser.needed]

# What the page does, and what it can read of each answer.
SCRIPT = """
const api = %(api)s, seen = {};
let token = "";
async function call(name, method, path, {headers = {}, body} = {}) {
  try {
    const answer = await fetch(api + path, {
      method, body, headers: {...(token && {Authorization: "Bearer " + token}), ...headers},
    });
    const text = await answer.text();
    seen[name] = {status: answer.status, headers: Object.fromEntries(answer.headers),
                  body: text && JSON.parse(text)};
  } catch (fault) { seen[name] = {status: String(fault)}; }
  return seen[name];
}
const json = {"Content-Type": "application/json"};
const login = await call("login", "POST", "/auth/login", {headers: json, body: JSON.stringify(
  {identifier: "demo@example.com", password: %(password)s})});
token = login.body?.access_token ?? "";
const path = "/vapi/settings/greeting_message";
const read = await call("read", "GET", path);
const change = (value, more) => ({headers: {...json, ...more}, body: JSON.stringify({value})});
const tag = {"If-Match": read.headers?.etag};
await call("known", "GET", path, {headers: {"If-None-Match": read.headers?.etag}});
await call("fresh", "GET", path, {headers: {"Cache-Control": "no-cache"}});
await call("edit", "PUT", path, change("From a browser", tag));
await call("late edit", "PUT", path, change("Too late", tag));
await call("not found", "GET", "/nowhere");
await call("not taken", "DELETE", "/auth/me");
await call("csv", "PUT", path, {headers: {"Content-Type": "text/csv"}, body: "a,b"});
await call("too large", "PUT", path, change("x".repeat(1200000)));
await call("named", "GET", "/auth/me", {headers: {
  "X-Correlation-ID": "from-a-page", "Idempotency-Key": "one",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}});
await call("fault", "GET", "/twilio/messages/bulk");
await call("webhook", "POST", "/webhooks/vapi", {headers: json, body: "{}"});
token = "nonsense";
await call("no login", "GET", "/integrations");
for (let i = 0; i < 12; i++) await call("too often", "GET", "/auth/me");
return seen;
"""


@pytest.fixture(scope="module")
def pages() -> Iterator[tuple[browser.Page, browser.Page]]:
    with browser.page() as ours, browser.page() as strange:
        yield ours, strange


@pytest.fixture(scope="module")
def ava(
    pages: tuple[browser.Page, browser.Page], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningAva]:
    data = tmp_path_factory.mktemp("browser") / "var"
    origins = f"https://app.example.com,{pages[0].origin}"
    with RunningAva(data, AVA_CORS_ORIGINS=origins, RATE_LIMIT_PER_MINUTE="10") as running:
        with closing(sqlite3.connect(data / "ava.sqlite3")) as database:
            # A fault of AVA's database.
            database.execute("ALTER TABLE telephony_batch RENAME TO telephony_batch_gone")
        yield running


def test_a_page_of_a_named_origin_uses_the_api_and_reads_its_headers(
    pages: tuple[browser.Page, browser.Page], ava: RunningAva, tmp_path: Path
) -> None:
    seen = run(pages[0], ava, tmp_path)
    statuses = {name: answer["status"] for name, answer in seen.items()}
    assert statuses == {
        "login": 200,
        "read": 200,
        "known": 304,
        "fresh": 200,
        "edit": 200,
        "late edit": 412,
        "not found": 404,
        "not taken": 405,
        "csv": 415,
        "too large": 413,
        "named": 200,
        "fault": 503,
        "webhook": "TypeError: Failed to fetch",
        "no login": 401,
        "too often": 429,
    }
    named = {name: set(answer.get("headers", ())) for name, answer in seen.items()}
    for name, headers in named.items():
        assert name == "webhook" or "x-correlation-id" in headers, name
    counted = {f"x-ratelimit-{each}" for each in ("limit", "remaining", "reset")}
    counted |= {"ratelimit", "ratelimit-policy"}
    assert named["login"] >= counted
    assert named["read"] >= {"etag", "age", "cache-control", *counted}
    assert named["edit"] >= {"etag"}
    assert named["late edit"] >= {"etag"}
    assert named["not taken"] >= {"allow"}
    assert named["no login"] >= {"www-authenticate", *counted}
    assert named["too often"] >= {"retry-after", *counted}
    assert seen["named"]["headers"]["x-correlation-id"] == "from-a-page"
    assert seen["fault"]["body"]["code"] == "database_unavailable"


def test_a_page_of_another_origin_reads_nothing(
    pages: tuple[browser.Page, browser.Page], ava: RunningAva, tmp_path: Path
) -> None:
    seen = run(pages[1], ava, tmp_path)
    assert {answer["status"] for answer in seen.values()} == {"TypeError: Failed to fetch"}


def run(page: browser.Page, ava: RunningAva, tmp_path: Path) -> Any:
    values = {"api": json.dumps(f"{ava.url}/api/v1"), "password": json.dumps(PASSWORD)}
    return page.run(SCRIPT % values, tmp_path / "profile")
