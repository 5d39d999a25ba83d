import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ava.sealing.keys import (
    Binding,
    KeyMissing,
    KeyRing,
    KeyRingInvalid,
    SealBroken,
    Unsealable,
    parse,
)

KEY = bytes(range(32))
OTHER = bytes(range(32, 64))
HERE = Binding("integrations.credential", "secrets", "1c9e…", "7")


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


def test_the_stored_format_never_drifts() -> None:
    """Computed with AES, GCM mode and the documented authenticated data, not with this code."""
    binding = Binding(
        "integrations.credential", "secrets", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "42"
    )
    ring = KeyRing({"k1": KEY}, random=lambda length: bytes(range(100, 100 + length)))
    text = "v1.k1.ZGVmZ2hpamtsbW5vMzm/FhC2PftHQGXI+BMLjSvvYm/mA94ZwqiONRe2+j4gZauLjlzRjnmVllw="
    assert ring.seal('{"api_key": "vapi-demo-key"}', binding) == text
    assert ring.open(text, binding) == '{"api_key": "vapi-demo-key"}'


def test_two_seals_of_one_secret_differ() -> None:
    ring = KeyRing({"k1": KEY})
    assert ring.seal("secret", HERE) != ring.seal("secret", HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Binding("telephony.credential", "secrets", "1c9e…", "7"),
        Binding("integrations.credential", "token", "1c9e…", "7"),
        Binding("integrations.credential", "secrets", "another row", "7"),
        Binding("integrations.credential", "secrets", "1c9e…", "8"),
        Binding("integrations.credential", "secrets", '1c9e…","7', ""),
    ],
)
def test_a_sealed_text_opens_nowhere_else(elsewhere: Binding) -> None:
    ring = KeyRing({"k1": KEY})
    with pytest.raises(SealBroken):
        ring.open(ring.seal("secret", HERE), elsewhere)


def test_the_first_key_seals_and_every_key_opens() -> None:
    old = KeyRing({"k1": KEY}).seal("secret", HERE)
    ring = KeyRing({"k2": OTHER, "k1": KEY})
    assert ring.open(old, HERE) == "secret"
    assert ring.seal("secret", HERE).startswith("v1.k2.")


def test_a_lost_key_is_named() -> None:
    sealed = KeyRing({"old": KEY}).seal("secret", HERE)
    with pytest.raises(KeyMissing, match="old"):
        KeyRing({"new": OTHER}).open(sealed, HERE)


def test_a_key_under_the_name_of_another_opens_nothing() -> None:
    sealed = KeyRing({"k1": KEY}).seal("secret", HERE)
    with pytest.raises(SealBroken):
        KeyRing({"k1": OTHER}).open(sealed, HERE)
    with pytest.raises(SealBroken):
        KeyRing({"k2": KEY}).open(sealed.replace("v1.k1.", "v1.k2."), HERE)


@given(st.text())
def test_text_that_was_never_sealed_is_refused(text: str) -> None:
    with pytest.raises(Unsealable):
        KeyRing({"k1": KEY}).open(text, HERE)


@given(st.data())
def test_a_changed_character_breaks_the_seal(data: st.DataObject) -> None:
    ring = KeyRing({"k1": KEY})
    sealed = ring.seal("a secret of some length", HERE)
    position = data.draw(st.integers(0, len(sealed) - 1))
    character = data.draw(st.characters(codec="ascii").filter(lambda c: c != sealed[position]))
    with pytest.raises(Unsealable):
        ring.open(sealed[:position] + character + sealed[position + 1 :], HERE)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_comes_back_as_it_was(secret: str) -> None:
    ring = KeyRing({"k1": KEY})
    assert ring.open(ring.seal(secret, HERE), HERE) == secret


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Entry 1 of AVA_KEYS is not"),
        (encoded(KEY), "Entry 1 of AVA_KEYS is not"),
        (f"k1:{encoded(KEY)},", "Entry 2 of AVA_KEYS is not"),
        (f"k1:{encoded(KEY)},k2:{encoded(OTHER)[:-1]}", "Entry 2 of AVA_KEYS holds a key that is"),
        (f"k1:{encoded(KEY[:16])}", "Entry 1 of AVA_KEYS holds a key of 16 bytes, not 32"),
        (f"k.1:{encoded(KEY)}", "Entry 1 of AVA_KEYS needs a key id"),
        (f":{encoded(KEY)}", "Entry 1 of AVA_KEYS needs a key id"),
        (f"k1:{encoded(KEY)},k1:{encoded(OTHER)}", "Entry 2 of AVA_KEYS repeats a key id"),
        (f"k1:{encoded(KEY)},k2:{encoded(KEY)}", "Entry 2 of AVA_KEYS repeats a key under"),
    ],
)
def test_a_malformed_ring_is_reported_by_position_and_never_by_key(text: str, said: str) -> None:
    with pytest.raises(KeyRingInvalid, match=said) as refused:
        parse(text)
    for secret in (encoded(KEY), encoded(OTHER), encoded(KEY)[:-1], encoded(KEY[:16])):
        assert secret not in repr(refused.value)
    assert refused.value.__cause__ is None


def test_spaces_around_the_entries_do_not_matter() -> None:
    assert list(parse(f" k2:{encoded(OTHER)} , k1:{encoded(KEY)}\n")) == ["k2", "k1"]


def test_a_ring_shows_ids_only() -> None:
    assert repr(KeyRing({"k2": OTHER, "k1": KEY})) == "<KeyRing k2 k1>"
