"""Laws of every page of the console, from the table of `tests/walls/rooms.py`."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.walls.rooms import FRAMES, ROOMS

pytestmark = pytest.mark.django_db

SHOWN = {one.path for tries in ROOMS.values() for one in tries if "{" not in one.path}
PAGES = sorted(SHOWN - {*FRAMES})
WITHOUT_API = {
    "/login": "it has sessions of its own",
    "/settings/password": "people change theirs, not programs",
    "/settings/tokens": "no token makes tokens",
    "/settings/notifications": "of the console alone",
    "/settings/providers": "charts, each with a CSV",
    "/calls/charts": "charts, each with a CSV",
}
MOST_STATEMENTS = 8
# A story asks the tables of every app once.
MOST_OF_A_STORY = 10


@pytest.fixture(autouse=True)
def sandbox_mode(settings) -> None:
    settings.SANDBOX = True


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    """The pages that were asked for already."""
    return {}


@pytest.fixture(params=PAGES)
def page(request, shown: dict[str, Any]):
    """The page as it is shown first, asked for once; those that only take forms are none."""
    if request.param not in shown:
        browser = request.getfixturevalue("browser")
        shown[request.param] = browser.get(request.param, follow=True)
    if shown[request.param].status_code == 405:
        pytest.skip("takes forms only")
    return shown[request.param]


def test_a_page_has_a_title_one_heading_and_its_content(page) -> None:
    text = page.content.decode()
    assert page.status_code == 200
    assert re.search(r"<title>[^<]*\w[^<]* · AVA</title>", text)
    assert len(re.findall(r"<h1[ >]", text)) == 1
    assert 'id="main"' in text


def test_a_page_brings_no_script_and_no_style_of_its_own(page) -> None:
    text = page.content.decode()
    assert "unsafe-" not in page["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", text)


def test_a_page_is_kept_nowhere(page) -> None:
    assert page["Cache-Control"] == "no-store, private"


def test_each_form_of_a_page_is_guarded_and_each_script_has_a_link_behind_it(page) -> None:
    text = page.content.decode()
    for form in re.findall(r"<form\b.*?</form>", text, re.S):
        if 'method="post"' in form:
            assert "csrfmiddlewaretoken" in form, form
        if "hx-post" in form:
            assert 'method="post"' in form, form
    for link in re.findall(r"<a\b[^>]*hx-get[^>]*>", text):
        assert "href=" in link, link


def test_what_the_api_does_as_well_is_there_as_curl(page) -> None:
    address, text = page.wsgi_request.path, page.content.decode()
    main = text[text.index('id="main"') :].partition("</main>")[0]
    if "<table" not in main and 'method="post"' not in main:
        pytest.skip("no form and no list")
    assert ("Copy as curl" in main) is (address not in WITHOUT_API)


def test_each_id_on_a_page_is_there_once(page) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page.content.decode())
    assert sorted(ids) == sorted(set(ids))


def test_the_style_guide_shows_each_component(browser: Client) -> None:
    folder = settings.BASE_DIR / "templates"
    components = {str(each.relative_to(folder)) for each in (folder / "ui").glob("*.html")}
    page = browser.get("/styleguide")
    kept = {"ui/badge.html"}  # rendered once for each state
    assert components - kept <= {each.name for each in page.templates}
    assert 'class="badge' in page.content.decode()


@pytest.mark.parametrize("address", PAGES)
def test_a_page_costs_few_statements(browser: Client, address: str) -> None:
    browser.get(address)
    with CaptureQueriesContext(connection) as found:
        browser.get(address)
    is_story = address.startswith("/activity/")
    assert len(found) <= (MOST_OF_A_STORY if is_story else MOST_STATEMENTS)


@pytest.mark.parametrize("address", FRAMES)
def test_what_is_framed_can_do_nothing_and_is_framed_by_ava_alone(
    browser: Client, address: str
) -> None:
    policy = browser.get(address)["Content-Security-Policy"].split("; ")
    assert {"sandbox", "default-src 'none'", "frame-ancestors 'self'"} <= {*policy}
    assert not any("script" in rule for rule in policy)
