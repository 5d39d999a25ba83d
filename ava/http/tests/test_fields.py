"""Phone numbers, and the ways to write and to paste them."""

import pytest
from rest_framework import serializers

from ava.http.fields import PastedField, e164


@pytest.mark.parametrize(
    "text",
    [
        "+15005550006",
        " +1 500 555 0006 ",
        "+1 (500) 555-0006",
        "+1.500.555.0006",
        "\u202a+1 500 555 0006\u202c",  # an address book's directional marks
        "+1\u00a0500\u202f555\u20090006",  # blanks that do not break
        "+1\u2011500\u2011555\u20130006",  # hyphens that do not break, and a dash
        "+1500\u00ad555\u00ad0006",  # soft hyphens
        "\ufeff+1500\u200b555\u200d0006\u2060",  # zero-width characters
        "tel:+1-500-555-0006",
        "TEL: +15005550006",
        "\uff0b\uff11\uff15\uff10\uff10 555 0006",  # full-width
        "+\u0661\u0665\u0660\u0660\u06f5\u06f5\u06f5 0006",  # Arabic and Persian digits
    ],
)
def test_one_number_is_one_number_however_it_is_written(text: str) -> None:
    assert e164(text) == "+15005550006"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5005550006", "Begin with +"),
        ("0049 30 123456", "Begin with +"),
        ("+1", "no country code and number"),
        ("+1500", "too few"),
        ("+150055500061234", "too many"),
        ("+999123456789", "no country code and number"),
        ("+1500555000a", "digits only"),
        ("+1500555000²x", "digits only"),
        ("sip:+15005550006", "Begin with +"),
        ("+15005550006 tel:", "digits only"),
        ("+1" + "0" * 100, "digits only"),
        ("", "Begin with +"),
    ],
)
def test_what_is_no_number_is_refused_with_help(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"[+]|digits") as refused:
        e164(text)
    assert said in str(refused.value)


def test_what_shows_as_nothing_is_nothing() -> None:
    with pytest.raises(serializers.ValidationError, match="blank"):
        PastedField().run_validation("\u200b\u00ad")
    assert PastedField(allow_blank=True).run_validation("\u200b") == ""
