"""Secrets and signatures: what fits, and all that does not."""

import base64
import hashlib
import hmac

import pytest

from ava.inbound.signatures import (
    Algorithm,
    digest_matches,
    hmac_matches,
    hmac_of,
    is_fresh,
    secret_matches,
)

MESSAGE, SECRET = b'1700000000.{"a": 1}', b"key"


def test_one_of_several_secrets_is_found() -> None:
    assert secret_matches("b", ["a", "b", "b"])
    assert secret_matches("a", ["a"])
    assert secret_matches("ä", ["ä"])


@pytest.mark.parametrize("given", [None, "", "A", "a ", "aa", "ä", "\ud800"])
def test_another_secret_is_not(given: str | None) -> None:
    assert not secret_matches(given, ["a", "", "b"])


def test_what_is_not_set_up_lets_nobody_in() -> None:
    assert not secret_matches("", [""])
    assert not secret_matches(None, [])
    empty = hmac_of(MESSAGE, secret=b"")
    assert not hmac_matches(empty, MESSAGE, secret=b"")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_signatures_in_hex_and_base64_fit(algorithm: Algorithm) -> None:
    digest = hmac.new(SECRET, MESSAGE, algorithm).digest()
    in_base64 = base64.b64encode(digest).decode()
    assert hmac_matches(digest.hex(), MESSAGE, secret=SECRET, algorithm=algorithm)
    assert hmac_matches(digest.hex().upper(), MESSAGE, secret=SECRET, algorithm=algorithm)
    assert hmac_matches(in_base64, MESSAGE, secret=SECRET, algorithm=algorithm, encoding="base64")
    assert not hmac_matches(in_base64, MESSAGE, secret=SECRET, algorithm=algorithm)
    assert not hmac_matches(
        in_base64.swapcase(), MESSAGE, secret=SECRET, algorithm=algorithm, encoding="base64"
    )


def test_a_prefix_must_be_there() -> None:
    signature = hmac_of(MESSAGE, secret=SECRET)
    assert hmac_matches(f"sha256={signature}", MESSAGE, secret=SECRET, prefix="sha256=")
    assert not hmac_matches(signature, MESSAGE, secret=SECRET, prefix="sha256=")


@pytest.mark.parametrize(
    ("given", "message", "secret"),
    [
        (None, MESSAGE, SECRET),
        ("", MESSAGE, SECRET),
        (hmac_of(MESSAGE, secret=SECRET)[:-1], MESSAGE, SECRET),
        (hmac_of(MESSAGE, secret=SECRET), MESSAGE[:-1], SECRET),
        (hmac_of(MESSAGE, secret=SECRET), MESSAGE, b"other"),
        (hmac_of(MESSAGE, secret=SECRET, algorithm="sha1"), MESSAGE, SECRET),
        ("é", MESSAGE, SECRET),
    ],
)
def test_forged_and_truncated_signatures_do_not_fit(
    given: str | None, message: bytes, secret: bytes
) -> None:
    assert not hmac_matches(given, message, secret=secret)


@pytest.mark.parametrize("at", ["1700000000", "1700000300", "1699999700", "1700000000000"])
def test_a_time_within_five_minutes_is_fresh(at: str) -> None:
    assert is_fresh(at, now=1_700_000_000)


@pytest.mark.parametrize(
    "at",
    [None, "", "1700000301", "1699999699", "now", "-1", "1e9", "٣", "9" * 500, "1700000301001"],
)
def test_an_old_time_or_none_is_not(at: str | None) -> None:
    assert not is_fresh(at, now=1_700_000_000)


def test_a_digest_is_that_of_the_whole_body() -> None:
    digest = hashlib.sha256(MESSAGE).hexdigest()
    assert digest_matches(digest, MESSAGE)
    assert digest_matches(digest.upper(), MESSAGE)
    for given, body in ((digest, MESSAGE[:-1]), (digest[:-1], MESSAGE), (None, b""), ("", b"")):
        assert not digest_matches(given, body)
