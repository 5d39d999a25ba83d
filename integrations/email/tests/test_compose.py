"""Writing a mail: a preview of what would arrive, sent once, refused at the field that is wrong."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.email.content.catalogue import TEMPLATES
from integrations.email.models import Mail
from integrations.email.suppressions import services as suppressions
from integrations.email.tests.mailing import arrived
from integrations.email.tests.test_pages import ALAN, GRACE, MAIL, htmx, text
from sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
ALARM = {"template": "alarm", "field-title": "The line is down", "to": GRACE}


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_form_has_the_fields_of_its_template_and_shows_a_sample(
    browser: Client, name: str
) -> None:
    page = text(browser.get(f"/mail/new?template={name}"))
    assert set(re.findall(r'name="field-(\w+)"', page)) == set(TEMPLATES[name].fields)
    assert f'src="/mail/templates/{name}/html"' in page
    assert "A sample, until you write something." in page


@pytest.mark.parametrize("headers", [{}, htmx("preview")], ids=["page", "fragment"])
def test_the_preview_shows_what_was_written_and_sends_nothing(
    browser: Client, user: User, headers: dict[str, str]
) -> None:
    page = text(browser.post("/mail/preview", ALARM, headers=headers))
    assert "<strong>The line is down</strong>" in page
    assert "“What it is” is a sample" in page
    assert ("<html" in page) is not headers
    frame = browser.get("/mail/preview")
    assert "The line is down" in frame.content.decode()
    assert not Mail.objects.exists()


def test_another_template_keeps_what_both_have(browser: Client) -> None:
    given = {**ALARM, "template": "invitation", "field-link": "https://example.com/a"}
    form = text(browser.post("/mail/preview", given, headers=htmx("sheet")))
    assert "<html" not in form
    assert 'value="https://example.com/a"' in form
    assert 'name="field-inviter"' in form
    assert "field-error" not in form


def test_a_preview_is_its_readers_alone(browser: Client, stranger: User) -> None:
    browser.post("/mail/preview", ALARM)
    other = Client()
    other.force_login(stranger)
    assert other.get("/mail/preview").content == b""


def test_a_mail_is_sent_from_its_template_and_its_page_follows(
    browser: Client, resend_user: User, sandbox: Sandbox
) -> None:
    given = {**MAIL, "to": f"{GRACE}, {ALAN}\n", "bcc": "mary@example.org", "unsubscribe": "on"}
    assert "From ada@example.com by Resend, your own account." in text(browser.get("/mail/new"))
    answer = browser.post("/mail/new", {**given, "subject": "Your table"})
    [mail] = Mail.objects.all()
    assert answer["Location"] == f"/mail/{mail.pk}"
    [one] = arrived(sandbox)
    assert (one["to"], one["bcc"]) == ([GRACE, ALAN], ["mary@example.org"])
    assert one["subject"] == "Your table"
    assert "List-Unsubscribe" in one["headers"]
    assert "Your table is ready." in one["html"]
    assert "Mail sent." in text(browser.get(answer["Location"]))


def test_a_form_that_is_posted_twice_sends_one_mail(
    browser: Client, resend_user: User, sandbox: Sandbox
) -> None:
    key = re.search(r'name="key" value="([^"]+)"', text(browser.get("/mail/new")))
    assert key
    given = {**MAIL, "key": key[1]}
    answers = [browser.post("/mail/new", given, headers=htmx("sheet")) for _ in range(2)]
    assert len({answer["HX-Redirect"] for answer in answers}) == 1
    assert len(arrived(sandbox)) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"to": ""}, "This field is required."),
        ({"to": f"{GRACE}, nobody"}, "Row 2: Enter a valid email address."),
        ({"field-body": " "}, "This field is required."),
        ({"subject": "=?utf-8?q?x?="}, "Use one line of 1 to 255 characters"),
        ({"cc": "nobody"}, "Row 1: Enter a valid email address."),
        ({**ALARM, "field-what": "x", "field-link": "ftp://x"}, "A link begins with https://"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_sent(
    browser: Client, resend_user: User, sandbox: Sandbox, changes: Any, sentence: str
) -> None:
    for headers in ({}, htmx("sheet")):
        page = text(browser.post("/mail/new", {**MAIL, **changes}, headers=headers), 422)
        assert re.search(rf'class="field-error"[^>]*>.*{re.escape(sentence)}', page)
    assert arrived(sandbox) == []


def test_a_suppressed_address_is_refused_with_the_sentence(
    browser: Client, resend_user: User, sandbox: Sandbox
) -> None:
    suppressions.add(user=resend_user, address=GRACE)
    for headers, status in (({}, 400), (htmx("sheet"), 422)):
        page = text(browser.post("/mail/new", MAIL, headers=headers), status)
        assert f"{GRACE} gets no mail: you put it on the list." in page
        assert 'href="/mail/suppressions"' in page
        assert "Your table is ready." in page
    assert arrived(sandbox) == []


def test_with_no_account_the_form_says_so_and_the_mail_that_nothing_was_sent(
    browser: Client, user: User
) -> None:
    assert "No account for mail is connected" in text(browser.get("/mail/new"))
    page = text(browser.get(browser.post("/mail/new", MAIL)["Location"]))
    assert "Nothing was sent: no account for mail is connected." in page
    assert "Connect Resend or SMTP" in page


def test_templates_are_shown_with_their_fields_and_a_sample(browser: Client) -> None:
    gallery = text(browser.get("/mail/templates"))
    for name, template in TEMPLATES.items():
        assert f'href="/mail/templates/{name}"' in gallery
        page = text(browser.get(f"/mail/templates/{name}"))
        assert all(f"<code>{field}</code>" in page for field in template.fields)
        assert f'href="/mail/new?template={name}"' in page
        assert "style=" in text(browser.get(f"/mail/templates/{name}/html"))
    for address in ("/mail/templates/nothing", "/mail/templates/nothing/html"):
        assert browser.get(address).status_code == 404
