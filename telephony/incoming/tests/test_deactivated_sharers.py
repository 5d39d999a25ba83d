"""One of those who share a Twilio account is deactivated: rows and STOPs stay theirs."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from telephony.conftest import MESSAGES, OURS, THEIRS, callback, run_jobs, store
from telephony.incoming.tests.test_tenants import ACCOUNT, SMS
from telephony.messages.models import Message


@pytest.fixture
def sharer(stranger: User) -> User:
    store(stranger)
    return stranger


def switch(user: User, *, on: bool) -> None:
    User.objects.filter(pk=user.pk).update(is_active=on)


def test_a_stop_holds_for_a_sharer_who_was_deactivated_when_it_came(
    ava: str, owner: User, sharer: User, strangers_api: APIClient
) -> None:
    switch(sharer, on=False)
    assert callback(ava, "message", "", {**SMS, "Body": "STOP"}).ok
    run_jobs()
    switch(sharer, on=True)
    answer = strangers_api.post(MESSAGES, {"to": THEIRS, "from": OURS, "body": "Hi"})
    assert (answer.status_code, answer.json()["code"]) == (409, "recipient_opted_out")


def test_a_lost_message_is_not_found_in_what_a_deactivated_sharer_sent(
    api: APIClient, strangers_api: APIClient, owner: User, sharer: User, sandbox: Sandbox
) -> None:
    text = {"to": THEIRS, "from": OURS, "body": "Hello"}
    for each in (api, strangers_api):
        each.get("/api/v1/twilio/numbers")
    assert strangers_api.post(MESSAGES, text).status_code == 201
    switch(sharer, on=False)
    post = f"POST {ACCOUNT}/Messages.json"
    sandbox.faults.add("twilio", "reset", when="before", count=1, match=post)
    lost = api.post(MESSAGES, text).json()["id"]
    for seconds in range(15, 200, 15):
        run_jobs(seconds=seconds)
    theirs, ours = Message.objects.get(owner=sharer), Message.objects.get(pk=lost)
    assert ours.provider_sid
    assert ours.provider_sid != theirs.provider_sid
