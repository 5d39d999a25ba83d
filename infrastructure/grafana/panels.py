"""Building blocks of the dashboards: selectors, variables, panels, thresholds."""

from typing import Any

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    gauge,
    piechart,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
# Where nothing else is chosen, metrics of these are AVA's.
_ANY = "circuit_breaker_state"

# Answers to people and programs; what asks every few seconds would hide what they meet.
ANSWERS = ('view!~"healthz|readyz|metrics"',)
SERVICE = ('service=~"$service"',)

RESPONSES = "django_http_responses_total_by_status_view_method_total"
LATENCY = "django_http_requests_latency_seconds_by_view_method_bucket"
ERRORS = "ava_error_responses_total"

GREEN, YELLOW, RED = "green", "yellow", "red"


def select(metric: str, *matchers: str, over: str = "") -> str:
    """A selector within the chosen jobs and instances, over a range where one is given."""
    inside = ", ".join(('job=~"$job"', 'instance=~"$instance"', *matchers))
    return f"{metric}{{{inside}}}[{over}]" if over else f"{metric}{{{inside}}}"


def rate(metric: str, *matchers: str) -> str:
    return f"rate({select(metric, *matchers, over='$__rate_interval')})"


def increase(metric: str, *matchers: str, over: str) -> str:
    return f"increase({select(metric, *matchers, over=over)})"


def count(metric: str, *matchers: str, over: str) -> str:
    """Events: whole ones, although `increase` extrapolates to the ends of its range."""
    return f"round({increase(metric, *matchers, over=over)})"


def quantile(q: float, metric: str, *matchers: str) -> str:
    return f"histogram_quantile({q}, sum by (le) ({rate(metric, *matchers)}))"


def mean_open_duration(over: str) -> str:
    """Mean time from leaving closed to closed again; nothing where no breaker closed."""
    name = "circuit_breaker_open_duration_seconds"
    total, closes = (
        f"sum({increase(f'{name}_{part}', *SERVICE, over=over)})" for part in ("sum", "count")
    )
    return f"{total} / ({closes} > 0)"


def thresholds(first: str, *steps: tuple[float, str]) -> builders.ThresholdsConfig:
    """The first colour, and others from these values on."""
    # Grafana takes the first step to begin at minus infinity, whatever its value.
    made = [models.Threshold(value=value, color=color) for value, color in ((0, first), *steps)]
    return builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(made)


def below(limit: float) -> builders.ThresholdsConfig:
    """Good below the limit."""
    return thresholds(GREEN, (limit, RED))


STATES: list[Any] = [
    models.ValueMap(
        options={
            str(value): models.ValueMappingResult(text=text, color=color, index=value)
            for value, (text, color) in enumerate(
                [("closed", GREEN), ("half-open", YELLOW), ("open", RED)]
            )
        }
    )
]
STATE_COLORS = thresholds(GREEN, (1, YELLOW), (2, RED))


def query(
    expr: str, legend: str = "__auto", *, ref: str = "A", now: bool = False
) -> prometheus.Dataquery:
    """A query over the dashboard's range; `now`: for its end alone."""
    made = prometheus.Dataquery().expr(expr).ref_id(ref).legend_format(legend)
    return made.instant() if now else made.range()


def _panel(made: Any, title: str, unit: str, about: str, size: tuple[int, int]) -> Any:
    width, height = size
    made = made.title(title).description(about).datasource(SOURCE).unit(unit)
    return made.span(width).height(height)


def stat_panel(title: str, *, unit: str, about: str, size: tuple[int, int]) -> stat.Panel:
    made: stat.Panel = _panel(stat.Panel(), title, unit, about, size)
    last = common.ReduceDataOptions().calcs(["lastNotNull"])
    return made.reduce_options(last).color_mode(options.BigValueColorMode.BACKGROUND)


def gauge_panel(title: str, *, unit: str, about: str, size: tuple[int, int]) -> gauge.Panel:
    made: gauge.Panel = _panel(gauge.Panel(), title, unit, about, size)
    return made.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))


def time_panel(title: str, *, unit: str, about: str, size: tuple[int, int]) -> timeseries.Panel:
    made: timeseries.Panel = _panel(timeseries.Panel(), title, unit, about, size)
    legend = common.VizLegendOptions().show_legend(True).placement(options.LegendPlacement.BOTTOM)
    return made.fill_opacity(10).min(0).legend(legend.display_mode(options.LegendDisplayMode.LIST))


def timeline_panel(
    title: str, *, unit: str, about: str, size: tuple[int, int]
) -> statetimeline.Panel:
    made: statetimeline.Panel = _panel(statetimeline.Panel(), title, unit, about, size)
    return made


def pie_panel(title: str, *, unit: str, about: str, size: tuple[int, int]) -> piechart.Panel:
    made: piechart.Panel = _panel(piechart.Panel(), title, unit, about, size)
    return made.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))


def bars_panel(title: str, *, unit: str, about: str, size: tuple[int, int]) -> bargauge.Panel:
    made: bargauge.Panel = _panel(bargauge.Panel(), title, unit, about, size)
    made = made.orientation(options.VizOrientation.HORIZONTAL)
    return made.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))


def table_panel(
    title: str, expr: str, *, unit: str, about: str, size: tuple[int, int]
) -> table.Panel:
    """A table of a query's labels and values, the largest first."""
    made: table.Panel = _panel(table.Panel(), title, unit, about, size)
    asked = query(expr, now=True).format(PromQueryFormat.TABLE)
    without_time = models.DataTransformerConfig(
        id_val="organize", options={"excludeByName": {"Time": True}}
    )
    largest = common.TableSortByFieldState().display_name("Value").desc(True)
    return made.with_target(asked).with_transformation(without_time).sort_by([largest])


def _choice(name: str, label: str, asked: str) -> builders.QueryVariable:
    return (
        builders.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(f"label_values({asked}, {name})")
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(models.VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def dashboard(uid: str, title: str, about: str, *, since: str) -> builders.Dashboard:
    """A dashboard without panels: variables, refresh and the links to its siblings."""
    within = f'{_ANY}{{job=~"$job"}}'
    siblings = (
        builders.DashboardLink("AVA")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags(["ava"])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )
    return (
        builders.Dashboard(title)
        .uid(uid)
        .description(about)
        .tags(["ava"])
        .readonly()
        .timezone("browser")
        .refresh("30s")
        .time(since, "now")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(siblings)
        .with_variable(
            builders.DatasourceVariable("datasource").label("Data source").type("prometheus")
        )
        .with_variable(_choice("job", "Job", _ANY))
        .with_variable(_choice("instance", "Instance", within))
        .with_variable(_choice("service", "Service", within))
    )
