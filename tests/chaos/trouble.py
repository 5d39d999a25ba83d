"""Trouble beside the clients, in a thread of its own that never outlives the run."""

import threading
from types import TracebackType
from typing import Self


class Trouble:
    """Goes on from entering to leaving, which raises what it failed of.

    Args:
        given_up: set when it fails, which ends the whole run; it ends when another part sets it.
    """

    def __init__(self, given_up: threading.Event) -> None:
        self._given_up = given_up
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._fault: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._enough.set()
        self._thread.join()
        if self._fault and error is None:
            raise self._fault

    def _run(self) -> None:
        try:
            self._go_on()
        except Exception as fault:
            self._fault = fault
            self._given_up.set()

    def _go_on(self) -> None:
        """Until `_enough` or `_given_up` is set."""
        raise NotImplementedError
