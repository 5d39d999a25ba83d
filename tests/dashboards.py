"""The dashboards as they are committed: panels, queries, and what the queries select."""

import json
import re
from typing import Any, Final

from ava.conf.env import BASE_DIR

DIRECTORY: Final = BASE_DIR / "infrastructure" / "grafana" / "dashboards"
NAMES: Final = ("circuit_breaker_health", "error_analytics", "performance_metrics")

# A metric's name, its matchers, and the range that may follow.
_SELECTOR = re.compile(r"\b([a-z_]+)\{([^}]*)\}(?:\[([^\]]*)\])?")


def load(name: str) -> dict[str, Any]:
    return dict(json.loads((DIRECTORY / f"{name}.json").read_text()))


def panels(name: str) -> list[dict[str, Any]]:
    return list(load(name)["panels"])


def queries() -> list[tuple[str, str, str]]:
    """Dashboard, panel and expression of every query of all panels."""
    return [
        (name, panel["title"], target["expr"])
        for name in NAMES
        for panel in panels(name)
        for target in panel["targets"]
    ]


def selectors(expression: str) -> list[tuple[str, str, str]]:
    """Metric, matchers and range (empty: none) of everything that an expression selects."""
    return _SELECTOR.findall(expression)


def filled_in(expression: str, *, span: str, interval: str = "15s") -> str:
    """The expression as Grafana sends it with everything chosen, over so much time.

    Args:
        span: of the dashboard, and of all longer ranges.
        interval: the rate interval.
    """
    for variable in ("job", "instance", "service"):
        expression = expression.replace(f'"${variable}"', '".+"')
    return expression.replace("$__rate_interval", interval).replace("$__range", span)
