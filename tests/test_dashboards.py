"""Grafana's dashboards: generated as committed, valid, and by the rules of its linter.

The rules are those of https://github.com/grafana/dashboard-linter. That every query returns data
is proven in `tests/test_observed_day.py`.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ava.conf.env import BASE_DIR
from sandbox.tests import specs
from tests import dashboards, promtool
from tests.test_docs import metrics_listed

PROMISED = {
    "circuit_breaker_health": {
        "state": "Circuit breaker state",
        "opens 24 h": "Opens (24 h)",
        "recoveries 24 h": "Recoveries (24 h)",
        "failure rate by service": "Failure rate by service",
        "state transitions": "State transitions",
        "open rate": "Open rate (24 h)",
        "mean recovery time": "Mean recovery time (24 h)",
        "health score": "Health score (1 h)",
    },
    "error_analytics": {
        "5xx rate": "5xx rate",
        "4xx rate": "4xx rate",
        "error budget 99.9 %": "Error budget left (99.9 %, 30 d)",
        "mttr": "MTTR (7 d)",
        "distribution by status": "Distribution by status",
        "by endpoint top 10": "Errors by endpoint (top 10)",
        "timeline": "Error timeline",
        "top error codes": "Top error codes",
    },
    "performance_metrics": {
        "p50": "Latency p50",
        "p95": "Latency p95",
        "p99": "Latency p99",
        "throughput": "Throughput",
        "percentiles over time": "Latency percentiles over time",
        "rate by endpoint": "Request rate by endpoint",
        "connection reuse": "Connection reuse",
        "rate-limit hits": "Rate-limit hits",
        "slowest endpoints": "Slowest endpoints",
        "database query time": "Database query time",
    },
}
"""What is promised of each dashboard, word by word and in its order, and the panel that has it."""
UNITS = {"short", "percentunit", "s", "reqps", "none"}
PANELS = [(name, panel) for name in dashboards.NAMES for panel in dashboards.panels(name)]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}

each_dashboard = pytest.mark.parametrize("name", dashboards.NAMES)
each_panel = pytest.mark.parametrize(
    "panel", [panel for _, panel in PANELS], ids=[f"{name}: {p['title']}" for name, p in PANELS]
)


def test_the_committed_files_are_what_the_code_generates(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "infrastructure.grafana", str(tmp_path))
    subprocess.run(command, cwd=BASE_DIR, check=True)
    made = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert made == {file.name: file.read_text() for file in dashboards.DIRECTORY.iterdir()}


@each_dashboard
def test_it_is_valid_by_grafanas_own_schema(name: str) -> None:
    schema = specs.load("grafana_dashboard.jsonschema.json")
    jsonschema.validate(dashboards.load(name), schema)


@each_dashboard
def test_it_has_the_panels_that_are_promised(name: str) -> None:
    titles = [panel["title"] for panel in dashboards.panels(name)]
    assert titles == [*PROMISED[name].values()]
    for promised, title in PROMISED[name].items():
        words = re.sub(r"[(),]", "", title.lower()).split()
        assert [word for word in promised.split() if word not in words] == [], title


@each_dashboard
def test_it_refreshes_every_30_seconds_and_is_changed_in_code_only(name: str) -> None:
    made = dashboards.load(name)
    assert (made["refresh"], made["editable"]) == ("30s", False)


@each_dashboard
def test_no_panel_lies_on_another(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboards.panels(name):
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


@each_dashboard
def test_its_variables_are_as_the_linter_wants_them(name: str) -> None:
    source, *others = dashboards.load(name)["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    assert (source["name"], source["label"]) == ("datasource", "Data source")
    assert [one["name"] for one in others] == ["job", "instance", "service"]
    for one in others:
        assert (one["type"], one["datasource"]) == ("query", SOURCE)
        assert one["label"] == one["name"].title()
        assert (one["multi"], one["includeAll"], one["allValue"]) == (True, True, ".+")
        assert one["refresh"] == 2  # when the time range changes
        assert re.fullmatch(rf"label_values\(.+, {one['name']}\)", one["query"])


@each_dashboard
def test_a_choice_of_service_changes_something(name: str) -> None:
    assert any('service=~"$service"' in expr for at, _, expr in dashboards.queries() if at == name)


@each_panel
def test_a_panel_says_what_to_do_in_words(panel: dict[str, Any]) -> None:
    about = panel["description"]
    assert len(about.split()) >= 15
    assert about.endswith(".")


@each_panel
def test_a_panel_has_its_source_a_unit_and_queries(panel: dict[str, Any]) -> None:
    assert panel["datasource"] == SOURCE
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["targets"]
    refs = [target["refId"] for target in panel["targets"]]
    assert refs == sorted(set(refs))


@each_panel
def test_queries_follow_the_linters_rules(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        expression = target["expr"]
        found = dashboards.selectors(expression)
        assert found
        for metric, matchers, over in found:
            assert 'job=~"$job"' in matchers
            assert 'instance=~"$instance"' in matchers
            call = expression.split(f"{metric}{{{matchers}}}")[0].rstrip("(").rpartition("(")[2]
            if metric.endswith(("_total", "_bucket", "_sum", "_count")):
                assert call.split()[-1] in ("rate", "increase"), expression
            if call == "rate":
                assert over == "$__rate_interval"


def test_queries_ask_for_metrics_that_are_listed_and_so_emitted() -> None:
    listed = metrics_listed()
    parts = {f"{name}_{part}": name for name in listed for part in ("bucket", "sum", "count")}
    for name, title, expression in dashboards.queries():
        for metric, matchers, _ in dashboards.selectors(expression):
            kind, labels = listed[parts.get(metric, metric)]
            assert (metric in parts) == (kind == "histogram"), metric
            asked = set(re.findall(r"(\w+)[=!]~?\"", matchers)) - {"job", "instance"}
            assert asked <= set(labels), (name, title, expression)


def test_queries_are_valid_promql(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": dashboards.filled_in(expression, span="1h")}
        for number, (_, _, expression) in enumerate(dashboards.queries())
    ]
    promtool.check_rules(promtool.write(tmp_path / "panels.yml", rules))


@pytest.mark.parametrize(
    ("title", "limit"), [("Latency p50", 0.2), ("Latency p95", 0.5), ("Latency p99", 1.0)]
)
def test_latencies_turn_red_at_their_limits(title: str, limit: float) -> None:
    assert steps(title) == [("green", 0), ("red", limit)]


def test_the_states_have_their_colours() -> None:
    for title in ("Circuit breaker state", "State transitions"):
        [mapping] = panel_of(title)["fieldConfig"]["defaults"]["mappings"]
        colours = {value: shown["color"] for value, shown in mapping["options"].items()}
        assert colours == {"0": "green", "1": "yellow", "2": "red"}


def test_the_health_score_goes_from_0_to_100() -> None:
    defaults = panel_of("Health score (1 h)")["fieldConfig"]["defaults"]
    assert (defaults["min"], defaults["max"]) == (0, 100)


def test_targets_are_where_the_colours_change() -> None:
    assert steps("Open rate (24 h)") == [("green", 0), ("red", 0.01)]
    assert steps("Connection reuse")[-1] == ("green", 0.9)
    assert steps("Error budget left (99.9 %, 30 d)")[0] == ("red", 0)


def panel_of(title: str) -> dict[str, Any]:
    return next(panel for _, panel in PANELS if panel["title"] == title)


def steps(title: str) -> list[tuple[str, float]]:
    defaults = panel_of(title)["fieldConfig"]["defaults"]
    return [(step["color"], step["value"]) for step in defaults["thresholds"]["steps"]]
