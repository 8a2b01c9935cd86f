"""A dashboard's data as Grafana reads it, by the builders of its SDK."""

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import DataSourceRef

with warnings.catch_warnings():
    # It recommends a format that Grafana 12 does not read from files yet.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
    from grafana_foundation_sdk.models.dashboard import VariableRefresh

_SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
_HEIGHT, _WIDTH = 8, 12


@dataclass(frozen=True)
class Panel:
    """One panel: a number, or lines over time."""

    title: str
    unit: str
    """As Grafana names it: `bytes`, `s`, `percentunit`, `currencyUSD`, `short`."""
    queries: Sequence[tuple[str, str]]
    """Expressions, each with the legend of its lines."""
    about: str = ""
    kind: Literal["lines", "number"] = "lines"


@dataclass(frozen=True)
class Variable:
    """A choice at the top of a dashboard: the values of a label."""

    name: str
    metric: str
    label: str


@dataclass(frozen=True)
class Dashboard:
    """One dashboard; its name is also its file's and its address in Grafana."""

    name: str
    title: str
    panels: Sequence[Panel]
    variables: Sequence[Variable] = ()


def to_json(one: Dashboard) -> str:
    """The dashboard as a file, the same text for the same data."""
    made = (
        dashboard.Dashboard(one.title)
        .uid(f"spark-{one.name}")
        .tags(["spark-on-eks"])
        .time("now-6h", "now")
        .refresh("1m")
        .editable()
        .with_variable(dashboard.DatasourceVariable("datasource").type("prometheus"))
    )
    for variable in one.variables:
        made.with_variable(
            dashboard.QueryVariable(variable.name)
            .datasource(_SOURCE)
            .query(f"label_values({variable.metric}, {variable.label})")
            .include_all(True)
            .all_value(".+")
            .multi(True)
            .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        )
    for panel in one.panels:
        made.with_panel(_panel(panel))
    return json.dumps(made.build(), cls=JSONEncoder, indent=1, sort_keys=True) + "\n"


def _panel(panel: Panel) -> timeseries.Panel | stat.Panel:
    shown = common.VizLegendOptions().show_legend(True)
    made = stat.Panel() if panel.kind == "number" else timeseries.Panel().legend(shown)
    made.title(panel.title).unit(panel.unit).datasource(_SOURCE).height(_HEIGHT).span(_WIDTH)
    if panel.about:
        made.description(panel.about)
    for number, (expression, legend) in enumerate(panel.queries):
        made.with_target(
            prometheus.Dataquery()
            .expr(" ".join(expression.split()))
            .legend_format(legend)
            .ref_id(chr(ord("A") + number))
            .datasource(_SOURCE)
        )
    return made
