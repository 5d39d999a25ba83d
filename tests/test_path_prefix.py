"""AVA below a path (AVA_PUBLIC_URL=https://host/ava), behind a real nginx that keeps it or not."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
import requests
from django.urls import get_resolver

from ava.conf.env import _OWN
from sandbox.twilio import ACCOUNT_SID
from tests import nginx
from tests.ports import free_port
from tests.server import PASSWORD, RunningAva, until
from tests.walls.routes import routes

pytestmark = [pytest.mark.slow, nginx.needed]

PORT = free_port()
URL = f"http://127.0.0.1:{PORT}/ava"
PROXIES = {
    "keeps it": "location /ava { proxy_pass http://127.0.0.1:%d; }",
    "takes it away": "location /ava/ { proxy_pass http://127.0.0.1:%d/; }"
    "location = /ava { proxy_pass http://127.0.0.1:%d/; }",
}


@pytest.fixture(scope="module")
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    data = tmp_path_factory.mktemp("prefix") / "var"
    with RunningAva(data, AVA_PUBLIC_URL=URL, AVA_TRUSTED_PROXIES="1") as running:
        yield running.login()


@pytest.fixture(params=PROXIES, autouse=True)
def proxy(request: pytest.FixtureRequest, ava: RunningAva) -> Iterator[None]:
    with nginx.Nginx(PROXIES[request.param].replace("%d", str(ava.port)), port=PORT):
        yield


def get(address: str, ava: RunningAva | None = None, **more: str) -> requests.Response:
    ask = ava.session if ava else requests
    return ask.get(address, headers=more, timeout=30, allow_redirects=False)


def links(page: requests.Response) -> set[str]:
    assert page.status_code in (200, 404), page.text
    found = re.findall(r'(?:href|src|action)="([^"#]+)"', page.text)
    return {link for link in found if not link.startswith("data:")}


@pytest.mark.parametrize("path", ["/login", "/api/docs", "/admin/login/", "/nowhere"])
def test_all_that_a_page_links_to_is_below_the_path_and_there(path: str) -> None:
    page = get(URL + path, Accept="text/html")
    found = links(page)
    assert found
    for link in found:
        address = urljoin(URL + path, link)
        assert address.startswith(f"{URL}/"), link
        assert get(address).status_code in (200, 302), address


@pytest.mark.parametrize("path", ["", "/"])
def test_a_stranger_comes_to_a_login_below_the_path(path: str) -> None:
    sent = get(URL + path, Accept="text/html")
    assert sent.headers["Location"].startswith("/ava/login?next=%2Fava")


def test_all_that_the_console_links_to_is_below_the_path() -> None:
    person = requests.Session()
    start = person.get(f"{URL}/", timeout=30)
    [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', start.text))
    form = {"csrfmiddlewaretoken": token, "username": "demo@example.com", "password": PASSWORD}
    home = person.post(f"{URL}/login", data=form, timeout=30)
    assert home.url == f"{URL}/"
    for link in links(home):
        assert urljoin(home.url, link).startswith(f"{URL}/"), link


def test_lists_lead_on_below_the_path(ava: RunningAva) -> None:
    first = get(f"{URL}/api/v1/integrations?limit=1", ava).json()
    assert first["next"].startswith(f"{URL}/api/v1/integrations?")
    second = get(first["next"], ava).json()
    assert second["previous"].startswith(f"{URL}/api/v1/integrations?")
    assert second["results"] != first["results"]


def test_the_document_names_the_path(ava: RunningAva) -> None:
    document = get(f"{URL}/api/schema?format=json").json()
    assert document["servers"] == [{"url": "/ava"}]
    assert "/api/v1/auth/me" in document["paths"]
    assert get(f"{URL}/api/docs").text.count("/ava/api/docs?script=") >= 1


def test_an_operator_logs_in_with_cookies_for_the_path_alone() -> None:
    operator = requests.Session()
    start = operator.get(f"{URL}/admin", timeout=30)
    assert start.url.startswith(f"{URL}/admin/login/?next=/ava/admin/")
    [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', start.text))
    form = {"csrfmiddlewaretoken": token, "username": "admin@example.com", "password": PASSWORD}
    done = operator.post(start.url, data={**form, "next": "/ava/admin/"}, timeout=30)
    assert (done.status_code, done.url) == (200, f"{URL}/admin/")
    assert {cookie.path for cookie in operator.cookies} == {"/ava"}
    assert len(operator.cookies) == 3
    page = operator.get(f"{URL}/admin/", timeout=30)
    for link in links(page):
        assert re.match(f"{re.escape(URL)}(/|$)", urljoin(page.url, link)), link


def test_a_call_is_reported_below_the_path(ava: RunningAva) -> None:
    # So that no fetch can overtake the reports.
    match = f"GET /2010-04-01/Accounts/{ACCOUNT_SID}/Calls"
    ava.fault(provider="twilio", kind="status", status=429, match=match)
    body = {"to": "+14155550199", "from": "+15005550006", "say": "Hi"}
    made = ava.session.post(f"{URL}/api/v1/twilio/calls", json=body, timeout=30)
    assert made.status_code == 201, made.text
    address = f"{URL}/api/v1/twilio/calls/{made.json()['id']}"

    def reported() -> bool:
        timeline = get(address, ava).json()["timeline"]
        return any(entry["source"] == "callback" for entry in timeline)

    until(reported)
    ava.heal()
    shown = get(f"{URL}/api/v1/integrations/twilio/credentials", ava).json()["webhook_url"]
    assert shown.startswith(f"{URL}/api/v1/webhooks/twilio/")


@pytest.mark.parametrize("path", ["/healthz", "/ava/healthz"])
def test_probes_ask_with_the_path_or_without(ava: RunningAva, path: str) -> None:
    assert get(f"{ava.url}{path}").json() == {"status": "ok"}


def test_what_only_begins_like_the_path_is_not_below_it(ava: RunningAva) -> None:
    for path in ("/avahealthz", "/ava/ava/healthz", "/ava%2Fhealthz%2F"):
        assert get(f"{ava.url}{path}").status_code == 404


def test_no_path_that_avas_own_addresses_begin_with_can_be_chosen() -> None:
    firsts = {path.split("/")[0] for path, _ in routes(get_resolver())} | {"admin", "static"}
    assert {first for first in firsts if first and "." not in first} == set(_OWN)
