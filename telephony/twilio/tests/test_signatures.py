"""Twilio's signature: the documented vector, its variants, and what must not pass."""

import hashlib
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from twilio.request_validator import RequestValidator

from telephony.twilio.signatures import is_signed, sign

# https://www.twilio.com/docs/usage/security, "Validating requests"
TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = (
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
)
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
RAW = b"CallSid=CA1234567890ABCDE&..."


def check(  # type: ignore[no-untyped-def]  # each test changes one thing
    given=SIGNATURE, tokens=(TOKEN,), urls=(URL,), form=FORM, raw=RAW
) -> bool:
    return is_signed(given, tokens=tokens, urls=urls, form=form, raw=raw)


def test_the_documented_vector_passes() -> None:
    assert sign(TOKEN, URL, FORM) == SIGNATURE
    assert check()


def test_the_order_of_the_fields_does_not_matter() -> None:
    assert check(form=FORM[::-1])


def test_our_signatures_are_those_of_twilios_own_library() -> None:
    form = (("To", "+1"), ("MediaUrl", "b"), ("MediaUrl", "a"), ("MediaUrl", "b"), ("Ünï", "çø∂é"))
    fields = QueryDict(urlencode(form))
    expected = RequestValidator(TOKEN).compute_signature(URL, fields)
    assert sign(TOKEN, URL, form) == expected


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "=",
        SIGNATURE[:-1],
        SIGNATURE.lower(),
        SIGNATURE + " ",
        "é" * 28,
        "\ud800",
        sign("54321", URL, FORM),
        sign(TOKEN, URL),
        sign("", URL, FORM),
    ],
)
def test_another_signature_does_not_pass(given: str | None) -> None:
    assert not check(given=given)


@pytest.mark.parametrize("tokens", [(), ("",), ("54321",), ("", "54321")])
def test_without_the_token_nothing_passes(tokens: tuple[str, ...]) -> None:
    assert not check(tokens=tokens)
    assert not check(tokens=tokens, given="")


@pytest.mark.parametrize(
    "form",
    [
        FORM[:-1],
        (*FORM, ("Extra", "1")),
        (*FORM[:-1], ("To", "+18005551213")),
        (("callSid", FORM[0][1]), *FORM[1:]),
        (),
    ],
)
def test_another_form_does_not_pass(form: tuple[tuple[str, str], ...]) -> None:
    assert not check(form=form)


@pytest.mark.parametrize(
    "url",
    [
        "http://mycompany.com/myapp.php?foo=1&bar=2",
        "https://mycompany.com:8443/myapp.php?foo=1&bar=2",
        "https://mycompany.com/myapp.php?bar=2&foo=1",
        "https://mycompany.com/myapp.php",
        "https://yourcompany.com/myapp.php?foo=1&bar=2",
    ],
)
def test_another_address_does_not_pass(url: str) -> None:
    assert not check(urls=(url,))


def test_any_of_the_addresses_and_any_of_the_tokens_may_fit() -> None:
    with_port = URL.replace(".com", ".com:443")
    assert check(urls=(with_port, URL), tokens=("old", TOKEN))
    signed = sign("old", with_port, FORM)
    assert check(given=signed, urls=(with_port, URL), tokens=("old", TOKEN))


def test_a_body_that_is_no_form_is_bound_by_its_digest() -> None:
    raw = b'{"a": "b"}'
    url = f"{URL}&bodySHA256={hashlib.sha256(raw).hexdigest()}"
    signed = sign(TOKEN, url)
    assert check(given=signed, urls=(url,), form=(), raw=raw)
    for other in (raw[:-1], raw + b" ", b"{}"):
        assert not check(given=signed, urls=(url,), form=(), raw=other)


def test_a_body_that_is_no_form_and_has_no_digest_does_not_pass() -> None:
    assert not check(given=sign(TOKEN, URL), form=(), raw=b'{"a": "b"}')
    assert check(given=sign(TOKEN, URL), form=(), raw=b"")
