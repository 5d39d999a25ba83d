"""Dashboard of performance: latency, throughput, connections, limits, the database."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.builders.stat import Panel
from grafana_foundation_sdk.models.common import BigValueGraphMode

from infrastructure.grafana.panels import (
    ANSWERS,
    GREEN,
    LATENCY,
    RED,
    RESPONSES,
    SERVICE,
    YELLOW,
    below,
    count,
    dashboard,
    increase,
    quantile,
    query,
    rate,
    stat_panel,
    table_panel,
    thresholds,
    time_panel,
)

_STATEMENTS = "ava_database_statement_duration_seconds_bucket"
# Seconds that half, 95 % and 99 % of the answers may take.
_LIMITS = {0.5: 0.2, 0.95: 0.5, 0.99: 1.0}


def _name(q: float) -> str:
    return f"p{q * 100:.0f}"


def _latency(q: float, about: str) -> Panel:
    return (
        stat_panel(f"Latency {_name(q)}", unit="s", about=about, size=(6, 5))
        .no_value("no requests")
        .thresholds(below(_LIMITS[q]))
        .with_target(query(quantile(q, LATENCY, *ANSWERS), _name(q)))
    )


def _reuse() -> str:
    reused, opened = (
        f"sum({increase(f'ava_provider_connections_{how}_total', *SERVICE, over='$__range')})"
        for how in ("reused", "opened")
    )
    return f"{reused} / (({reused} + {opened}) > 0)"


def make() -> Dashboard:
    over_time = time_panel(
        "Latency percentiles over time",
        unit="s",
        size=(12, 8),
        about="When it became slow. All three rise: the machine, the database or Redis. p99 "
        "alone: some requests wait for a provider or a lock; the slowest endpoints say which.",
    )
    database = time_panel(
        "Database query time",
        unit="s",
        size=(8, 8),
        about="Time of single SQL statements. p95 above 50 ms: look for locks and long "
        "transactions, for a disk that is busy, and whether ANALYZE ran after large imports.",
    ).thresholds(below(0.05))
    for ref, q in zip("ABC", _LIMITS, strict=True):
        over_time = over_time.with_target(query(quantile(q, LATENCY, *ANSWERS), _name(q), ref=ref))
    for ref, q in zip("AB", (0.5, 0.95), strict=True):
        database = database.with_target(query(quantile(q, _STATEMENTS), _name(q), ref=ref))
    slowest = f"sum by (le, view) ({increase(LATENCY, *ANSWERS, over='$__range')})"
    refusals = count("ava_rate_limit_refusals_total", over="$__rate_interval")
    return (
        dashboard(
            "ava-performance-metrics",
            "AVA / Performance metrics",
            "How fast AVA answers, and what it waits for. Probes and scrapes are left out.",
            since="now-6h",
        )
        .with_panel(
            _latency(
                0.5,
                "Half of the answers come within this; 200 ms at most. Above it every user "
                "notices: look at the database's time below and at the machine's load.",
            )
        )
        .with_panel(
            _latency(
                0.95,
                "95 of 100 answers come within this; 500 ms at most. Above it for 10 minutes "
                "there is an alert: the slowest endpoints below say where.",
            )
        )
        .with_panel(
            _latency(
                0.99,
                "99 of 100 answers come within this; 1 s at most. Above it a provider hangs (a "
                "call may take 10 s) or a lock is held: see the breakers' failure rate.",
            )
        )
        .with_panel(
            stat_panel(
                "Throughput",
                unit="reqps",
                size=(6, 5),
                about="Answers per second. Nothing at all: AVA is down, or the proxy in front "
                "of it. A multiple of what is usual: see the rate by endpoint for what asks.",
            )
            .thresholds(thresholds(GREEN))
            .with_target(query(f"sum({rate(RESPONSES, *ANSWERS)})", "requests"))
        )
        .with_panel(over_time)
        .with_panel(
            time_panel(
                "Request rate by endpoint",
                unit="reqps",
                size=(12, 8),
                about="The ten endpoints that are asked most. One that rises by itself is a "
                "client in a loop: its addresses are in the proxy's log, and the rate limit "
                "holds it back meanwhile.",
            ).with_target(
                query(f"topk(10, sum by (view) ({rate(RESPONSES, *ANSWERS)}))", "{{view}}")
            )
        )
        .with_panel(
            stat_panel(
                "Connection reuse",
                unit="percentunit",
                size=(12, 8),
                about="Requests to providers that took a kept connection; the target is above "
                "90 %. Below it with much traffic: a proxy on the way ends idle connections "
                "early, or the provider does. With little traffic it means nothing.",
            )
            .decimals(1)
            .no_value("no calls")
            .thresholds(thresholds(RED, (0.8, YELLOW), (0.9, GREEN)))
            .graph_mode(BigValueGraphMode.NONE)
            .with_target(query(_reuse(), "reused", now=True))
        )
        .with_panel(
            time_panel(
                "Rate-limit hits",
                unit="short",
                size=(12, 8),
                about="Requests that AVA refused with 429, by group. More than 100 in an hour "
                "warn. One client: ask its owner to wait for Retry-After. Many: raise "
                "RATE_LIMIT_PER_MINUTE. login: somebody guesses passwords.",
            )
            .decimals(0)
            .with_target(query(f"sum by (group) ({refusals})", "{{group}}"))
        )
        .with_panel(
            table_panel(
                "Slowest endpoints",
                f"topk(10, histogram_quantile(0.95, {slowest}) > 0)",
                unit="s",
                size=(16, 8),
                about="p95 of each endpoint in the chosen time. What asks a provider is as slow "
                "as that; of the others look at the database. A correlation ID from the log "
                "shows where one request spent its time.",
            )
        )
        .with_panel(database)
    )
