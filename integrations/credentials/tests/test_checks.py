import base64
from typing import Any

import pytest
from django.contrib.auth.models import User

from ava.sealing import checks
from integrations.credentials.models import Credential

WEAK = "k1:" + base64.b64encode(b"1" * 32).decode()
STRONG = "k2:" + base64.b64encode(bytes(range(32))).decode()


def test_good_keys_raise_nothing(settings: Any) -> None:
    settings.AVA_KEYS = STRONG
    assert not list(checks.check_key_ring(None))
    assert not list(checks.check_key_strength(None))


def test_a_malformed_ring_is_reported_without_the_key(settings: Any) -> None:
    settings.AVA_KEYS = "k1:planted-but-no-key"
    (found,) = checks.check_key_ring(None)
    assert found.id == "ava.E012"
    assert found.msg.startswith("Entry 1 of AVA_KEYS")
    assert "planted" not in str(found)
    assert not list(checks.check_key_strength(None))
    assert not list(checks.check_sealed_rows(None, databases=["default"]))


def test_a_made_up_key_is_reported_by_its_id(settings: Any) -> None:
    settings.AVA_KEYS = f"{STRONG},{WEAK}"
    (found,) = checks.check_key_strength(None)
    assert found.id == "ava.E013"
    assert "The key k1 in" in found.msg


def test_rows_whose_key_is_gone_are_counted_and_named(user: User, settings: Any) -> None:
    row = Credential.objects.create(user=user, provider="vapi", secrets="planted")
    assert not list(checks.check_sealed_rows(None, databases=["default"]))
    settings.AVA_KEYS = STRONG
    (found,) = checks.check_sealed_rows(None, databases=["default"])
    assert found.id == "ava.W002"
    assert "1 rows of integrations.Credential are sealed by keys that are not in" in found.msg
    assert f"{row.pk} (k1)." in found.msg


def test_the_database_is_left_alone_unless_it_is_asked_for(settings: Any) -> None:
    assert not list(checks.check_sealed_rows(None))


def test_a_database_without_tables_has_nothing_to_complain_about(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Credential._meta, "db_table", "not_there_yet")
    assert not list(checks.check_sealed_rows(None, databases=["default"]))
