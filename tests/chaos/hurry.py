"""Shortens, inside the processes under test, what AVA waits for: the proportions stay."""

from dataclasses import replace
from datetime import timedelta

from django.apps import AppConfig


class Hurry(AppConfig):
    """The last of the apps: all that it changes is there already."""

    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        from ava import upstream
        from ava.idempotency import services as idempotency
        from telephony import settling

        twilio = upstream.door("twilio")
        twilio.policy = replace(twilio.policy, deadline=2.0)
        settling.SHORTEST = timedelta(seconds=4)
        settling.PATIENCE = 2.0
        idempotency.LEASE = timedelta(seconds=10)
