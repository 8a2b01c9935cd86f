"""A rule accepts a correct policy in each notation that IAM and Kubernetes allow."""

import pytest

from ops.plan.model import Plan
from ops.rules.catalog import RULES
from ops.rules.check import check
from tests.ops.rules.changes import GONE, Edit, added, also, put
from tests.plans import plan_of

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
    ],
)
def test_an_equivalent_wording_complies_with_the_rule(rule_id: str, edit: Edit) -> None:
    plan = plan_of("dev")
    assert found(edit(plan), rule_id) == found(plan, rule_id) == []


def test_a_binding_for_a_role_of_another_kind_does_not_bind_a_cluster_role() -> None:
    assert found(_binding("team-a", "Role")(plan_of("dev")), "rbac-bound") == [
        "reader has no binding"
    ]
