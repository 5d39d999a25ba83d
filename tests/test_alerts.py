"""Alerts: valid, tested firing and not firing, each with a runbook; the examples beside them."""

import re
from typing import Any

import pytest
import yaml

from ava.conf.env import BASE_DIR
from tests import promtool
from tests.test_docs import OPERATIONS, metrics_listed

DIRECTORY = BASE_DIR / "infrastructure" / "prometheus"


def load(name: str) -> Any:
    return yaml.safe_load((DIRECTORY / name).read_text())


ALERTS = {rule["alert"]: rule for group in load("alerts.yml")["groups"] for rule in group["rules"]}
SEVERITIES = {
    "AvaBreakerOpen": "page",
    "AvaRateLimitRefusals": "warning",
    "AvaResponsesWithoutCorrelationId": "warning",
    "AvaErrorRate": "critical",
    "AvaSlow": "warning",
    "AvaDown": "page",
}

each_alert = pytest.mark.parametrize("alert", ALERTS)


def test_promtool_takes_the_rules() -> None:
    promtool.check_rules(DIRECTORY / "alerts.yml")


def test_each_alert_fires_when_it_should_and_only_then() -> None:
    promtool.run_tests(DIRECTORY / "alerts.test.yml")


@each_alert
def test_an_alert_is_tested_firing_and_not_firing(alert: str) -> None:
    expected = [
        bool(case["exp_alerts"])
        for test in load("alerts.test.yml")["tests"]
        for case in test["alert_rule_test"]
        if case["alertname"] == alert
    ]
    assert set(expected) == {True, False}


@each_alert
def test_an_alert_has_a_runbook_that_says_what_it_means_how_to_look_and_what_to_do(
    alert: str,
) -> None:
    rule = ALERTS[alert]
    assert rule["annotations"]["runbook_url"] == f"docs/OPERATIONS.md#{alert.lower()}"
    [entry] = re.findall(rf"^### {alert}\n\n((?:.+\n)+)", OPERATIONS, re.M)
    for part in ("Means", "Look", "Do"):
        [said] = re.findall(rf"^- \*\*{part}:\*\* (\S.*)", entry, re.M)
        assert len(said.split()) > 3


def test_no_runbook_is_of_an_alert_that_is_gone() -> None:
    written = set(re.findall(r"^### (Ava\w+)$", OPERATIONS, re.M))
    assert written == set(ALERTS)


@pytest.mark.parametrize(("alert", "severity"), SEVERITIES.items())
def test_severities_are_as_promised(alert: str, severity: str) -> None:
    assert ALERTS[alert]["labels"]["severity"] == severity


@each_alert
def test_an_alert_asks_for_metrics_that_are_emitted(alert: str) -> None:
    listed = set(metrics_listed()) | {"up"}
    names = re.findall(r"\b(?:up\b|(?:ava|circuit_breaker|django)_\w+)", ALERTS[alert]["expr"])
    assert names
    assert {name.removesuffix("_bucket") for name in names} <= listed


def test_the_example_of_a_configuration_is_valid_and_names_the_job_of_the_alerts() -> None:
    promtool.check_config(DIRECTORY / "prometheus.yml")
    made = load("prometheus.yml")
    assert made["rule_files"] == ["alerts.yml"]
    assert [one["job_name"] for one in made["scrape_configs"]] == ["ava"]
    assert 'up{job="ava"}' in ALERTS["AvaDown"]["expr"]


def test_the_example_of_an_alertmanager_pages_for_what_is_urgent_and_mails_all() -> None:
    made = load("alertmanager.yml")
    receivers = {one["name"]: one for one in made["receivers"]}
    [urgent] = made["route"]["routes"]
    pattern = re.fullmatch(r'severity=~"(.+)"', urgent["matchers"][0])
    assert pattern
    paged = {rule["labels"]["severity"] for rule in ALERTS.values()} - {"warning"}
    assert all(re.fullmatch(pattern[1], severity) for severity in paged)
    assert "pagerduty_configs" in receivers[urgent["receiver"]]
    for receiver in (urgent["receiver"], made["route"]["receiver"]):
        assert "email_configs" in receivers[receiver]
