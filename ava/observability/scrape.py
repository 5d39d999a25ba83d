"""Metrics as Prometheus reads them, with one worker process or several.

Counters and histograms are added up. What a collector in prometheus_client's registry reads from a
store at each scrape, such as a breaker's state, is read once, by the worker that answers. Gauges
that each process has for itself are those of the doors; they are added up over the living ones.
"""

from collections.abc import Iterator
from pathlib import Path

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ava.server import slots
from ava.upstream import maintenance

# The moment at which each counter began, one series more for each, is of no use here.
disable_created_metrics()  # type: ignore[no-untyped-call]  # theirs


def text() -> bytes:
    """All metrics in Prometheus' text format."""
    maintenance.sample()
    registry = REGISTRY
    directory = slots.directory()
    if directory is not None:
        registry = CollectorRegistry()
        registry.register(Workers(directory))
    return generate_latest(registry)


class Workers(Collector):
    """The figures of all workers as one."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def collect(self) -> Iterator[Metric]:
        # First our own: what is in our memory by now is in the files, too.
        own = list(REGISTRY.collect())
        files = [str(file) for file in self._directory.glob("*.db") if _is_filled(file)]
        summed = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]  # theirs
        counted = {metric.name: metric for metric in summed}
        yield from counted.values()
        yield from (metric for metric in own if metric.name not in counted)


def _is_filled(file: Path) -> bool:
    """A file is empty for a moment after a new worker has made it, and gone with its gauges."""
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:
        return False
