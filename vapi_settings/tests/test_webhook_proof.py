"""Proof of Vapi's webhooks: the user's own scheme, and nothing else."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from django.contrib.auth.models import User

from ava.inbound.models import Delivery, Refusal
from vapi_settings.conftest import KEY, store_key
from vapi_settings.tests.hooking import SECRET, payload


def refused(answer, reason):
    assert (answer.status_code, answer.json()["code"]) == (403, "webhook_forged")
    assert Refusal.objects.latest("pk").reason == reason
    assert Delivery.objects.count() == 0


def test_a_wrong_secret_is_refused_and_the_reason_is_kept(send):
    for wrong in ("planted-hook-0005", SECRET.upper(), f"{SECRET}x", "é"):
        answer = send(payload("status_update"), headers={"X-Vapi-Secret": wrong})
        refused(answer, "X-Vapi-Secret does not hold the webhook_secret.")
    refused(send(payload("status_update"), headers={}), "There is no X-Vapi-Secret header.")


def test_a_refusal_names_the_user_and_the_end_of_the_secret_that_was_tried(send, user):
    send(payload("status_update"), secret="planted-hook-0005")
    seen = Refusal.objects.latest("pk").seen
    assert seen == {"user": f"ada ({user.pk})", "webhook_secret tried": f"••••••••{SECRET[-4:]}"}


def test_the_secret_of_another_user_opens_nothing(send, stranger):
    theirs = store_key(stranger, webhook_secret="their-own-secret").pk
    answer = send(payload("status_update"), secret="their-own-secret")
    refused(answer, "X-Vapi-Secret does not hold the webhook_secret.")
    answer = send(payload("status_update"), to=theirs)
    refused(answer, "X-Vapi-Secret does not hold the webhook_secret.")


@pytest.mark.parametrize("to", ["x", "00000000-0000-4000-8000-000000000000", "%00", "'"])
def test_an_address_of_nobody_is_refused(send, to):
    answer = send(payload("status_update"), to=to)
    refused(answer, "The address names no account that takes webhooks of Vapi.")


def test_an_address_without_account_is_refused_whatever_secret_it_carries(send):
    reason = "The address names no account. Give Vapi the webhook_url shown with your credentials."
    refused(send(payload("status_update"), to=None), reason)


def test_an_address_that_names_an_account_twice_is_refused(send, stranger, account):
    theirs = store_key(stranger, webhook_secret="their-own-secret").pk
    for to in (
        f"{account}&account={theirs}",
        f"{theirs}&acc%6Funt={account}",
        f"&account={account}",
    ):
        refused(
            send(payload("status_update"), to=to), "The address names an account more than once."
        )


def test_a_strangers_scheme_changes_nobody_elses_answer(send, stranger, reported, user):
    """A secret and a header that fit every delivery, stored before there were rules for them."""
    theirs = store_key(stranger, webhook_secret="their-own-secret")
    theirs.clear = {**theirs.clear, "webhook_header": "Content-Type"}
    theirs.secrets = json.dumps({"api_key": KEY, "webhook_secret": "application/json"})
    theirs.save()
    assert send(payload("status_update")).status_code == 204
    assert send(payload("end_of_call_report"), secret="planted-hook-0005").status_code == 403
    assert send(payload("end_of_call_report"), to=None).status_code == 403
    assert [event.owner for event in reported()] == [user]
    assert {row.owner for row in Delivery.objects.all()} == {user}


def test_who_names_nobody_and_who_names_the_wrong_one_hear_the_same(send, user, account):
    nobody = "00000000-0000-4000-8000-000000000000"
    answers = [send(payload("status_update"), to=to, secret="x") for to in (None, nobody, account)]
    User.objects.filter(pk=user.pk).update(is_active=False)
    answers.append(send(payload("status_update")))
    bodies = [{**one.json(), "correlation_id": None} for one in answers]
    assert [one.status_code for one in answers] == [403] * 4
    assert bodies == [bodies[0]] * 4


def test_a_user_without_a_secret_takes_no_webhooks(send, user):
    store_key(user)
    refused(
        send(payload("status_update"), headers={"X-Vapi-Secret": ""}),
        "The address names no account that takes webhooks of Vapi.",
    )


@pytest.mark.parametrize("value", [f"Bearer {SECRET}", f"bearer {SECRET}", SECRET])
def test_the_secret_may_come_as_bearer_token(send, user, value):
    store_key(user, webhook_secret=SECRET, webhook_scheme="bearer")
    assert send(payload("status_update"), headers={"Authorization": value}).status_code == 204
    refused_bearer = send(payload("status_update"), headers={"Authorization": "Bearer x"})
    assert refused_bearer.status_code == 403


def signed(raw, fields, *, at=None, secret=SECRET):
    """The headers Vapi signs with, written down from its document and not from AVA's code."""
    stamp = str(int(time.time() if at is None else at))
    text = fields.get("webhook_payload", "{timestamp}.{body}")
    message = text.replace("{timestamp}", stamp).encode().replace(b"{body}", raw)
    algorithm = getattr(hashlib, fields.get("webhook_algorithm", "sha256"))
    digest = hmac.new(secret.encode(), message, algorithm).digest()
    encoded = base64.b64encode(digest) if "webhook_encoding" in fields else digest.hex().encode()
    return {
        fields.get("webhook_header", "x-signature"): fields.get("webhook_prefix", "")
        + encoded.decode(),
        fields.get("webhook_timestamp_header", "x-timestamp"): stamp,
    }


HMACS = [
    {},
    {"webhook_algorithm": "sha1"},
    {"webhook_algorithm": "sha512", "webhook_encoding": "base64"},
    {"webhook_header": "X-Acme-Signature", "webhook_prefix": "sha256="},
    {"webhook_payload": "v0:{timestamp}:{body}", "webhook_timestamp_header": "X-Acme-Time"},
    {"webhook_payload": "{body}"},
]


@pytest.mark.parametrize("fields", HMACS)
def test_a_signature_proves_exactly_this_body(send, user, fields):
    store_key(user, webhook_secret=SECRET, webhook_scheme="hmac", **fields)
    raw = json.dumps(payload("status_update")).encode()
    assert send(raw, headers=signed(raw, fields)).status_code == 204
    Delivery.objects.all().delete()
    reason = "The signature is not that of this body with the webhook_secret."
    refused(send(raw[:-1], headers=signed(raw, fields)), reason)
    refused(send(raw + b" ", headers=signed(raw, fields)), reason)
    refused(send(raw, headers=signed(raw, fields, secret="planted-hook-0005")), reason)
    # The secret itself is no signature.
    refused(
        send(raw, headers={**signed(raw, fields), next(iter(signed(raw, fields))): SECRET}), reason
    )


def test_an_old_signature_is_no_proof_any_more(send, user):
    store_key(user, webhook_secret=SECRET, webhook_scheme="hmac")
    raw = json.dumps(payload("status_update")).encode()
    reason = "x-timestamp holds no Unix time of the last 5 minutes."
    for at in (time.time() - 400, time.time() + 400, 0):
        refused(send(raw, headers=signed(raw, {}, at=at)), reason)
    for stamp in ("", "now", "9" * 40, "-1", "1e9"):
        refused(send(raw, headers={**signed(raw, {}), "x-timestamp": stamp}), reason)


def test_milliseconds_are_a_timestamp_too(send, user):
    store_key(user, webhook_secret=SECRET, webhook_scheme="hmac")
    raw = json.dumps(payload("status_update")).encode()
    headers = signed(raw, {}, at=time.time() * 1000)
    assert send(raw, headers=headers).status_code == 204
