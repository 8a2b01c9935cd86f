"""Tolerations, selectors and affinities decide as the Kubernetes scheduler does."""

from typing import Any

import pytest

from ops.plan.nodes import NodeSet, node_pools
from ops.plan.requirements import Requirement, Taint
from ops.plan.scheduling import can_run_on, pod_terms, selects, tolerates, untolerated, volume_terms
from tests.ops.diff.plans import kubernetes, plan

TAINT = Taint("pool", "etl", "NoSchedule")


def nodes(**spec: Any) -> NodeSet:
    """Nodes of a NodePool with the label `pool: etl`."""
    template = {"metadata": {"labels": {"pool": "etl"}}, "spec": spec}
    pool = kubernetes("NodePool", "etl", {"spec": {"template": template}}, group="karpenter.sh/v1")
    (found,) = node_pools(plan(pool))
    return found


def requirement(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": list(values)}


def affinity(*terms: list[dict[str, Any]]) -> dict[str, Any]:
    listed = [{"matchExpressions": term} for term in terms]
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    return {"affinity": {"nodeAffinity": {required: {"nodeSelectorTerms": listed}}}}


@pytest.mark.parametrize(
    ("toleration", "matches"),
    [
        ({"key": "pool", "operator": "Equal", "value": "etl", "effect": "NoSchedule"}, True),
        ({"key": "pool", "value": "etl"}, True),
        ({"key": "pool", "operator": "", "value": "etl", "effect": ""}, True),
        ({"key": "pool", "value": "other"}, False),
        ({"key": "pool"}, False),
        ({"key": "pool", "operator": "Exists"}, True),
        ({"key": "other", "operator": "Exists"}, False),
        ({"operator": "Exists"}, True),
        ({"key": "", "operator": "Exists"}, True),
        ({"operator": "Exists", "effect": "NoExecute"}, False),
        ({}, False),
        ({"value": "etl"}, False),
        ({"key": "pool", "operator": "Unheard", "value": "etl"}, False),
    ],
)
def test_which_tolerations_match_a_taint(toleration: dict[str, Any], matches: bool) -> None:
    assert tolerates(toleration, TAINT) is matches


def test_a_taint_without_a_value_is_tolerated_without_one() -> None:
    taint = Taint("not-ready", "", "NoExecute")
    assert tolerates({"key": "not-ready", "value": None}, taint)
    assert not tolerates({"key": "not-ready", "value": "true"}, taint)


def test_a_preference_keeps_no_pod_off() -> None:
    preferred = Taint("pool", "etl", "PreferNoSchedule")
    assert untolerated([], [TAINT, preferred]) == [TAINT]
    assert untolerated([{"operator": "Exists"}], [TAINT]) == []


@pytest.mark.parametrize(
    ("operator", "values", "with_etl", "without"),
    [
        ("In", ("etl",), True, False),
        ("In", ("other",), False, False),
        ("NotIn", ("etl",), False, True),
        ("NotIn", ("other",), True, True),
        ("Exists", (), True, False),
        ("DoesNotExist", (), False, True),
    ],
)
def test_a_requirement_is_met_by_a_label_or_by_its_absence(
    operator: str, values: tuple[str, ...], with_etl: bool, without: bool
) -> None:
    found = Requirement("pool", operator, values)
    assert (found.accepts("etl"), found.accepts(None)) == (with_etl, without)
    term = affinity([requirement("pool", operator, *values)])
    absent = affinity([requirement("absent", operator, *values)])
    assert selects(pod_terms(term), nodes()) is with_etl
    assert selects(pod_terms(absent), nodes()) is without


def test_numbers_are_compared_as_numbers() -> None:
    more = Requirement("karpenter.k8s.aws/instance-cpu", "Gt", ("8",))
    assert (more.accepts("16"), more.accepts("8"), more.accepts(None)) == (True, False, False)
    assert Requirement("cpu", "Lt", ("16",)).accepts("9")


def test_a_pod_needs_its_whole_selector_and_one_term_of_its_affinity() -> None:
    spec = {
        "nodeSelector": {"pool": "etl"},
        **affinity([requirement("pool", "In", "other")], [requirement("pool", "NotIn", "x")]),
    }
    assert selects(pod_terms(spec), nodes())
    assert not selects(pod_terms({**spec, "nodeSelector": {"pool": "x"}}), nodes())
    # Both requirements apply, even for the same label.
    both = {"nodeSelector": {"pool": "x"}, **affinity([requirement("pool", "In", "etl")])}
    assert not selects(pod_terms(both), nodes())
    assert selects(pod_terms({}), nodes())


def test_a_node_pool_can_launch_nodes_of_any_value_that_it_allows() -> None:
    arm = nodes(
        requirements=[
            requirement("kubernetes.io/arch", "In", "arm64", "amd64"),
            requirement("kubernetes.io/arch", "NotIn", "amd64"),
            requirement("size", "Exists"),
        ]
    )
    for key, value, fits in (
        ("kubernetes.io/arch", "arm64", True),
        ("kubernetes.io/arch", "amd64", False),
        ("size", "large", True),
        ("kubernetes.io/os", "linux", True),
        ("topology.kubernetes.io/zone", "us-west-2a", True),
        ("team", "a", False),
    ):
        assert selects(pod_terms({"nodeSelector": {key: value}}), arm) is fits, key
    assert arm.architectures == ("arm64",)


def test_a_label_that_a_pod_adds_to_nodes_counts() -> None:
    terms = volume_terms(
        {"nodeAffinity": {"required": {"nodeSelectorTerms": [
            {"matchExpressions": [requirement("jars", "In", "shared")]}
        ]}}}
    )  # fmt: skip
    assert not selects(terms, nodes())
    assert selects(terms, nodes(), {"jars": "shared"})
    assert not selects(terms, nodes(), {"jars": "other"})


def test_startup_taints_do_not_keep_a_pod_off_for_ever() -> None:
    tainted = nodes(
        taints=[{"key": "pool", "value": "etl", "effect": "NoSchedule"}],
        startupTaints=[{"key": "not-ready", "effect": "NoExecute"}],
    )
    assert can_run_on({"tolerations": [{"key": "pool", "value": "etl"}]}, tainted)
    assert not can_run_on({}, tainted)
