"""Shorter waits inside the processes under test; their proportions stay."""

import os
from dataclasses import replace
from datetime import timedelta

from django.apps import AppConfig

from tests.chaos import deadly

STEP = "AVA_TEST_DIES"
"""When, where and for whom to die; see `deadly.arm`."""


class Hurry(AppConfig):
    """The last of the apps: all that it changes is there already."""

    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        from ava import upstream
        from ava.idempotency import services as idempotency
        from ava.intents import keyed
        from ava.jobs import celery_dispatch
        from telephony.calls.assistant_calls import AssistantCalls
        from telephony.intents import settling

        for provider in ("twilio", "vapi", "resend", "smtp"):
            door = upstream.door(provider)
            door.policy = replace(door.policy, deadline=2.0)
        settling.SHORTEST = timedelta(seconds=4)
        settling.PATIENCE = 2.0
        keyed.LONGEST = 2.0
        idempotency.LEASE = timedelta(seconds=10)
        celery_dispatch.RESEND_SECONDS = 6.0
        AssistantCalls.backfill_delays = tuple(
            after / 5 for after in AssistantCalls.backfill_delays
        )
        if step := os.environ.get(STEP):
            when, place, number = step.split()
            deadly.arm(when, place, number)
