"""Phone numbers, and the ways to write them."""

import pytest

from telephony.serializers import e164


@pytest.mark.parametrize(
    "text", ["+15005550006", " +1 500 555 0006 ", "+1 (500) 555-0006", "+1.500.555.0006"]
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
        ("+٣٠١٢٣٤٥٦٧", "digits only"),
        ("+1" + "0" * 100, "digits only"),
        ("", "Begin with +"),
    ],
)
def test_what_is_no_number_is_refused_with_help(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"[+]|digits") as refused:
        e164(text)
    assert said in str(refused.value)
