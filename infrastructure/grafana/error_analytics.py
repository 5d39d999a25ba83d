"""Dashboard of errors: how many, whose doing, where, and what is left of the error budget."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models.common import BigValueGraphMode

from infrastructure.grafana.panels import (
    ANSWERS,
    ERRORS,
    GREEN,
    RED,
    RESPONSES,
    YELLOW,
    bars_panel,
    below,
    count,
    dashboard,
    increase,
    mean_open_duration,
    pie_panel,
    query,
    rate,
    stat_panel,
    table_panel,
    thresholds,
    time_panel,
)

_BUDGET = 0.001  # 99.9 %
_MONTH = "30d"


def _share(status: str) -> str:
    matcher = f'status=~"{status}"'
    errors = f"sum({rate(ERRORS, matcher)})"
    # The series of an answer exists from its first one on: that one has no rate yet.
    return f"clamp_max({errors} / (sum({rate(RESPONSES, *ANSWERS)}) > 0), 1)"


def _budget_left() -> str:
    made_here = ('cause="ava"', 'status=~"5.."')
    own = f"sum({increase(ERRORS, *made_here, over=_MONTH)})"
    total = f"sum({increase(RESPONSES, *ANSWERS, over=_MONTH)})"
    return f"1 - {own} / ({total} > 0) / {_BUDGET}"


def make() -> Dashboard:
    by_status = f"sum by (status) ({count(RESPONSES, *ANSWERS, over='$__range')})"
    failed = count(RESPONSES, *ANSWERS, 'status=~"[45].."', over="$__range")
    codes = count(ERRORS, over="$__range")
    return (
        dashboard(
            "ava-error-analytics",
            "AVA / Error analytics",
            "Errors that AVA answered with. What each code means: docs/INTEGRATIONS.md.",
            since="now-6h",
        )
        .with_panel(
            stat_panel(
                "5xx rate",
                unit="percentunit",
                size=(6, 5),
                about="Answers that were a 5xx; above 1 % it is critical. The timeline tells whose "
                "doing they are: a provider's (see its breaker), or AVA's own (look for "
                "`internal_error` in the log).",
            )
            .decimals(2)
            .no_value("no requests")
            .thresholds(below(0.01))
            .with_target(query(_share("5.."), "5xx"))
        )
        .with_panel(
            stat_panel(
                "4xx rate",
                unit="percentunit",
                size=(6, 5),
                about="Answers that were a 4xx. A jump after a release is a client that AVA no "
                "longer understands; with many `rate_limited` one client asks too much, with "
                "`not_authenticated` logins expire. See the top error codes.",
            )
            .decimals(1)
            .no_value("no requests")
            .thresholds(thresholds(GREEN, (0.1, YELLOW), (0.3, RED)))
            .with_target(query(_share("4.."), "4xx"))
        )
        .with_panel(
            stat_panel(
                "Error budget left (99.9 %, 30 d)",
                unit="percentunit",
                size=(6, 5),
                about="Of 1,000 requests in 30 days one may end in a 5xx of AVA's own making; this "
                "part of them is left. Providers' failures do not count. Below 25 % release "
                "fixes only; below 0 find the cause before anything else.",
            )
            .decimals(1)
            .no_value("no requests")
            .thresholds(thresholds(RED, (0, YELLOW), (0.25, GREEN)))
            .graph_mode(BigValueGraphMode.NONE)
            .with_target(query(_budget_left(), "left", now=True))
        )
        .with_panel(
            stat_panel(
                "MTTR (7 d)",
                unit="s",
                size=(6, 5),
                about="Mean time to recovery: from a breaker's opening to closed again, over a "
                "week. A rise: providers are down longer, or breakers are held open for longer; "
                "the admin's Breaker events say which.",
            )
            .no_value("no outage")
            .thresholds(thresholds(GREEN, (120, YELLOW), (600, RED)))
            .graph_mode(BigValueGraphMode.NONE)
            .with_target(query(mean_open_duration("7d"), "MTTR", now=True))
        )
        .with_panel(
            pie_panel(
                "Distribution by status",
                unit="short",
                size=(8, 8),
                about="All answers in the chosen time. Choose a range around an incident to see "
                "how much of the traffic it concerned.",
            ).with_target(query(by_status, "{{status}}", now=True))
        )
        .with_panel(
            bars_panel(
                "Errors by endpoint (top 10)",
                unit="short",
                size=(8, 8),
                about="4xx and 5xx by endpoint in the chosen time; an endpoint's very first one is "
                "not seen. One endpoint alone: look at its log lines (`view`). All: look at the "
                "database, Redis and the last release.",
            )
            .decimals(0)
            .with_target(query(f"topk(10, sum by (view) ({failed}) > 0)", "{{view}}", now=True))
        )
        .with_panel(
            time_panel(
                "Error timeline",
                unit="reqps",
                size=(8, 8),
                about="Errors by whose doing they are. provider: see the circuit breakers. ava: "
                "take a correlation ID from the log and follow it. client: see the codes beside.",
            ).with_target(query(f"sum by (cause) ({rate(ERRORS)})", "{{cause}}"))
        )
        .with_panel(
            table_panel(
                "Top error codes",
                f"topk(10, sum by (code, status, cause) ({codes}) > 0)",
                unit="short",
                size=(24, 8),
                about="Error codes with their counts in the chosen time. What each one means and "
                "what the caller should do stands in docs/INTEGRATIONS.md under Codes.",
            ).decimals(0)
        )
    )
