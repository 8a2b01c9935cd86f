"""Rules and dashboards ask only for metrics, labels and values that a stack's Prometheus has: those
of the catalogue that its monitors keep."""

import re
from collections.abc import Iterator

import pytest

from components.monitoring import keep
from components.monitoring.fluent_bit import FLUENT_BIT
from components.monitoring.remote import written
from components.monitoring.rules import Alert, Inputs, Record, groups, only
from dev.dashboards.__main__ import ALL
from tests.metrics.catalogue import load
from tests.metrics.expressions import tools
from tests.metrics.held import POD_MONITOR, SERVICE_MONITOR, Known, Source, held_rules
from tests.tiers.programs import or_skip

_IDENTITY = POD_MONITOR | {"application", "application_id", "page"}

_STATIC = frozenset({"job", "instance"})


def _kept(*names: str) -> str:
    return "|".join(names)


SOURCES = [
    Source("spark-driver", _IDENTITY, kept=_kept(*keep.DRIVER_EXECUTORS, *keep.DRIVER_ITSELF)),
    Source("spark-operator", kept=_kept(*keep.SPARK_OPERATOR)),
    Source("karpenter", kept=_kept(*keep.KARPENTER, keep.OFFERINGS)),
    Source("yunikorn", SERVICE_MONITOR, kept=_kept(*keep.YUNIKORN)),
    Source("vpc-cni", kept=_kept(*keep.VPC_CNI)),
    Source("kube-apiserver", SERVICE_MONITOR, kept=_kept(*keep.API_SERVER)),
    Source("coredns", SERVICE_MONITOR, kept=_kept(*keep.CORE_DNS)),
    # The chart's monitor honors its labels.
    Source("kube-state-metrics", SERVICE_MONITOR, honor_labels=True, kept=_kept(*keep.KUBE_STATE)),
    Source("node-exporter", SERVICE_MONITOR, kept=_kept(*keep.NODE_EXPORTER)),
    Source("kubelet", SERVICE_MONITOR, honor_labels=True, kept=_kept(keep.CADVISOR, *keep.KUBELET)),
    Source("kube-scheduler", _STATIC, kept=_kept(*keep.CONTROL_PLANE)),
    Source("kube-controller-manager", _STATIC, kept=_kept(*keep.CONTROL_PLANE)),
    Source("prometheus", SERVICE_MONITOR),
    Source("fluent-bit", kept=_kept(*FLUENT_BIT)),
]
RULES = [rule.render() for group in groups(Inputs()) for rule in group.rules]


def panels() -> Iterator[dict[str, str]]:
    """Each expression of a dashboard as a rule without annotations; Grafana's variables are
    filled."""
    for one in ALL:
        for panel in one.panels:
            for number, (expression, _) in enumerate(panel.queries):
                filled = expression.replace("$__rate_interval", "5m")
                yield {"alert": f"{one.title}, {panel.title} {number}", "expr": filled}


def legends() -> Iterator[dict[str, object]]:
    """Each legend as the annotation of a rule: its labels must be those of the lines."""
    for one in ALL:
        for panel in one.panels:
            for expression, legend in panel.queries:
                names = re.findall(r"{{(\w+)}}", legend)
                told = " ".join(f"$labels.{name}" for name in names)
                yield {
                    "alert": f"{one.title}, {panel.title}",
                    "expr": expression.replace("$__rate_interval", "5m"),
                    "annotations": {"legend": told},
                }


@pytest.fixture(scope="module")
def known() -> Known:
    or_skip(tools)
    return Known.of(SOURCES)


def test_every_rule_asks_for_what_monitors_keep(known: Known) -> None:
    assert held_rules(RULES, known) == []


def test_every_panel_asks_for_what_monitors_keep(known: Known) -> None:
    assert held_rules([*RULES, *panels()], known) == []


def test_every_legend_names_labels_of_its_lines(known: Known) -> None:
    assert held_rules([*RULES, *legends()], known) == []


@pytest.mark.parametrize(
    "source", [one for one in SOURCES if one.kept], ids=lambda one: one.program
)
def test_nothing_is_kept_that_no_rule_and_no_panel_uses(source: Source) -> None:
    used = " ".join(str(one["expr"]) for one in [*RULES, *panels()])
    words = set(re.findall(r"[\w:]+", used))
    kept = {name for name in load(source.program).labels if re.fullmatch(source.kept, name)}
    assert kept, "the list has names of the program"
    # The mount's own file is a handful of series of a node, and docs/jar-mounts.md explains each.
    assert {name for name in kept - words if not name.startswith("spark_jars_")} == set()


def test_a_workspace_gets_what_alerts_ask_for() -> None:
    """With `amp.alerts` it evaluates them."""
    found = groups(Inputs())
    names = {rule.name for group in found for rule in group.rules if isinstance(rule, Record)}
    for source in SOURCES:
        names |= load(source.program).labels.keys()
    sent = "|".join(written(found))
    asked = {
        word
        for group in only(Alert, found)
        for rule in group.rules
        for word in re.findall(r"[\w:]+", rule.expr)
        if word in names
    }
    assert len(asked) > 30
    assert {name for name in asked if not re.fullmatch(sent, name)} == set()
