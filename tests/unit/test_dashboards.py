"""Dashboards: each panel says what it shows, in a unit, from the data source of the choice."""

import json
import re
from typing import Any

import pytest

from components.monitoring.rules import Inputs, Record, groups
from dev.dashboards.__main__ import ALL
from dev.dashboards.build import to_json
from tests.plans import ROOT, absent, of_type, plan_of

FOLDER = ROOT / "components" / "monitoring" / "dashboards"
FILES = {one.name: json.loads(to_json(one)) for one in ALL}
PANELS = [(name, panel) for name, found in FILES.items() for panel in found["panels"]]
IDS = [f"{name}: {panel['title']}" for name, panel in PANELS]
RECORDED = {
    rule.name for group in groups(Inputs()) for rule in group.rules if isinstance(rule, Record)
}
ON = "observability.metrics.enabled=true"


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_the_files_of_the_program_are_those_of_the_code(one: Any) -> None:
    written = (FOLDER / f"{one.name}.json").read_text(encoding="utf-8")
    assert written == to_json(one), "run `make dashboards OUT=components/monitoring/dashboards`"


def test_there_is_no_other_file() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == FILES.keys()


@pytest.mark.parametrize("panel", [panel for _, panel in PANELS], ids=IDS)
def test_a_panel_has_a_title_a_unit_and_the_chosen_data_source(panel: Any) -> None:
    assert panel["title"] and panel["fieldConfig"]["defaults"]["unit"]
    for one in (panel, *panel["targets"]):
        assert one["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for target in panel["targets"]:
        assert target["expr"] and target["legendFormat"]
        assert re.findall(r"rate\([^)]*\[(.+?)\]", target["expr"]) in (
            [],
            *[["$__rate_interval"] * number for number in range(1, 4)],
        )


def test_recorded_series_of_dashboards_are_recorded() -> None:
    used = {
        name
        for _, panel in PANELS
        for target in panel["targets"]
        for name in re.findall(r"\b[a-z_]+:[a-z_0-9:]+", target["expr"])
    }
    assert used <= RECORDED
    assert len(used) > 10


def test_they_are_in_config_maps_that_grafana_reads() -> None:
    maps = [one for one in of_type(plan_of("prod", ON), "ConfigMap") if "dashboard" in one.name]
    assert len(maps) == len(FILES)
    for one in maps:
        assert one.inputs["metadata"]["labels"] == {"grafana_dashboard": "1"}
        assert one.inputs["metadata"]["namespace"] == "monitoring"
        ((name, text),) = one.inputs["data"].items()
        assert name.endswith(".json") and len(text) < 2**20


def test_a_stack_can_leave_them_out() -> None:
    assert absent(plan_of("prod", ON, "observability.dashboards=false"), "monitoring-dashboard")
