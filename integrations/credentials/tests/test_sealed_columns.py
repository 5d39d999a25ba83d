"""The sealed column as the database and a careless caller see it."""

import base64
import io
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, Value

from ava.sealing.keys import KeyMissing, SealBroken
from integrations.credentials.models import Credential

pytestmark = pytest.mark.database

SECRET = '{"api_key": "planted-0123456789"}'


@pytest.fixture
def row(user: User) -> Credential:
    return Credential.objects.create(user=user, provider="vapi", secrets=SECRET)


def raw(row: Credential) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT secrets FROM integrations_credential WHERE id = %s",
            [Credential._meta.pk.get_db_prep_value(row.pk, connection)],
        )
        return str(cursor.fetchone()[0])


def test_the_column_holds_sealed_text_and_the_row_opens_it(row: Credential) -> None:
    assert raw(row).startswith("v1.k1.")
    assert "planted" not in raw(row)
    assert Credential.objects.get().secrets.open() == SECRET


def test_no_repr_shows_a_secret_before_or_after_saving(user: User) -> None:
    row = Credential(user=user, provider="vapi", secrets=SECRET)
    assert "planted" not in f"{row!r} {row.secrets!r} {row.secrets} {row.__dict__}"
    row.save()
    assert "planted" not in f"{row!r} {row.secrets!r} {row.secrets} {row.__dict__}"
    assert row.secrets.open() == SECRET


def test_a_text_copied_to_another_row_does_not_open(row: Credential, stranger: User) -> None:
    other = Credential.objects.create(user=stranger, provider="vapi", secrets="{}")
    Credential.objects.filter(pk=other.pk).update(secrets=row.secrets)
    assert raw(other) == raw(row)
    with pytest.raises(SealBroken):
        Credential.objects.get(pk=other.pk).secrets.open()


def test_a_row_handed_to_another_owner_in_the_database_does_not_open(
    row: Credential, stranger: User
) -> None:
    Credential.objects.update(user=stranger)
    with pytest.raises(SealBroken):
        Credential.objects.get().secrets.open()


def test_an_owner_changed_through_the_row_seals_anew(row: Credential, stranger: User) -> None:
    before = raw(row)
    row = Credential.objects.get()
    row.user = stranger
    row.save()
    assert raw(row) != before
    assert Credential.objects.get().secrets.open() == SECRET


def test_a_row_copied_under_a_new_primary_key_opens(row: Credential, stranger: User) -> None:
    copied = Credential.objects.get()
    copied.pk, copied.user, copied._state.adding = uuid.uuid4(), stranger, True
    copied.save()
    assert {each.secrets.open() for each in Credential.objects.all()} == {SECRET}
    assert raw(copied) != raw(row)


def test_a_secret_taken_from_another_row_is_sealed_for_the_new_one(
    row: Credential, stranger: User
) -> None:
    taken = Credential.objects.create(user=stranger, provider="vapi", secrets=row.secrets)
    assert Credential.objects.get(pk=taken.pk).secrets.open() == SECRET
    assert raw(taken) != raw(row)


def test_rows_created_in_bulk_are_sealed(user: User, stranger: User) -> None:
    Credential.objects.bulk_create(
        Credential(user=each, provider="vapi", secrets=SECRET) for each in (user, stranger)
    )
    for row in Credential.objects.all():
        assert "planted" not in raw(row)
        assert row.secrets.open() == SECRET


@pytest.mark.parametrize(
    "careless",
    [
        lambda rows: rows.update(secrets=SECRET),
        lambda rows: rows.update(secrets=Value(SECRET)),
        lambda rows: rows.update(secrets=F("provider")),
        lambda rows: rows.filter(secrets=SECRET).exists(),
        lambda rows: rows.filter(secrets__contains="planted").exists(),
        lambda rows: rows.filter(secrets__in=[SECRET]).exists(),
        lambda rows: rows.bulk_update([_assigned(rows)], ["secrets"]),
        lambda rows: rows.create(user_id=1, secrets=Value(SECRET)),
        lambda rows: rows.create(user_id=1, secrets=b"planted"),
    ],
    ids=["update", "value", "f", "filter", "contains", "in", "bulk_update", "expression", "bytes"],
)
def test_clear_text_reaches_neither_database_nor_query(row: Credential, careless: Any) -> None:
    before = raw(row)
    with pytest.raises(TypeError) as refused, transaction.atomic():
        careless(Credential.objects.all())
    assert "planted" not in str(refused.value)
    assert raw(row) == before


def _assigned(rows: Any) -> Credential:
    row = rows.get()
    row.secrets = SECRET
    return row


def test_a_value_without_its_row_is_not_opened(row: Credential) -> None:
    sealed = Credential.objects.values_list("secrets", flat=True).get()
    with pytest.raises(ValueError, match="its row"):
        sealed.open()


def test_a_row_read_in_parts_opens(row: Credential) -> None:
    assert Credential.objects.only("secrets").get().secrets.open() == SECRET
    assert Credential.objects.defer("secrets").get().secrets.open() == SECRET


def test_a_row_without_its_key_can_be_read_changed_and_deleted(
    row: Credential, settings: Any
) -> None:
    settings.AVA_KEYS = "k2:" + base64.b64encode(b"2" * 32).decode()
    row = Credential.objects.get()
    with pytest.raises(KeyMissing):
        row.secrets.open()
    row.clear = {"note": "changed"}
    row.save()
    row.refresh_from_db()
    assert row.clear == {"note": "changed"}
    assert row.delete()[0] == 1


def test_a_dump_holds_sealed_text_and_loads_again(row: Credential, tmp_path: Any) -> None:
    out = io.StringIO()
    call_command("dumpdata", "integrations.credential", stdout=out)
    assert "planted" not in out.getvalue()
    Credential.objects.all().delete()
    dump = tmp_path / "dump.json"
    dump.write_text(out.getvalue())
    call_command("loaddata", str(dump), verbosity=0)
    assert Credential.objects.get().secrets.open() == SECRET
