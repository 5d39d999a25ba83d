"""No secret that Vapi sends, or that opens Vapi, turns up anywhere."""

import pickle

from django.core import serializers as dumps

from integrations.credentials.models import Credential
from sandbox.vapi import seed
from vapi_settings.account import account_of
from vapi_settings.conftest import ASSISTANT, SETTINGS
from vapi_settings.models import AssistantLease, Revision
from vapi_settings.reads import ALL, NUMBERS

PLANTED = {
    "twilioAuthToken": "planted-auth-token-0001",
    "twilioApiSecret": "planted-api-secret-0002",
    "server": {"url": "https://x.example", "headers": {"X-Secret": "planted-header-0003"}},
    "authentication": {"username": "sip", "password": "planted-sip-0004"},
}


def test_planted_secrets_appear_nowhere(ada, user, put, operator, client, vapi, caplog, capfd):
    for number in seed.PHONE_NUMBERS:
        vapi.sandbox.vapi._phone_numbers.update(number["id"], PLANTED)
    vapi.plant(server=PLANTED["server"], credentials=[{"apiKey": "planted-key-0005"}])

    seen = [
        ada.get("/api/v1/vapi/phone-numbers").content,
        ada.get("/api/v1/vapi/assistants").content,
        ada.get(f"/api/v1/vapi/assistants/{ASSISTANT}").content,
        ada.get(SETTINGS).content,
        put("temperature", 1.1).content,
        ada.get(f"{SETTINGS}/temperature/history").content,
    ]
    vapi.fail(match="PATCH /assistant", count=1)
    seen.append(put("temperature", 1.2).content)
    client.force_login(operator)
    seen.append(client.get("/admin/vapi_settings/revision/").content)
    revision = Revision.objects.latest("pk")
    seen.append(client.get(f"/admin/vapi_settings/revision/{revision.pk}/change/").content)
    # What is cached of phone numbers, whole: secrets are gone before they are cached.
    seen.append(pickle.dumps(NUMBERS.newest(account_of(user).scope, ALL).value))
    for model in (Revision, AssistantLease, Credential):
        seen.append(dumps.serialize("json", model.objects.all()).encode())
    assert all(seen)
    seen.append(caplog.text.encode())
    seen.append("".join(capfd.readouterr()).encode())
    for place in seen:
        assert b"planted" not in place
        assert b"vapi-demo-key" not in place
        assert b"twilio-demo-token" not in place
