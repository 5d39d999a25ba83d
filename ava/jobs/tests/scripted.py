"""A clock that a test turns, and work that fails as a test wants it to."""

from datetime import datetime, timedelta

from django.utils import timezone

from ava import jobs
from ava.http import correlation


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = timezone.now()

    def __call__(self) -> datetime:
        return self.time

    def turn(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Work:
    """Work that notes each run, and raises what it was made with, one for each run."""

    def __init__(self, *raises: BaseException | None) -> None:
        self.runs: list[dict[str, object]] = []
        self.ids: list[str] = []
        self._raises = list(raises)

    def __call__(self, payload: dict[str, object]) -> None:
        self.runs.append(payload)
        self.ids.append(correlation.current())
        if self._raises and (fault := self._raises.pop(0)):
            raise fault


def registered(*raises: BaseException | None, attempts: int = 8) -> Work:
    work = Work(*raises)
    jobs.register("work", work, attempts=attempts, lease=30)
    return work
