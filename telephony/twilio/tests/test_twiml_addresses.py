"""Addresses in users' TwiML: none leads to AVA, however it is spelled and wherever it stands."""

import inspect
import re
from xml.sax.saxutils import quoteattr

import pytest
from twilio.twiml import lower_camel, voice_response

from telephony.twilio import twiml
from telephony.twilio.tests.test_twiml import OWN
from telephony.twilio.twiml import VERBS

HOOK = "/api/v1/webhooks/twilio/voice?call=0f3c0b8e-0000-4000-8000-000000000000"
FOREIGN = "https://other.example/next?x=1#rc=3"

# Attributes by which Twilio's own library knows an address, in whatever verb they stand.
SAYS_ADDRESS = re.compile(r"url|callback|action")
NO_ADDRESS = re.compile(r"method$|event$|^action_on_empty_result$|^sip_url$")


def attributes() -> set[str]:
    """The names of all attributes in Twilio's library that hold an address."""
    found = set()
    for _, cls in inspect.getmembers(voice_response, inspect.isclass):
        for _, function in inspect.getmembers(cls, inspect.isfunction):
            found.update(inspect.signature(function).parameters)
    return {
        lower_camel(name)
        for name in found
        if SAYS_ADDRESS.search(name) and not NO_ADDRESS.search(name)
    }


ATTRIBUTES = sorted(attributes())


def refused(document: str) -> str:
    with pytest.raises(ValueError, match="address") as fault:
        twiml.check(document, own_hosts=OWN)
    return str(fault.value)


def redirect(address: str) -> str:
    return f"<Response><Redirect>{address.replace('&', '&amp;')}</Redirect></Response>"


def test_twilios_library_knows_the_attributes_that_this_is_about() -> None:
    assert {"action", "url", "waitUrl", "statusCallback", "recordingStatusCallback"} < {*ATTRIBUTES}
    assert len(ATTRIBUTES) >= 11


@pytest.mark.parametrize("name", [*ATTRIBUTES, "ACTION", "someNewCallback", "holdMusicUrl"])
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_no_attribute_of_any_verb_leads_to_ava(verb: str, name: str) -> None:
    for address in (f"https://ava.example{HOOK}", "dial-status", HOOK, ""):
        given = f"{name}={quoteattr(address)}"
        outer = f"<Response><{verb} {given}/></Response>"
        inner = f"<Response><{verb}><Noun {given}/></{verb}></Response>"
        if verb != "Redirect":  # an empty one is relative itself
            assert refused(outer).startswith(f"<{verb} {name}>")
            assert refused(inner).startswith(f"<Noun {name}>")
    if verb != "Redirect":
        fine = f"<Response><{verb} {name}={quoteattr(FOREIGN)}/></Response>"
        assert twiml.check(fine, own_hosts=OWN)


@pytest.mark.parametrize(
    "address",
    [
        "https://ava.example",
        "http://AVA.Example:8443/x",
        "https://ava.example./x",
        "https://ava.example..:443/x",
        "https://user:pass@ava.example/x",
        "https://other.example@ava.example/x",
        "https://other.example;@ava.example/x",
        "https://other.example:443@ava.example/x",
        "wss://ava.example/x",
        "https://ava.example?x",
        "https://ava.example#x",
        "https://deep.down.wild.example/x",
        "https://wild.example/x",
        "https://xn--bcher-kva.example/x",
        "http://localhost:8000/x",
        "http://ava.localhost/x",
        "http://8.8.4.4/x",
        "http://134743044/x",
        "http://0x08.0x08.4.4/x",
        "http://[2A00:1450:0:0:0:0:0:1]/x",
    ],
)
def test_every_spelling_of_avas_hosts_is_known(address: str) -> None:
    assert refused(redirect(address)) == (
        "<Redirect> leads to AVA itself. Name an address of your own."
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/x",
        "http://127.1/x",
        "http://2130706433/x",
        "http://0x7f000001/x",
        "http://0177.0.0.1/x",
        "http://127.0.0.1./x",
        "http://0.0.0.0/x",
        "http://[::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://[::]/x",
        "http://10.0.0.5/x",
        "http://192.168.1.5/x",
        "http://169.254.169.254/x",
        "http://[fd00::1]/x",
    ],
)
def test_every_spelling_of_a_private_address_is_known(address: str) -> None:
    assert refused(redirect(address)) == (
        "<Redirect> leads into a private network. Name an address that Twilio reaches."
    )


