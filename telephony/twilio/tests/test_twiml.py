"""TwiML that is taken for a call, and TwiML that is refused."""

import pytest

from telephony.twilio import twiml

OWN = ("ava.example", ".wild.example", "[2a00:1450::1]", "8.8.4.4", "bücher.example", "*")


@pytest.mark.parametrize(
    "text",
    [
        "<Response><Say>Hello</Say></Response>",
        "<?xml version='1.0'?><Response><Dial><Number>+15005550006</Number></Dial></Response>",
        "<?xml version='1.0' encoding='UTF-8'?><Response><Say/></Response>",
        "<Response><!-- a note --><Pause length='1'/><Hangup/></Response>",
    ],
)
def test_what_twilio_can_run_is_taken(text: str) -> None:
    assert twiml.check(text, own_hosts=OWN) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not well-formed XML"),
        ("Hello", "not well-formed XML: line 1, column 1"),
        ("<Response><Say>Hi</Response>", "not well-formed XML"),
        ("<Say>Hi</Say>", "begins with <Response>"),
        ("<Response/>", "does nothing"),
        ("<Response><Shout>Hi</Shout></Response>", "<Shout> is no verb"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><Response><Say>&a;</Say></Response>", "no DOCTYPE"),
        (
            "<!doctype x SYSTEM 'file:///etc/passwd'><Response><Say/></Response>",
            "no DOCTYPE",
        ),
        ("<Response><Say>\x00</Say></Response>", "characters that XML does not allow"),
        ("<Response><Say>" + "x" * 4000 + "</Say></Response>", "at most 4000"),
        ("<?xml version='1.0' encoding='klingon'?><Response><Say/></Response>", "TwiML is UTF-8"),
        ("\ufeff<?xml version='1.0' encoding='cp1006'?><Response><Say/></Response>", "is UTF-8"),
        ("<Response>" + "<Dial>" * 600 + "</Response>", "well-formed"),
    ],
)
def test_what_it_cannot_run_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"XML|TwiML|characters") as refused:
        twiml.check(text, own_hosts=OWN)
    assert said in str(refused.value)


def test_a_text_to_say_is_no_markup() -> None:
    spoken = twiml.say("<Dial>&</Dial>")
    assert spoken == "<Response><Say>&lt;Dial&gt;&amp;&lt;/Dial&gt;</Say></Response>"
    assert twiml.check(spoken, own_hosts=OWN)
