"""Every rule finds its violations, and none in the project's own stacks."""

import dataclasses

import pytest

from ops.plan.model import Plan
from ops.rules.catalog import RULES
from ops.rules.check import Report, check, waivers
from ops.rules.rule import Severity
from tests.mutation.guards import guards_of
from tests.mutation.survivors import REASONS
from tests.ops.rules import (
    breaks_aws,
    breaks_capacity,
    breaks_complete,
    breaks_drills,
    breaks_kubernetes,
    breaks_names,
    breaks_order,
    breaks_shuffle,
)
from tests.ops.rules.changes import GONE, Break, Edit, added, also, picked, put
from tests.plans import (
    CACHE,
    CELEBORN,
    CLUSTER_AUTOSCALER,
    DAEMONSET,
    DATA,
    DRILL,
    LOG_GROUPS,
    LOGS,
    LUSTRE,
    NODE,
    OPEN_TEAM,
    REPLICA,
    ROOT,
    STACKS,
    plan_of,
)

BREAKS = [
    one
    for module in (
        breaks_aws,
        breaks_capacity,
        breaks_complete,
        breaks_drills,
        breaks_kubernetes,
        breaks_names,
        breaks_order,
        breaks_shuffle,
    )
    for table in vars(module).values()
    if isinstance(table, tuple)
    for one in table
    if isinstance(one, Break)
]
BY_ID = {rule.id: rule for rule in RULES}
VARIANTS = [
    *((stack,) for stack in STACKS),
    ("dev", *CLUSTER_AUTOSCALER),
    ("dev", *NODE),
    ("dev", *DAEMONSET),
    ("prod", "spark.yunikorn.enabled=true"),
    ("prod", *CACHE),
    ("prod", "spark.acceptJobs=false"),
    ("dev", *OPEN_TEAM),
    ("dev", *CELEBORN),
    ("dev", *LUSTRE),
    ("dev", LOGS[0]),
    ("dev", *LOG_GROUPS),
    ("existing", "observability.logs.enabled=true"),
    ("dev", *DRILL),
    ("dev", *DATA),
    ("dev", *DATA, *NODE),
    ("dev", *REPLICA),
]
MEANT = {"dev": {"secrets-own-key"}, "prod": {"images-by-digest"}}
"""Accepted warnings of a stack, besides those of every stack."""
OF_VARIANT = {
    CELEBORN: {"images-by-digest"},
    LUSTRE: {"spot-in-one-zone"},
    LOGS[:1]: {"images-by-digest"},
    LOG_GROUPS: {"images-by-digest"},
}
"""Accepted warnings of a variant: an image that was not pulled; a file system is in one zone."""


def said(report: Report) -> list[str]:
    return [one.broken.message for one in report.findings]


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: f"{one.rule}: {one.says}")
def test_a_change_violates_its_rule_and_the_plan_before_it_complies(one: Break) -> None:
    plan, rules = plan_of(one.stack, *one.sets), [BY_ID[one.rule]]
    before, after = said(check(plan, rules)), said(check(one.edit(plan), rules))
    assert not any(one.says in message for message in before)
    assert any(one.says in message for message in after), after


def test_every_rule_has_a_change_that_breaks_it() -> None:
    assert {one.rule for one in BREAKS} == set(BY_ID)


@pytest.mark.parametrize("variant", VARIANTS, ids=" ".join)
def test_a_stack_breaks_no_rule_and_warns_of_what_is_meant(variant: tuple[str, ...]) -> None:
    report = check(plan_of(*variant))
    assert said(Report(report.plan, RULES, tuple(report.of(Severity.error)), ())) == []
    warned = {one.rule.id for one in report.findings}
    always = {"addons-pinned", "group-release-pinned"} if variant[0] != "existing" else set()
    if variant[0] != "existing" and variant[1:] != CACHE:
        always.add("image-pull-limit")
    assert warned == always | MEANT.get(variant[0], set()) | OF_VARIANT.get(variant[1:], set())


@pytest.mark.parametrize("variant", VARIANTS, ids=" ".join)
def test_every_reason_that_a_component_gives_is_needed(variant: tuple[str, ...]) -> None:
    plan = plan_of(*variant)
    used = {(one.resource, one.subject) for _, one in check(plan).excepted}
    assert {(one.resource, one.subject) for one in waivers(plan)} == used


