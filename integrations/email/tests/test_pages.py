"""The room Mail: the list, one mail for each recipient, sending it again."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.email.models import Mail, MailAttachment, Recipient
from integrations.email.suppressions import services as suppressions
from integrations.email.suppressions.models import Suppression
from integrations.email.tests.mailing import arrived, fault
from sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
GRACE, ALAN = "grace@example.org", "alan@example.org"
MAIL = {"template": "plain", "to": GRACE, "field-body": "Your table is ready."}


def htmx(target: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": target}


def text(page: Any, status: int = 200) -> str:
    assert page.status_code == status, page.content
    return " ".join(page.content.decode().split())


def make(owner: User, *to: str, status: str = "delivered", **fields: Any) -> Mail:
    """A mail whose recipients got it, or are in the state that stands behind their address."""
    more = {"backend": "resend", "holder": str(owner.pk), "from_email": "ada@example.com"}
    said = {"subject": "Hello", "text": "It works.", "html": "<p>It works.</p>"}
    mail = Mail.objects.create(owner=owner, status=status, **{**more, **said, **fields})
    for address, _, state in (each.partition(" ") for each in to or [GRACE]):
        Recipient.objects.create(mail=mail, kind="to", address=address, status=state or status)
    return mail


def test_without_mails_the_page_leads_to_the_first_one(browser: Client) -> None:
    page = text(browser.get("/mail"))
    assert "No mails yet" in page
    assert 'href="/mail/new"' in page


def test_filters_and_search_live_in_the_address(browser: Client, user: User) -> None:
    make(user, "one@example.org", subject="The bill is due")
    make(user, "two@example.org", status="bounced")
    make(user, "three@example.org", "one@example.org", status="sent")

    def shown(query: str) -> set[str]:
        page = text(browser.get(f"/mail?{query}"))
        return set(re.findall(r"push-url=\"true\">(\w+)@", page))

    assert shown("") == {"one", "two", "three"}
    assert shown("status=bounced") == {"two"}
    assert shown("search=BILL") == {"one"}
    assert shown("recipient=One@example.org") == {"one", "three"}
    assert shown("recipient=ne@example.org") == set()
    assert shown("recipient=one@example.org&search=bill") == {"one"}
    assert "AVA does not know this filter" in text(browser.get("/mail?status=busy"), 400)


def test_new_mails_are_counted_and_the_list_stays(browser: Client, user: User) -> None:
    first = make(user, status="sent")
    page = browser.get("/mail").content.decode()
    news = re.search(r'hx-get="([^"]+)" hx-trigger="due, every 5s"', page)
    assert news
    make(user)
    Mail.objects.filter(pk=first.pk).update(status="bounced")
    part = text(browser.get(news[1].replace("&amp;", "&"), headers=htmx("news")))
    assert "1 new mail<" in part
    assert "bounced" in part
    assert "<tr" not in part


def test_a_mail_says_what_became_of_each_copy_and_what_to_do(browser: Client, user: User) -> None:
    mail = make(user, f"{GRACE} delivered", f"{ALAN} bounced", status="bounced")
    suppressions.record(
        user_id=user.pk, addresses=[ALAN], reason="bounced", detail="", at=mail.created_at
    )
    page = text(browser.get(f"/mail/{mail.pk}"))
    for said in (
        "This mail bounced to 1 of 2 recipients",
        "It is on your list of suppressions now",
        f"/mail/suppressions?search={ALAN.replace('@', '%40')}",
        "Resend, your own account",
    ):
        assert said in page
    assert "Send again" not in page
    part = text(browser.get(f"/mail/{mail.pk}", headers=htmx("drawer-body")))
    assert "<html" not in part
    assert "Open as a page" in part


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        ("unknown", "", "AVA asks again under the same key"),
        ("unknown", "No answer came.", "Ask the recipient whether it arrived"),
        ("failed", "Resend refuses your key.", "Resend refuses your key."),
        ("complained", "", "Write there no more"),
        ("suppressed", "", "take it off the list at Resend"),
    ],
)
def test_each_state_that_is_not_well_has_its_cause_and_remedy(
    browser: Client, user: User, status: str, error: str, said: str
) -> None:
    assert said in text(browser.get(f"/mail/{make(user, status=status, error=error).pk}"))


def test_the_live_part_is_answered_only_where_something_has_changed(
    browser: Client, user: User
) -> None:
    mail = make(user, GRACE, ALAN, status="sent")
    mark = re.search(r"\?seen=(\w+)", text(browser.get(f"/mail/{mail.pk}")))
    assert mark
    live = f"/mail/{mail.pk}?seen={mark[1]}"
    assert browser.get(live, headers=htmx("live")).status_code == 204
    mail.recipients.filter(address=ALAN).update(status="delivered")
    assert "delivered" in text(browser.get(live, headers=htmx("live")))


def test_html_is_framed_alone_and_runs_nothing(browser: Client, user: User) -> None:
    mail = make(user, html="<script>alert(1)</script>")
    page = text(browser.get(f"/mail/{mail.pk}"))
    assert f'<iframe class="mail-frame" sandbox src="/mail/{mail.pk}/html"' in page
    assert "alert(1)" not in page
    frame = browser.get(f"/mail/{mail.pk}/html")
    assert frame.content == b"<script>alert(1)</script>"
    policy = frame["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'; ")
    assert "script" not in policy
    assert frame["X-Frame-Options"] == "SAMEORIGIN"


def test_a_mail_that_failed_is_sent_again_once(
    browser: Client, resend_user: User, sandbox: Sandbox
) -> None:
    fault(sandbox, "resend", "status", status=422)
    assert browser.post("/mail/new", MAIL).status_code == 400
    sandbox.reset()
    [failed] = Mail.objects.all()
    address = f"/mail/{failed.pk}"
    assert "Send again" in text(browser.get(address))
    answers = [browser.post(f"{address}/again") for _ in range(2)]
    assert len({answer["Location"] for answer in answers}) == 1
    assert [mail["to"] for mail in arrived(sandbox)] == [[GRACE]]
    page = text(browser.get(answers[0]["Location"]))
    assert "Mail sent." in page
    assert "Your table is ready." in page


def test_only_those_whom_it_did_not_reach_get_it_again(
    browser: Client, resend_user: User, sandbox: Sandbox
) -> None:
    mail = make(resend_user, f"{GRACE} delivered", f"{ALAN} bounced", status="bounced")
    assert "Send again to 1 of 2" in text(browser.get(f"/mail/{mail.pk}"))
    answer = browser.post(f"/mail/{mail.pk}/again", headers=htmx("live"))
    assert answer["HX-Redirect"].startswith("/mail/")
    assert [one["to"] for one in arrived(sandbox)] == [[ALAN]]


@pytest.mark.parametrize("why", ["arrived", "unknown", "suppressed", "attachment"])
def test_what_cannot_be_sent_again_is_refused_with_a_sentence(
    browser: Client, resend_user: User, sandbox: Sandbox, why: str
) -> None:
    status = {"arrived": "delivered", "unknown": "unknown"}.get(why, "failed")
    mail = make(resend_user, status=status)
    if why == "suppressed":
        suppressions.add(user=resend_user, address=GRACE)
    if why == "attachment":
        MailAttachment.objects.create(mail=mail, filename="a.txt", content_type="a/b", size=1)
    assert "Send again" not in text(browser.get(f"/mail/{mail.pk}"))
    answer = browser.post(f"/mail/{mail.pk}/again", headers=htmx("live"))
    assert answer.status_code == 409
    assert "There is nobody to send this e-mail to again" in answer["HX-Trigger"]
    assert arrived(sandbox) == []


def test_a_stranger_meets_no_mail_of_anothers(browser: Client, stranger: User) -> None:
    mail = make(stranger, status="failed")
    address = f"/mail/{mail.pk}"
    pages = [browser.get(address), browser.get(f"{address}/html"), browser.post(f"{address}/again")]
    for page in pages:
        assert page.status_code == 404
        assert "There is no such e-mail." in page.content.decode()
    assert "No mails yet" in text(browser.get("/mail"))


def test_home_counts_mails_and_tells_of_an_address_that_is_lost(
    browser: Client, user: User
) -> None:
    mail = make(user, status="suppressed", error="Resend refuses to send to it.")
    assert "An address gets no more mail" not in text(browser.get("/"))
    suppressions.record(
        user_id=user.pk, addresses=[GRACE], reason="bounced", detail="", at=mail.created_at
    )
    page = text(browser.get("/"))
    assert "An address gets no more mail of yours" in page
    assert f'href="/mail/{mail.pk}"' in page
    Suppression.objects.update(reason="user")
    assert "An address gets no more mail" not in text(browser.get("/"))


def test_a_page_costs_at_most_eight_statements_however_many_rows_there_are(
    browser: Client, user: User
) -> None:
    mail = make(user, GRACE, ALAN)
    for _ in range(30):
        make(user, GRACE, ALAN)
    for address in ("/mail", "/mail?search=hello", f"/mail/{mail.pk}"):
        browser.get(address)
        with CaptureQueriesContext(connection) as found:
            text(browser.get(address))
        assert len(found) <= 8, address
