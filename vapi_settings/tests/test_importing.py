"""A Twilio number handed to Vapi: with its consequences said, and no secret shown."""

import pytest

from conftest import PASSWORD
from integrations.credentials import services as credentials
from sandbox.vapi import seed
from vapi_settings.conftest import ASSISTANT, store_key
from vapi_settings.tests.scripted import scripted_vapi

NUMBERS = "/api/v1/vapi/phone-numbers"
TWILIO = {"account_sid": "AC" + "0" * 32, "auth_token": "planted-token-0001"}
WANTED = {"number": "+15005550012", "replace_voice_url": True, "password": PASSWORD}
NEW = {**seed.PHONE_NUMBERS[0], "id": "new", "number": "+15005550012", "name": ""}


@pytest.fixture
def played(settings, user, quick_door):
    settings.PUBLIC_URL = "https://ava.example"
    settings.RATE_LIMIT_PER_MINUTE = 1000
    with scripted_vapi() as vapi:
        settings.VAPI_BASE_URL = vapi.url
        vapi.on("GET", "/phone-number", 200, seed.PHONE_NUMBERS)
        vapi.on("GET", f"/assistant/{ASSISTANT}", 200, {"id": ASSISTANT})
        vapi.on("POST", "/phone-number", 201, {**NEW, "twilioAuthToken": "planted-token-0001"})
        store_key(user)
        yield vapi


def connect_twilio(user, **fields):
    credentials.save(
        user=user, provider="twilio", values={**TWILIO, **fields}, actor=user, source="api"
    )


def test_a_number_is_imported_and_its_messages_stay_where_they_are(
    api, played, user, caplog, capfd
):
    connect_twilio(user)
    known = api.get(NUMBERS).json()["count"]
    played.on("GET", "/phone-number", 200, [NEW, *seed.PHONE_NUMBERS])
    answer = api.post(NUMBERS, WANTED)
    assert (answer.status_code, answer.json()["number"]) == (201, "+15005550012")
    assert played.bodies("POST", "/phone-number") == [
        {
            "provider": "twilio",
            "number": "+15005550012",
            "smsEnabled": False,
            "twilioAccountSid": TWILIO["account_sid"],
            "twilioAuthToken": TWILIO["auth_token"],
        }
    ]
    # The list is read anew, not from before.
    assert api.get(NUMBERS).json()["count"] == known + 1
    seen = answer.content.decode() + caplog.text + "".join(capfd.readouterr())
    assert "planted" not in seen


def test_a_number_is_imported_as_it_was_pasted(api, played, user):
    connect_twilio(user)
    pasted = {
        "number": "\u202a+1\u00a0500\u2011555\u20110012\u202c",
        "assistant_id": f" {ASSISTANT}\u200b",
    }
    assert api.post(NUMBERS, {**WANTED, **pasted}).status_code == 201
    [body] = played.bodies("POST", "/phone-number")
    assert (body["number"], body["assistantId"]) == ("+15005550012", ASSISTANT)


def test_an_api_key_goes_to_vapi_rather_than_the_token(api, played, user):
    connect_twilio(user, api_key_sid="SK" + "1" * 32, api_key_secret="planted-secret-0002")
    assert api.post(NUMBERS, WANTED).status_code == 201
    [body] = played.bodies("POST", "/phone-number")
    assert body["twilioApiKey"] == "SK" + "1" * 32
    assert "twilioAuthToken" not in body


@pytest.mark.parametrize(
    "confirmed", [{}, *({"replace_voice_url": no} for no in (False, None, "true", 1))]
)
def test_nothing_happens_before_the_user_knows_what_it_does(api, played, user, confirmed):
    connect_twilio(user)
    answer = api.post(NUMBERS, {"number": "+15005550012", "password": PASSWORD, **confirmed})
    assert answer.status_code == 400
    [said] = answer.json()["errors"]["replace_voice_url"]
    assert "replaces the number's voice URL" in said
    assert played.bodies("POST", "/phone-number") == []


def test_the_operators_twilio_secrets_never_go_to_a_users_vapi(api, played, settings):
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    settings.OPERATOR_CREDENTIALS = {
        "TWILIO_ACCOUNT_SID": TWILIO["account_sid"],
        "TWILIO_AUTH_TOKEN": "planted-operators-0003",
    }
    answer = api.post(NUMBERS, WANTED)
    assert (answer.status_code, answer.json()["code"]) == (400, "credentials_missing")
    assert played.bodies("POST", "/phone-number") == []


@pytest.mark.parametrize("number", ["", "15005550012", "+0500", "+1 500 555 x", "x", None, 5.5])
def test_a_number_that_is_none_is_refused(api, played, user, number):
    connect_twilio(user)
    answer = api.post(NUMBERS, {**WANTED, "number": number})
    assert answer.status_code == 400
    assert "number" in answer.json()["errors"]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Existing Phone Number x Has Identical `number` +15005550012", "has this number already"),
        ("Couldn't Validate Twilio Credentials", "with your Twilio credentials"),
        ("number must be a valid phone number", "does not take this number"),
    ],
)
def test_vapis_refusal_has_a_sentence(api, played, user, message, said):
    connect_twilio(user)
    played.on("POST", "/phone-number", 400, {"message": message})
    answer = api.post(NUMBERS, WANTED)
    assert (answer.status_code, answer.json()["code"]) == (409, "vapi_number_refused")
    assert said in answer.json()["detail"]


def test_an_unknown_assistant_is_refused_before_anything_changes(api, played, user):
    connect_twilio(user)
    answer = api.post(NUMBERS, {**WANTED, "assistant_id": "nobody"})
    assert (answer.status_code, answer.json()["code"]) == (404, "assistant_not_found")
    assert played.bodies("POST", "/phone-number") == []


def test_a_lost_answer_is_an_outage_and_not_asked_for_twice(api, played, user):
    connect_twilio(user)
    played.on("POST", "/phone-number", 500, {})
    assert api.post(NUMBERS, WANTED).status_code == 502
    assert len(played.bodies("POST", "/phone-number")) == 1
