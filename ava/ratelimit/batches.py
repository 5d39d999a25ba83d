"""Batches of calls: an event loop's, which one thread makes together while the loop goes on."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

LARGEST = 64
"""Calls of a batch, so that Redis is asked nothing that takes it more than a millisecond or two."""

A = TypeVar("A")
R = TypeVar("R")


class Batches(Generic[A, R]):
    """Calls that come while a batch is under way are the next one.

    Args:
        call: makes them, in a thread; the results in the order of its arguments.
    """

    def __init__(self, call: Callable[[Sequence[A]], Sequence[R]]) -> None:
        self._call = call
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "ava-batches")

    async def run(self, argument: A) -> R:
        """Result for this argument. Raises: what `call` raises, all of the batch alike."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[R] = loop.create_future()
        self._waiting.append((argument, result))
        if len(self._waiting) == 1 and (self._task is None or self._task.done()):
            self._task = loop.create_task(self._run_all())
        return await result

    async def _run_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
            arguments = [argument for argument, _ in batch]
            called = asyncio.get_running_loop().run_in_executor(self._thread, self._call, arguments)
            await asyncio.wait([called])
            for index, (_, result) in enumerate(batch):
                if result.done():  # its caller has gone
                    continue
                if fault := called.exception():
                    result.set_exception(fault)
                else:
                    result.set_result(called.result()[index])
