"""Search in the lists, by the database's own index: what is in it, and what it never shows."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import post_migrate
from rest_framework.test import APIClient

from telephony.calls.models import Call
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS
from telephony.messages.models import Message
from tests import many

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _unlimited(settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 10_000


def message(user: User | None, **more: Any) -> Message:
    pair = {"owner": user, "from_number": OURS, "to": THEIRS, "status": "queued"}
    return Message(**(pair | {"direction": "outbound" if user else "inbound"} | more))


def found(api: APIClient, text: str, path: str = MESSAGES, **more: str) -> list[str]:
    answer = api.get(path, {"search": text, **more})
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_a_row_is_found_however_it_was_stored_and_changed(api: APIClient, user: User) -> None:
    one, two = message(user, body="Your table is booked"), message(user, body="The table is gone")
    Message.objects.bulk_create([one, two])
    assert found(api, "TABLE is") == [str(two.pk), str(one.pk)]
    Message.objects.filter(pk=one.pk).update(body="Your chair is booked")
    two.provider_sid = "SM0123456789"
    two.save()
    assert (found(api, "table is"), found(api, "chair")) == ([str(two.pk)], [str(one.pk)])
    assert found(api, "sm01234") == [str(two.pk)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE telephony_message SET body = 'Stool'")
    assert found(api, "table") == found(api, "chair") == []
    assert len(found(api, "stool")) == 2
    one.delete()
    assert found(api, "stool") == [str(two.pk)]


@pytest.mark.parametrize("text", ["grüße aus köln", "GRÜßE AUS KÖLN", "KÖLN", "Ö", "ko\u0308ln"])
def test_letters_beyond_ascii_are_found_in_any_case_and_form(
    api: APIClient, user: User, text: str
) -> None:
    row = message(user, body="Grüße aus Köln (Dom)")
    row.save()
    message(user, body="Grusse aus Koln").save()
    assert found(api, text) == [str(row.pk)]
    assert found(api, "köln (") == [str(row.pk)]
    assert found(api, "k.ln") == []


def test_a_row_that_gets_another_owner_or_none_is_found_by_that_one(
    api: APIClient, strangers_api: APIClient, user: User, stranger: User
) -> None:
    row = message(None, body="Anybody there?")
    row.save()
    assert found(api, "anybody") == found(strangers_api, "anybody") == []
    Message.objects.update(owner=user)
    assert (found(api, "anybody"), found(strangers_api, "anybody")) == ([str(row.pk)], [])
    Message.objects.update(owner=stranger)
    assert (found(api, "anybody"), found(strangers_api, "anybody")) == ([], [str(row.pk)])
    Message.objects.update(owner=None)
    assert found(api, "anybody") == found(strangers_api, "anybody") == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('He said "hello"', '"hello"'),
        ("50% off_today", "0% of"),
        ("50% off_today", "f_t"),
        ("a OR b AND NOT c* NEAR(d)", "NOT c* NEAR("),
        ("It's 'quoted'; -- so", "'; --"),
        ("back\\slash", "k\\s"),
        ("Grüße aus München", "üße"),
        ("Grüße aus München", "aus MÜnchen".replace("Ü", "ü")),
        ("日本語のメッセージ", "語のメ"),
        ("Party 🎉🎊🥳 tonight", "🎉🎊🥳"),
        ("two  spaces\nand a line", "es\nand"),
        ("long " + "abcdefghij" * 15, "abcdefghij" * 15),
        ("Your order 4711 from the shop in the High Street", "ORDER 4711 from the SHOP in"),
    ],
)
def test_any_part_of_a_text_is_found_in_any_case(
    api: APIClient, user: User, body: str, text: str
) -> None:
    row = message(user, body=body)
    Message.objects.bulk_create([row, message(user, body="Something else")])
    assert found(api, text) == [str(row.pk)]
    assert found(api, f"{text}?") == []


def test_parts_that_are_there_but_not_together_are_no_match(api: APIClient, user: User) -> None:
    message(user, body="bcd abc cde", to="+14155550123", from_number="+15005550006").save()
    assert found(api, "abcde") == []
    assert found(api, "0123\n+1500") == []


@pytest.mark.parametrize("text", ["+", "4", "12"])
def test_a_text_too_short_for_the_index_is_found_page_by_page(
    api: APIClient, user: User, text: str
) -> None:
    message(user, body="The one with 4, 12 and +").save()
    message(user, from_number="x", to="y", body="").save()
    many.multiply(Message, 12_000, body="")
    Message.objects.filter(body="").update(to="y", from_number="x", provider_sid=None)
    Message.objects.filter(body="").update(correlation_id="")
    page = api.get(MESSAGES, {"search": text}).json()
    assert (page["count"], page["previous"]) == (None, None)
    rows = page["results"]
    while page["next"]:
        page = api.get(page["next"]).json()
        rows += page["results"]
    assert [row["body"] for row in rows] == ["The one with 4, 12 and +"]


@pytest.mark.parametrize("text", ["H", "lo"])
def test_a_text_too_short_for_the_index_is_counted_where_the_rows_are_few(
    api: APIClient, user: User, text: str
) -> None:
    message(user, body="Hello there").save()
    many.multiply(Message, 4)
    message(user, body="xyz", correlation_id="", provider_sid=None).save()
    page = api.get(MESSAGES, {"search": text, "limit": 2}).json()
    assert (page["count"], api.get(page["next"]).json()["count"]) == (4, 4)


def test_a_text_in_very_many_rows_is_paged_to_the_end_without_a_count(
    api: APIClient, user: User
) -> None:
    message(user, body="Hello there").save()
    many.multiply(Message, 10_050)
    address = f"{MESSAGES}?search=hello&limit=200"
    pages, seen = 0, set()
    while address:
        page = api.get(address).json()
        assert page["count"] is None
        seen |= {row["id"] for row in page["results"]}
        pages, address = pages + 1, page["next"]
    assert (len(seen), pages) == (10_050, 51)


def test_a_text_in_many_rows_is_counted(api: APIClient, user: User) -> None:
    message(user, body="Hello there").save()
    many.multiply(Message, 120)
    message(user, body="Hello again", status="canceled").save()
    page = api.get(MESSAGES, {"search": "hello"}).json()
    assert (page["count"], api.get(page["next"]).json()["count"]) == (121, 121)
    assert api.get(MESSAGES, {"search": "hello", "status": "canceled"}).json()["count"] == 1


def test_calls_are_found_by_vapis_id_and_not_by_what_was_said(api: APIClient, user: User) -> None:
    pair = {"owner": user, "from_number": OURS, "to": THEIRS, "status": "queued"}
    row = Call.objects.create(**pair, vapi_call_id="01-abc-def", transcript="Hello dear")
    assert found(api, "bc-DE", CALLS) == [str(row.pk)]
    assert found(api, "dear", CALLS) == []


@pytest.mark.django_db(transaction=True)
def test_an_index_that_a_migration_dropped_is_made_and_filled_again(
    api: APIClient, user: User
) -> None:
    message(user, body="Before it").save()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for event in ("insert", "update", "delete"):
                cursor.execute(f"DROP TRIGGER telephony_message_search_{event}")
        else:
            cursor.execute("DROP INDEX telephony_message_search")
    unseen = message(user, body="Unseen by it")
    unseen.save()
    app = apps.get_app_config("telephony")
    post_migrate.send(app, app_config=app, using="default", verbosity=0, interactive=False)
    assert found(api, "unseen") == [str(unseen.pk)]
    assert len(found(api, " it")) == 2
    message(user, body="After it").save()
    assert len(found(api, "ter it")) == 1


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_rows_are_found_after_sqlites_vacuum(api: APIClient, user: User) -> None:
    rows = [message(user, body=f"Number {number}!") for number in range(20)]
    Message.objects.bulk_create(rows)
    Message.objects.filter(pk__in=[row.pk for row in rows[:10]]).delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
    assert found(api, "number 15!") == [str(rows[15].pk)]


@pytest.mark.parametrize("text", [f"whatsapp:{THEIRS}", f"WhatsApp:{THEIRS}"[:14], THEIRS])
@pytest.mark.parametrize("plus", ["+", " "])
def test_a_number_is_found_with_its_plus_unescaped(
    api: APIClient, user: User, text: str, plus: str
) -> None:
    row = message(user, to=f"whatsapp:{THEIRS}")
    row.save()
    assert found(api, text.replace("+", plus)) == [str(row.pk)]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_database_migrated_from_before_the_index_finds_its_rows(
    api: APIClient, user: User
) -> None:
    call_command("migrate", "telephony", "0012", verbosity=0)
    try:
        row = message(user, body="From long ago")
        row.save()
    finally:
        call_command("migrate", "telephony", verbosity=0)
    assert found(api, "long ago") == [str(row.pk)]