def test_every_rule_has_a_reason_and_a_source() -> None:
    assert len(BY_ID) == len(RULES)
    for rule in RULES:
        assert rule.reason.endswith(".")
        assert rule.source.startswith("https://")


_RBAC = "rbac.authorization.k8s.io/v1"
_CLUSTER_ROLE = {
    "apiVersion": _RBAC,
    "kind": "ClusterRole",
    "metadata": {"name": "reader"},
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
}


def _binding(namespace: str, kind: str) -> Edit:
    """Adds the ClusterRole `reader`, and a RoleBinding for a role of that kind and name."""
    binding = {
        "apiVersion": _RBAC,
        "kind": "RoleBinding",
        "metadata": {"name": "reader", "namespace": namespace},
        "roleRef": {"kind": kind, "name": "reader"},
        "subjects": [{"kind": "Group", "name": "readers"}],
    }
    role = added(f"kubernetes:{_RBAC}:ClusterRole", "reader", _CLUSTER_ROLE)
    return also(role, added(f"kubernetes:{_RBAC}:RoleBinding", "reader", binding))


def found(plan: Plan, rule_id: str) -> list[str]:
    report = check(plan, [one for one in RULES if one.id == rule_id])
    return [f"{one.name} {one.broken.message}" for one in report.findings]


@pytest.mark.parametrize(
    ("rule_id", "edit"),
    [
        ("tls-only", put("QueuePolicy", "policy!Statement[1].Action", "SQS:*")),
        (
            "trust-named",
            also(
                put("QueuePolicy", "policy!Statement[1].Principal", GONE),
                put("QueuePolicy", "policy!Statement[1].NotPrincipal", {"AWS": "arn:x"}),
            ),
        ),
        ("rbac-bound", _binding("team-a", "ClusterRole")),
        (
            "addons-new-enough",
            put(
                "Addon",
                "addonVersion",
                "v2.5.0-eksbuild.1",
                "jar-mount-aws-mountpoint-s3-csi-driver",
            ),
        ),
        (
            "addons-new-enough",
            put("Addon", "addonVersion", "v1.20.4-eksbuild.2", "node-addons-vpc-cni"),
        ),
        (
            "addons-of-cluster",
            put("Addon", "addonVersion", "v1.35.3-eksbuild.18", "node-addons-kube-proxy"),
        ),
        (
            "drivers-not-expired",
            put("NodePool", "spec.template.spec.expireAfter", "24h", "karpenter-default-arm-spot"),
        ),
        (
            "executors-not-expired",
            put("NodePool", "spec.template.spec.expireAfter", "24h", "karpenter-drivers"),
        ),
    ],
)
def test_an_equivalent_wording_complies_with_the_rule(rule_id: str, edit: Edit) -> None:
    plan = plan_of("dev")
    assert found(edit(plan), rule_id) == found(plan, rule_id) == []


def test_a_binding_for_a_role_of_another_kind_does_not_bind_a_cluster_role() -> None:
    assert found(_binding("team-a", "Role")(plan_of("dev")), "rbac-bound") == [
        "reader has no binding"
    ]


def test_a_reason_that_its_component_registers_waives_the_expiry_of_drivers() -> None:
    expired = put("NodePool", "spec.template.spec.expireAfter", "24h", "karpenter-drivers")
    plan = expired(plan_of("dev"))
    rules = [BY_ID["drivers-not-expired"]]
    assert len(check(plan, rules).findings) == 1
    place = {"subjects": ["expireAfter"], "reason": "Nodes of this account live a day at most."}
    waivers = {"karpenter-drivers": {"drivers-not-expired": place}}
    pool = plan.get(picked(plan, "NodePool", "karpenter-drivers").parent)
    assert pool is not None
    waived = dataclasses.replace(pool, outputs={**pool.outputs, "waivers": waivers})
    resources = tuple(waived if one is pool else one for one in plan.resources)
    report = check(dataclasses.replace(plan, resources=resources), rules)
    assert (report.findings, len(report.excepted)) == ((), 1)


def test_every_guard_of_the_program_has_a_name_of_its_own_and_the_missed_ones_exist() -> None:
    files = [
        "__main__.py",
        *(str(one.relative_to(ROOT)) for one in ROOT.glob("components/**/*.py")),
    ]
    places = [guard.place for file in files for guard in guards_of(ROOT, file)]
    assert len(places) > 400
    assert len(set(places)) == len(places)
    assert sorted(REASONS.keys() - set(places)) == []
