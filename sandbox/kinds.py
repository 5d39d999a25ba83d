"""What each kind of fault does to a request."""

from collections.abc import Callable

from sandbox.faults import Strike
from sandbox.line import Line
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


def suffer(
    strike: Strike, line: Line, work: Callable[[], Answer], failure: Callable[[int], Answer]
) -> None:
    """Let `strike` hit a request on `line`.

    `work` does what was asked and returns the answer; `failure` is the provider's error body
    for a status.
    `when` "after" works first. Slow and drip give the real answer, so they always work.
    """
    fault = strike.fault
    delay_s = fault.delay_ms / 1000
    after = fault.when == "after"
    if fault.kind == "drip":
        line.drip(work(), (fault.delay_ms or DRIP_PAUSE_MS) / 1000, strike.lifted)
        return
    if fault.kind == "slow":
        done = work() if after else None
        strike.lifted.wait(delay_s)
        line.send(done or work())
        return
    if after:
        work()
    if fault.kind == "hang":
        line.hang(delay_s or None, strike.lifted)
        return
    strike.lifted.wait(delay_s)
    match fault.kind:
        case "status":
            answer = failure(fault.status)
            line.send(Answer(answer.status, answer.body, {**answer.headers, **fault.headers}))
        case "garbage":
            line.send(HTML if strike.number % 2 else BROKEN_JSON)
        case "reset":
            line.reset()
        case "refuse":
            line.hang_up()
