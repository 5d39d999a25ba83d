"""Wrong tokens: who signed, where it was none that counts, behind one proxy and two."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from sandbox.twilio.seed import API_KEY_SID
from telephony.conftest import CALLS, HOOKS, OURS, THEIRS, phone, store
from telephony.incoming.tests.proxies import MESSAGE, Webhook, is_unknown, refused

pytestmark = pytest.mark.usefixtures("twilio_user")


def test_a_key_that_was_stored_in_the_place_of_the_token_is_found(
    proxies: int, twilio_user: User
) -> None:
    store(
        twilio_user,
        auth_token="the-secret-of-a-key",
        api_key_sid=API_KEY_SID,
        api_key_secret=AUTH_TOKEN,
    )
    said = refused(Webhook().send(proxies))
    assert (
        f"The signature fits the api_key_secret ••••••••{AUTH_TOKEN[-4:]} of user ada "
        f"({twilio_user.pk}): as Twilio signs with the auth token, the two have been exchanged."
    ) in said


def test_the_token_of_another_account_is_found(proxies: int, settings: Any) -> None:
    settings.OPERATOR_CREDENTIALS = {
        "TWILIO_ACCOUNT_SID": "AC" + "7" * 32,
        "TWILIO_AUTH_TOKEN": "the-operators-token",
    }
    said = refused(Webhook(token="the-operators-token").send(proxies))
    assert (
        "The signature fits the auth_token ••••••••oken of the operator: of account ...7777" in said
    )


def test_the_token_that_another_user_has_of_the_account_is_found(
    proxies: int, api: APIClient, sandbox: Sandbox, stranger: User
) -> None:
    store(stranger, auth_token="promoted-since-then")
    phone(sandbox, "answer", ring_ms=60_000)
    call = api.post(CALLS, {"to": THEIRS, "from": OURS, "say": "Hello"}).json()["id"]
    sent = f"{HOOKS}/call-status?call={call}&attempt=1"
    said = refused(Webhook(sent=sent, token="promoted-since-then").send(proxies))
    assert "fits the auth_token ••••••••then of user eve" in said
    assert "not what this call is checked with" in said


def test_a_shared_key_of_twilios_is_named(proxies: int) -> None:
    header = {"X-Twilio-Webhooks-Signature-Settings": "key=webhooks_1,algorithm=HMAC_SHA256"}
    said = refused(Webhook(token="shared").send(proxies, header))
    assert "Twilio signed it with a shared key" in said


def test_what_cannot_be_found_out_names_each_token_that_was_tried(
    proxies: int, twilio_user: User, stranger: User, settings: Any
) -> None:
    store(twilio_user, secondary_auth_token="the-next-token-7ab2")
    store(stranger, auth_token="short")
    settings.OPERATOR_CREDENTIALS = {
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": "the-operators-t0k3",
    }
    said = refused(Webhook(token="guessed").send(proxies))
    assert is_unknown(said)
    assert "Account: ...0000" in said
    assert (
        f"Tokens tried: auth_token ••••••••oken of user ada ({twilio_user.pk}), "
        f"secondary_auth_token ••••••••7ab2 of user ada ({twilio_user.pk}), "
        f"auth_token •••••••• of user eve ({stranger.pk}), "
        f"auth_token ••••••••t0k3 of the operator\n"
    ) in said
    assert "If the address is right, the secret is not" in said


def test_of_many_tokens_the_first_are_named(proxies: int, stranger: User) -> None:
    for number in range(12):
        one = User.objects.create_user(f"user{number}")
        store(one, auth_token=f"a-token-of-number-{number:04}")
    said = refused(Webhook(token="guessed").send(proxies))
    assert "0008 of user user8" in said
    assert "0009" not in said
    assert ", and 3 more\n" in said


def test_an_account_that_nobody_has_costs_no_look(proxies: int) -> None:
    nobodys = Webhook(form=[*{**MESSAGE, "AccountSid": "AC" + "9" * 32}.items()])
    said = refused(nobodys.send(proxies))
    assert "Nobody here has credentials of this account." in said
    assert "Tokens tried: none\n" in said
