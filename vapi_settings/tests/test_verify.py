"""The check of a Vapi key, through the credentials' own door."""

from vapi_settings.conftest import store_key

VERIFY = "/api/v1/integrations/vapi/credentials/verify"


def test_a_good_key_is_accepted_in_words(ada, vapi):
    answer = ada.post(VERIFY)
    assert answer.status_code == 200
    assert "Vapi accepted the key." in answer.content.decode()
    assert vapi.asked == ["GET /assistant"]


def test_a_wrong_key_is_refused_in_words(ada, user, vapi):
    store_key(user, api_key="vapi-wrong-key-0000")
    answer = ada.post(VERIFY)
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("Invalid Vapi API key.")


def test_a_failing_vapi_is_no_verdict_on_the_key(ada, vapi):
    vapi.fail()
    assert ada.post(VERIFY).status_code == 502