@pytest.mark.parametrize(
    "address",
    [
        "",
        ".",
        "voice",
        "/api/v1/webhooks/twilio/voice",
        "../voice?call=1",
        "?call=1",
        "#rc=3",
        "//ava.example/x",
        "//other.example/x",
        "ava.example/x",
        "https:/ava.example/x",
        "https:ava.example/x",
        "https:///ava.example/x",
        "https:\\\\ava.example/x",
        "https://other.example\\@ava.example/x",
        "https://ava\n.example/x",
        "https://av%61.example/x",
        "https://ava%2Eexample/x",
        "https://a@b@ava.example/x",
        "https://åva.example/x",
        "https://ava。example/x",
        "https://AVA\uff0eexample/x",
        "https://ⓐva.example/x",
        "https://bücher.example/x",
        "https://[::1%25eth0]/x",
        "https://ava.example:port/x",
        "ftp://other.example/x",
        "javascript:alert(1)",
        "data:text/xml,x",
        "true",
    ],
)
def test_what_is_relative_or_read_differently_by_different_parsers_is_refused(address: str) -> None:
    assert refused(redirect(address)).startswith("<Redirect> needs a whole address such as ")


@pytest.mark.parametrize(
    "document",
    [
        "<Redirect>https://ava<!-- a note -->.example/x</Redirect>",
        "<Redirect><![CDATA[https://ava.example/x]]></Redirect>",
        "<Redirect>https&#58;//&#97;va.example/x</Redirect>",
        "<Redirect>\n  https://ava.example/x\n</Redirect>",
        "<Redirect>https://<b>ava</b>.example/x</Redirect>",
        "<Play>https://ava.example/x</Play>",
        "<Play>static/x.mp3</Play>",
        "<Gather><Play>https://ava.example/x</Play></Gather>",
        "<Gather action=' https://ava.example/x '/>",
        "<Gather xmlns:t='urn:t' t:action='https://ava.example/x'/>",
        "<Gather><t:Redirect xmlns:t='urn:t'>https://ava.example/x</t:Redirect></Gather>",
        "<Dial><Number statusCallback='https://ava.example/x'>+15005550006</Number></Dial>",
        "<Dial><Sip url='https://ava.example/x'>sip:a@b.example</Sip></Dial>",
        "<Dial><Conference waitUrl='/x'>Room</Conference></Dial>",
        "<Connect><Stream url='wss://ava.example/x'/></Connect>",
        "<Connect><Stream new='https://ava.example/x'/></Connect>",
        "<Say>Hello</Say><Pause/><Redirect/>",
    ],
)
def test_no_way_of_writing_it_hides_an_address(document: str) -> None:
    refused(f"<Response>{document}</Response>")


@pytest.mark.parametrize(
    "document",
    [
        f"<Redirect method='POST'>{FOREIGN}</Redirect>",
        "<Redirect>HTTPS://user:pass@Other.Example:8443/ü?x=https://ava.example/</Redirect>",
        "<Redirect>https://ava.example.other.example/</Redirect>",
        "<Redirect>https://notava.example/</Redirect>",
        "<Redirect>https://notwild.example/</Redirect>",
        "<Redirect>http://1.1.1.1/x</Redirect>",
        "<Redirect>http://[2a00:1450::2]/x</Redirect>",
        "<Play digits='ww1'/><Play>https://other.example/a.mp3</Play>",
        "<Say>Write to https://ava.example/ or /x</Say>",
        "<Dial statusCallbackEvent='answered' waitMethod='GET'><Client>ada</Client></Dial>",
        "<Dial><Sip>sip:desk@sip.ava.example?x-a=b</Sip></Dial>",
        "<Gather actionOnEmptyResult='true'><Say>Hi</Say></Gather>",
        "<Start><Stream url='wss://x.example/'><Parameter name='a' value='b//c'/></Stream></Start>",
        "<Record maxLength='30'/>",
    ],
)
def test_addresses_of_others_and_what_is_none_are_taken(document: str) -> None:
    whole = f"<Response>{document}</Response>"
    assert twiml.check(whole, own_hosts=OWN) == whole


def test_what_ava_writes_itself_keeps_its_relative_address() -> None:
    ours = twiml.put_through("sip:desk@sip.vapi.ai", action="dial-status")
    assert 'action="dial-status"' in ours
    assert refused(ours).startswith("<Dial action> needs a whole address")
