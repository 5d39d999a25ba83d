"""Fault kinds: what each of them does to a request."""

from collections.abc import Callable

from sandbox.faults import ActiveFault
from sandbox.response_writer import ResponseWriter
from sandbox.wire import Answer

DRIP_PAUSE_MS = 250

HTML = Answer(
    200,
    b"<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head>"
    b"<body><h1>Checking your browser before you proceed</h1></body></html>\n",
    {"Content-Type": "text/html; charset=utf-8"},
)
BROKEN_JSON = Answer(
    200,
    b'{"id":"5d0e9c1a-6b1f-4c1e-9a53-2f","model":{"provider":"op',
    {"Content-Type": "application/json; charset=utf-8"},
)


def apply_fault(
    active: ActiveFault,
    writer: ResponseWriter,
    work: Callable[[], Answer],
    failure: Callable[..., Answer],
) -> None:
    """Apply a fault to one request.

    With `when` "after" the work is done first. Slow and drip give the real answer, so they always
    do it.

    Args:
        work: does what was asked and returns the answer.
        failure: the provider's error body for a status, and for an error's name where it has some.
    """
    fault, removed = active.fault, active.removed
    delay_s = fault.delay_ms / 1000
    after = fault.when == "after"
    if fault.kind == "drip":
        writer.drip(work(), (fault.delay_ms or DRIP_PAUSE_MS) / 1000, removed)
        return
    if fault.kind == "slow":
        done = work() if after else None
        removed.wait(delay_s)
        writer.send(done or work())
        return
    if after:
        work()
    if fault.kind == "hang":
        writer.hang(delay_s or None, removed)
        return
    removed.wait(delay_s)
    match fault.kind:
        case "status":
            named = [fault.error] if fault.error else []
            answer = failure(fault.status, *named)
            writer.send(Answer(answer.status, answer.body, {**answer.headers, **fault.headers}))
        case "garbage":
            writer.send(HTML if active.hit % 2 else BROKEN_JSON)
        case "reset":
            writer.reset()
        case "refuse":
            writer.close_silently()
