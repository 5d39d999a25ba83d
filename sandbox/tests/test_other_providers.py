"""The thin parts: Twilio's account and numbers, Resend's domains, and those not played yet."""

import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client

ACCOUNT = "AC" + "0" * 32
BASE = f"/twilio/2010-04-01/Accounts/{ACCOUNT}"
DEMO = (ACCOUNT, "twilio-demo-token")


@pytest.fixture
def client(sandbox: Sandbox):
    with Client(sandbox.url) as client:
        yield client


def test_twilio_shows_the_account_to_its_token(client: Client) -> None:
    answer = client.get(f"{BASE}.json", auth=DEMO)
    assert answer.status_code == 200
    assert (answer.json()["sid"], answer.json()["status"]) == (ACCOUNT, "active")


@pytest.mark.parametrize("auth", [(ACCOUNT, "wrong"), ("AC1", "twilio-demo-token"), None])
def test_twilio_refuses_a_wrong_key_with_20003(
    client: Client, auth: tuple[str, str] | None
) -> None:
    answer = client.get(f"{BASE}.json", auth=auth)
    assert answer.status_code == 401
    assert answer.json() == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


def test_twilio_lists_numbers_page_by_page(client: Client) -> None:
    whole = client.get(f"{BASE}/IncomingPhoneNumbers.json", auth=DEMO).json()
    numbers = whole["incoming_phone_numbers"]
    assert [n["phone_number"] for n in numbers] == ["+15005550006", "+15005550010"]
    assert (whole["page_size"], whole["next_page_uri"]) == (50, None)
    first = client.get(f"{BASE}/IncomingPhoneNumbers.json?PageSize=1", auth=DEMO).json()
    second = client.get("/twilio" + first["next_page_uri"], auth=DEMO).json()
    assert first["incoming_phone_numbers"] + second["incoming_phone_numbers"] == numbers
    assert second["next_page_uri"] is None
    assert client.get("/twilio" + second["previous_page_uri"], auth=DEMO).json() == first


def test_resend_lists_its_domain_to_its_key_only(client: Client) -> None:
    answer = client.get("/resend/domains", headers={"Authorization": "Bearer re_demo"})
    assert answer.status_code == 200
    assert [d["name"] for d in answer.json()["data"]] == ["example.com"]
    wrong = client.get("/resend/domains", headers={"Authorization": "Bearer re_other"})
    assert wrong.status_code == 401
    assert wrong.json() == {
        "statusCode": 401,
        "message": "API key is invalid",
        "name": "validation_error",
    }
    assert client.get("/resend/domains").json()["name"] == "missing_api_key"


def test_what_is_not_played_yet_is_not_found_in_each_providers_own_shape(client: Client) -> None:
    twilio = client.call("POST", f"{BASE}/Queues.json", auth=DEMO)
    assert (twilio.status_code, twilio.json()["code"]) == (404, 20404)
    resend = client.call("POST", "/resend/audiences", headers={"Authorization": "Bearer re_demo"})
    assert (resend.status_code, resend.json()["name"]) == (404, "not_found")
