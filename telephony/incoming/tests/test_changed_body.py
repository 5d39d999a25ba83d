"""A body that was changed under way is found out, behind one proxy and two."""

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from rest_framework.test import APIClient

from ava.inbound.source import WebhookRequest
from sandbox.server import Sandbox
from telephony.conftest import CALLS, HOOKS, OURS, THEIRS, phone
from telephony.incoming.tests.proxies import (
    FORM,
    MESSAGE,
    PATH,
    PUBLIC,
    Webhook,
    is_unknown,
    refused,
)
from telephony.twilio import diagnosis
from telephony.twilio.diagnosis import Key

RAW = json.dumps(MESSAGE).encode()
DIGEST = hashlib.sha256(RAW).hexdigest()

pytestmark = pytest.mark.usefixtures("twilio_user")


FORM_IN_LATIN_1 = b"&".join(
    name.encode() + b"=" + value.encode("latin-1").replace(b"+", b"%2B") for name, value in FORM
).replace(b"\xfc", b"%FC").replace(b"\xdf", b"%DF")  # fmt: skip


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("&".join(f"{n}={v}" for n, v in FORM).encode(), "its plus signs kept"),
        (FORM_IN_LATIN_1, "its characters read as Latin-1"),
    ],
)
def test_a_form_that_was_written_otherwise_is_found(proxies: int, body: bytes, found: str) -> None:
    assert f"The signature fits the form with {found}" in refused(Webhook(body=body).send(proxies))


@pytest.mark.parametrize(
    ("name", "signed", "arrives", "found"),
    [
        ("Body", "a\nb", "a\r\nb", "other line ends"),
        ("Body", "a\r\nb", "a\nb", "other line ends"),
        ("Body", "a b", " a b ", "its values trimmed"),
    ],
)
def test_a_value_that_was_changed_is_found(
    proxies: int, name: str, signed: str, arrives: str, found: str
) -> None:
    after = Webhook(form=[*{**MESSAGE, name: arrives}.items()])
    token = Webhook(form=[*{**MESSAGE, name: signed}.items()])
    body = "&".join(f"{n}={_escaped(v)}" for n, v in after.form).encode()
    assert f"fits the form with {found}" in refused(replace(token, body=body).send(proxies))


def _escaped(value: str) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode())


def test_empty_fields_that_were_put_in_are_found(proxies: int) -> None:
    full = Webhook(form=[(n, v) for n, v in FORM if v])
    body = "&".join(f"{n}={_escaped(v)}" for n, v in FORM).encode()
    assert "fits the form with its empty fields gone" in refused(
        replace(full, body=body).send(proxies)
    )


def test_a_signature_of_the_address_alone_is_found(proxies: int) -> None:
    body = "&".join(f"{n}={_escaped(v)}" for n, v in FORM).encode()
    said = refused(Webhook(form=(), body=body).send(proxies))
    assert "fits the address alone: the body or its Content-Type was changed" in said


def test_json_that_was_changed_is_found(proxies: int) -> None:
    sent = f"{PATH}?bodySHA256={DIGEST}"
    json_type = "application/json"
    webhook = Webhook(sent=sent, form=(), body=RAW, content_type=json_type)
    said = refused(replace(webhook, body=RAW + b" ").send(proxies))
    assert "its bodySHA256 does not: the body was changed under way" in said
    for query in ("", f"?bodySHA256={DIGEST}&bodySHA256={DIGEST}"):
        said = refused(replace(webhook, sent=f"{PATH}{query}").send(proxies))
        assert "which has no single bodySHA256: nothing proves the body" in said
    assert webhook.send(proxies).status_code == 200


def test_a_form_that_came_as_something_else_is_found(
    proxies: int, api: APIClient, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    call = api.post(CALLS, {"to": THEIRS, "from": OURS, "say": "Hello"}).json()["id"]
    sent = f"{HOOKS}/call-status?call={call}&attempt=1"
    webhook = Webhook(sent=sent, content_type="text/plain")
    assert "fits a form: the Content-Type was changed" in refused(webhook.send(proxies))


def test_a_long_body_is_not_looked_at_closer(proxies: int) -> None:
    long = Webhook("https://other.example.com", form=[*FORM, ("More", "x" * diagnosis.MOST_BYTES)])
    assert is_unknown(refused(long.send(proxies)))
    short = replace(long, form=FORM)
    assert "AVA_PUBLIC_URL should be" in refused(short.send(proxies))


NAMES = ("Host", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Twilio-Signature")


@examples(deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=60)), st.binary(max_size=60))
def test_nothing_that_is_sent_makes_the_look_fail(headers: dict[str, str], raw: bytes) -> None:
    for form in ((), FORM):
        received = WebhookRequest(
            (f"{PUBLIC}{PATH}?{headers.get('Host', '')}",), PATH, headers, raw, form=form
        )
        key = Key("a key", "a-secret")
        assert diagnosis.diagnose(received, tokens=[key], others=[key]) is None
