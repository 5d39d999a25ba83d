"""Deadlines of providers in a replay: the last of its apps, when all doors are there."""

from dataclasses import replace

from django.apps import AppConfig

DEADLINE = 3.0


class HurriedConfig(AppConfig):
    name = "ava.recording.hurried"
    label = "hurried"

    def ready(self) -> None:
        from ava import upstream

        for door in upstream.doors():
            door.policy = replace(door.policy, deadline=DEADLINE)
