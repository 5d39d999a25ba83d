"""Dashboard of circuit breakers: which provider fails, how often, for how long."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models.common import BigValueGraphMode

from infrastructure.grafana.panels import (
    GREEN,
    RED,
    SERVICE,
    STATE_COLORS,
    STATES,
    YELLOW,
    below,
    count,
    dashboard,
    gauge_panel,
    increase,
    mean_open_duration,
    query,
    rate,
    select,
    stat_panel,
    thresholds,
    time_panel,
    timeline_panel,
)

_STATE = f"max by (service) ({select('circuit_breaker_state', *SERVICE)})"
_OPERATIONS = "ava_provider_request_duration_seconds_count"
_DAY = "24h"
# A rate of nothing is 0, not 0 / 0.
_SOME = "1e-9"


def _per_service(metric: str) -> str:
    return f"sum by (service) ({rate(metric, *SERVICE)})"


def _in_an_hour(metric: str) -> str:
    return f"sum({increase(metric, *SERVICE, over='1h')})"


def _health() -> str:
    refused = (
        f"({_in_an_hour('ava_breaker_refusals_total')}"
        f" + {_in_an_hour('ava_bulkhead_refusals_total')})"
    )
    failed = f"({_in_an_hour('circuit_breaker_failures_total')} + {refused})"
    asked = f"clamp_min({_in_an_hour(_OPERATIONS)} + {refused}, {_SOME})"
    return f"100 * (1 - {failed} / {asked})"


def make() -> Dashboard:
    return (
        dashboard(
            "ava-circuit-breaker-health",
            "AVA / Circuit breaker health",
            "Breakers of AVA's providers. What to do about each alert: docs/OPERATIONS.md.",
            since="now-24h",
        )
        .with_panel(
            stat_panel(
                "Circuit breaker state",
                unit="short",
                size=(12, 6),
                about="Now. Red: AVA refuses calls to this provider at once and tries one again "
                "every 30 s. Look at the provider's status page, then at the log lines "
                "`provider operation failed` for the cause. If the provider is fine, "
                "`manage.py breakers reset PROVIDER` closes it.",
            )
            .mappings(STATES)
            .thresholds(STATE_COLORS)
            .graph_mode(BigValueGraphMode.NONE)
            .with_target(query(_STATE, "{{service}}", now=True))
        )
        .with_panel(
            stat_panel(
                "Opens (24 h)",
                unit="short",
                size=(6, 6),
                about="Times a breaker opened. One is an outage; many in a row are a provider that "
                "comes and goes: see which below, and hold it open while it does "
                "(`manage.py breakers open PROVIDER`).",
            )
            .decimals(0)
            .thresholds(thresholds(GREEN, (1, YELLOW), (5, RED)))
            .graph_mode(BigValueGraphMode.NONE)
            .with_target(
                query(
                    f"sum({count('circuit_breaker_opens_total', *SERVICE, over=_DAY)})",
                    "opens",
                    now=True,
                )
            )
        )
        .with_panel(
            stat_panel(
                "Recoveries (24 h)",
                unit="short",
                size=(6, 6),
                about="Times a breaker closed again. One less than opens: an outage goes on. "
                "If it stays so while the provider is fine, nobody calls it: a breaker tries "
                "again only with a call.",
            )
            .decimals(0)
            .thresholds(thresholds(GREEN))
            .graph_mode(BigValueGraphMode.NONE)
            .with_target(
                query(
                    f"sum({count('circuit_breaker_closes_total', *SERVICE, over=_DAY)})",
                    "recoveries",
                    now=True,
                )
            )
        )
        .with_panel(
            time_panel(
                "Failure rate by service",
                unit="percentunit",
                size=(12, 8),
                about="Operations that failed (no answer, 5xx), of all that were sent. A rise "
                "without an opened breaker is a provider that fails now and then: three in a row "
                "open it. Ask the provider with the correlation IDs of the log.",
            )
            .max(1)
            .with_target(
                query(
                    f"{_per_service('circuit_breaker_failures_total')}"
                    f" / clamp_min({_per_service(_OPERATIONS)}, {_SOME})",
                    "{{service}}",
                )
            )
        )
        .with_panel(
            timeline_panel(
                "State transitions",
                unit="short",
                size=(12, 8),
                about="When each breaker opened, was tried, and closed. Compare with the "
                "provider's incident history; each change is a row in the admin under Breaker "
                "events, with its reason and correlation ID.",
            )
            .mappings(STATES)
            .thresholds(STATE_COLORS)
            .with_target(query(_STATE, "{{service}}"))
        )
        .with_panel(
            stat_panel(
                "Open rate (24 h)",
                unit="percentunit",
                size=(8, 6),
                about="Part of the day that the worst provider's breaker was not closed; the "
                "target is below 1 %. Above it, tell the users of that provider, and look for "
                "another one if it happens each week.",
            )
            .decimals(2)
            .thresholds(below(0.01))
            .graph_mode(BigValueGraphMode.NONE)
            .with_target(
                query(f"max(avg_over_time(({_STATE} > bool 0)[{_DAY}:]))", "open", now=True)
            )
        )
        .with_panel(
            stat_panel(
                "Mean recovery time (24 h)",
                unit="s",
                size=(8, 6),
                about="From opening to closed again, mean of the day's outages. About 30 s are the "
                "shortest there are. Much more than the provider's own outage: too few calls "
                "that could try it; run `manage.py check_providers`.",
            )
            .no_value("no recovery")
            .thresholds(thresholds(GREEN, (120, YELLOW), (600, RED)))
            .graph_mode(BigValueGraphMode.NONE)
            .with_target(query(mean_open_duration(_DAY), "mean", now=True))
        )
        .with_panel(
            gauge_panel(
                "Health score (1 h)",
                unit="short",
                size=(8, 6),
                about="Of 100 operations that users wanted of providers in the last hour, so many "
                "got an answer: the rest failed, or was refused by an open breaker or a full "
                "bulkhead. Below 99 choose a service above to find which one it is.",
            )
            .min(0)
            .max(100)
            .decimals(1)
            .thresholds(thresholds(RED, (95, YELLOW), (99, GREEN)))
            .with_target(query(_health(), "score", now=True))
        )
    )
