"""A collector that is dead, hangs or is slow costs spans, and one line of the log."""

import json
import time
from collections.abc import Iterator

import pytest

from ava.observability import tracing
from ava.observability.span_exporter import Exporter
from ava.observability.tests.test_logs import written  # noqa: F401 - a fixture
from tests.otlp import Receiver
from tests.ports import free_port
from tests.server import until


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
    monkeypatch.setattr(tracing, "STOP_SECONDS", 0.3)
    yield
    tracing.stop()


def begin(port: int) -> None:
    tracing.start(Exporter(endpoint=f"http://127.0.0.1:{port}/v1/traces"))


def leave_spans(count: int) -> float:
    """Open and close so many spans. The seconds that it took."""
    began = time.perf_counter()
    for _ in range(count):
        with tracing.span("some work", {}):
            pass
    return time.perf_counter() - began


def lines(written) -> list[dict[str, object]]:  # noqa: F811 - the fixture
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_dead_collector_is_told_once_and_so_is_its_return(written) -> None:  # noqa: F811
    port = free_port()
    begin(port)
    for _ in range(3):
        leave_spans(600)
        time.sleep(0.3)
    [line] = lines(written)
    assert line["event"] == "spans are lost: the collector does not take them"
    assert line["collector"] == f"http://127.0.0.1:{port}/v1/traces"
    assert line["level"] == "warning"
    with Receiver(port) as receiver:
        leave_spans(1)
        until(lambda: bool(receiver.spans) and len(lines(written)) == 2)
    assert lines(written)[1]["event"] == "the collector takes spans again"


def test_a_collector_that_hangs_delays_neither_the_work_nor_the_end(written) -> None:  # noqa: F811
    with Receiver() as receiver:
        receiver.hold.clear()
        begin(receiver.port)
        # More than the queue takes: the oldest are dropped.
        assert leave_spans(5000) < 3
        began = time.monotonic()
        tracing.stop()
        assert time.monotonic() - began < 1
        assert leave_spans(10) < 0.1  # no more than nothing


def test_a_process_that_stops_sends_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "60000")
    monkeypatch.setattr(tracing, "STOP_SECONDS", 10)
    with Receiver() as receiver:
        begin(receiver.port)
        leave_spans(3)
        assert receiver.spans == []
        tracing.stop()
        assert [span.name for span in receiver.spans] == ["some work"] * 3
        assert receiver.spans[0].resource["service.name"] == "ava"
