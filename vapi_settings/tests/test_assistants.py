"""Assistants and phone numbers: what AVA lets through of what Vapi sends."""

import pytest

from vapi_settings.conftest import ASSISTANT, NO_CACHE

ASSISTANTS = "/api/v1/vapi/assistants"
NUMBERS = "/api/v1/vapi/phone-numbers"

FRONT_DESK = {
    "id": ASSISTANT,
    "name": "Front desk",
    "model": {"provider": "openai", "name": "gpt-4o"},
    "voice": {"provider": "11labs", "name": "sarah"},
    "transcriber": {"provider": "deepgram", "name": "nova-2"},
    "created_at": "2026-01-05T08:00:00Z",
    "updated_at": "2026-01-05T08:30:00Z",
}


def test_assistants_are_listed_in_pages(ada, vapi):
    assert ada.get(ASSISTANTS).json() == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [FRONT_DESK],
    }
    for number in range(3):
        vapi.sandbox.vapi.add_assistant(name=f"No. {number}")
    page = ada.get(ASSISTANTS, {"limit": 3}, **NO_CACHE).json()
    assert (page["count"], len(page["results"])) == (4, 3)
    assert ada.get(page["next"]).json()["results"] == [FRONT_DESK]


def test_assistants_are_found_by_a_part_of_their_name(ada, vapi):
    vapi.sandbox.vapi.add_assistant(name="Night shift")
    assert [one["name"] for one in ada.get(ASSISTANTS, {"search": "DESK"}).json()["results"]] == [
        "Front desk"
    ]
    assert ada.get(ASSISTANTS, {"search": "nobody"}).json()["count"] == 0


def test_one_assistant_is_shown_without_its_inner_parts(ada):
    answer = ada.get(f"{ASSISTANTS}/{ASSISTANT}")
    assert answer.json() == FRONT_DESK
    assert answer["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("wrong", ["11111111-2222-4333-8444-555555555555", "x", "a" * 65, "%00"])
def test_an_unknown_assistant_is_a_404(ada, wrong):
    answer = ada.get(f"{ASSISTANTS}/{wrong}")
    assert (answer.status_code, answer.json()["code"]) == (404, "assistant_not_found")


def test_a_changed_name_is_seen_after_a_change_by_ava(ada, put, vapi):
    ada.get(ASSISTANTS)
    put("temperature", 1.1)
    shown = ada.get(ASSISTANTS).json()["results"][0]["updated_at"]
    assert shown != FRONT_DESK["updated_at"]


def test_phone_numbers_are_listed_without_vapis_secrets(ada, vapi, caplog):
    answer = ada.get(NUMBERS)
    assert answer.json()["results"] == [
        {
            "id": "e2b4d6f8-0a1c-4e3d-9f52-7a8b9c0d1e2f",
            "number": "+15005550011",
            "name": "Free number",
            "provider": "vapi",
            "status": "active",
            "assistant_id": None,
            "created_at": "2026-01-05T08:20:00Z",
            "updated_at": "2026-01-05T08:20:00Z",
        },
        {
            "id": "c7a1f3d2-4e5b-4a69-8c70-1b2d3e4f5a60",
            "number": "+15005550006",
            "name": "Front desk",
            "provider": "twilio",
            "status": "active",
            "assistant_id": ASSISTANT,
            "created_at": "2026-01-05T08:10:00Z",
            "updated_at": "2026-01-05T08:10:00Z",
        },
        {
            "id": "f3c5e7a9-1b2d-4f4e-8a63-8b9c0d1e2f3a",
            "number": "",
            "name": "Front desk by SIP",
            "provider": "vapi",
            "status": "active",
            "assistant_id": ASSISTANT,
            "created_at": "2026-01-05T08:05:00Z",
            "updated_at": "2026-01-05T08:05:00Z",
        },
    ]
    assert vapi.asked == ["GET /phone-number"]
    ada.get(NUMBERS)
    assert vapi.asked == ["GET /phone-number"]


def test_phone_numbers_are_found_by_number_or_name(ada):
    assert ada.get(NUMBERS, {"search": "0011"}).json()["count"] == 1
    assert ada.get(NUMBERS, {"search": "front"}).json()["count"] == 2


def test_a_strangers_key_lists_nothing_of_ours(ada, strangers_api):
    ada.get(ASSISTANTS)
    assert strangers_api.get(ASSISTANTS).status_code == 400
    assert strangers_api.get(NUMBERS).status_code == 400
