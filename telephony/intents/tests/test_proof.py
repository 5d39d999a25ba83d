"""Proof for two at once that each hold what is the other's."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from telephony.calls.models import Call
from telephony.conftest import OURS, THEIRS
from telephony.intents import adoption
from telephony.intents.channel import ProviderRecord

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 10


def test_two_that_took_each_others_get_their_own(user: User) -> None:
    gate = Barrier(2)

    def prove(call: Call, sid: str) -> None:
        sighting = ProviderRecord(reference=sid, status="ringing")
        gate.wait(30)
        try:
            adoption.adopt(call, sighting, source="callback", proven=True, now=timezone.now())
        finally:
            connections.close_all()

    common: dict[str, Any] = {"owner": user, "to": THEIRS, "from_number": OURS, "status": "queued"}
    with ThreadPoolExecutor(2) as threads:
        for n in range(ROUNDS):
            sids = [f"CA{n}a", f"CA{n}b"]
            pair = [
                Call.objects.create(provider_sid=sid, guessed=True, kind="say", **common)
                for sid in reversed(sids)
            ]
            for done in [threads.submit(prove, *one) for one in zip(pair, sids, strict=True)]:
                done.result()
            for call, sid in zip(pair, sids, strict=True):
                call.refresh_from_db()
                assert (call.provider_sid, call.guessed) == (sid, False)
