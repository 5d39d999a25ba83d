"""Provider interface: what the sandbox needs of each provider that it plays."""

from typing import Protocol

from sandbox.wire import Answer, Request


class Provider(Protocol):
    """One provider. Calls may come from many threads at once."""

    def answer(self, request: Request) -> Answer:
        """Do what the request asks, as the real provider would."""
        ...

    def failure(self, status: int) -> Answer:
        """The provider's own error body for a status that a fault asks for."""
        ...
