"""A clock that the test moves."""

from ava.ratelimit.window import SECOND


class Clock:
    """Nanoseconds; whole microseconds, which is what every window can tell apart."""

    def __init__(self) -> None:
        self.now = 1_000_000 * SECOND + 123_456_000

    def __call__(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += round(seconds * 1_000_000) * 1000
