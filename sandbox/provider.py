"""What the sandbox asks of everyone it plays."""

from typing import Protocol

from sandbox.wire import Answer, Request


class Provider(Protocol):
    """One provider. Calls may come from many threads at once."""

    def answer(self, request: Request) -> Answer:
        """Do what the request asks, as the real provider would."""
        ...

    def failure(self, status: int) -> Answer:
        """The provider's own error body for a status it was told to fail with."""
        ...

    def reset(self) -> None:
        """Back to the seed data."""
        ...
