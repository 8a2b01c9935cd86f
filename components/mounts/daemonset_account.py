"""The DaemonSet's service account: its permissions, and the policy that restricts them to its node.

RBAC can allow patching nodes, but not one node or one field only. A validating admission policy
can: a token that is bound to a pod contains the name of the pod's node
(kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin, since 1.30).
"""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.namespace import bind_cluster_role

_NODES = "spark-jars-nodes"
_NODE_CLAIM = "authentication.kubernetes.io/node-name"

_VARIABLES = {
    "own": f"request.userInfo.?extra[?'{_NODE_CLAIM}'].orValue([])",
    "labels": "object.metadata.?labels.orValue({})",
    "oldLabels": "oldObject.metadata.?labels.orValue({})",
    "taints": "object.spec.?taints.orValue([])",
    "oldTaints": "oldObject.spec.?taints.orValue([])",
}
_KEPT = {
    "metadata": ("annotations", "finalizers", "ownerReferences"),
    "spec": ("unschedulable", "providerID", "podCIDR", "podCIDRs"),
}
"""Fields of a node that must not change: k8s.io/api/core/v1, ObjectMeta and NodeSpec. The server
itself rejects spec.externalID and drops spec.configSource."""


@dataclass(frozen=True)
class DaemonSetAccount:
    """A service account and its permissions."""

    namespace: str
    name: str
    daemonset: str
    """It can read this DaemonSet of its own namespace."""
    label: tuple[str, str]
    """Key and value: it can add this label to the node of its pod, and remove it."""
    taint: str
    """Key of the taint that it can remove from that node."""


def create_account(
    name: str,
    component: pulumi.Resource,
    account: DaemonSetAccount,
    namespace: k8s.core.v1.Namespace,
) -> list[pulumi.Resource]:
    """The account with its permissions. Returns what its pods depend on."""
    subject: k8s.rbac.v1.SubjectArgsDict = {
        "kind": "ServiceAccount",
        "name": account.name,
        "namespace": account.namespace,
    }
    service_account = k8s.core.v1.ServiceAccount(
        f"{name}-account",
        metadata={"name": account.name, "namespace": account.namespace},
        opts=pulumi.ResourceOptions(parent=component, depends_on=[namespace]),
    )
    narrowed = _create_policy(name, component, account)
    binding = bind_cluster_role(
        f"{name}-nodes",
        _NODES,
        # To label its own node when the mount is ready; the policy denies other changes.
        [{"api_groups": [""], "resources": ["nodes"], "verbs": ["patch"]}],
        subject,
        parent=component,
        # The permission never exists without the policy.
        after=[narrowed],
    )
    own = k8s.rbac.v1.Role(
        f"{name}-own",
        metadata={"name": account.daemonset, "namespace": account.namespace},
        # To distinguish a rolling update, after which the mount stays, from a removal.
        rules=[
            {
                "api_groups": ["apps"],
                "resources": ["daemonsets"],
                "resource_names": [account.daemonset],
                "verbs": ["get"],
            }
        ],
        opts=pulumi.ResourceOptions(parent=component, depends_on=[namespace]),
    )
    own_binding = k8s.rbac.v1.RoleBinding(
        f"{name}-own",
        metadata={"name": account.daemonset, "namespace": account.namespace},
        role_ref={
            "api_group": "rbac.authorization.k8s.io",
            "kind": "Role",
            "name": account.daemonset,
        },
        subjects=[subject],
        opts=pulumi.ResourceOptions(parent=component, depends_on=[own]),
    )
    return [service_account, binding, own_binding]


def _create_policy(
    name: str, component: pulumi.Resource, account: DaemonSetAccount
) -> pulumi.Resource:
    user = f"system:serviceaccount:{account.namespace}:{account.name}"
    policy = k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
        f"{name}-own-node",
        metadata={"name": _NODES},
        spec={
            "failure_policy": "Fail",
            "match_constraints": {
                "resource_rules": [
                    {
                        "api_groups": [""],
                        "api_versions": ["v1"],
                        "operations": ["UPDATE"],
                        "resources": ["nodes"],
                    }
                ]
            },
            "match_conditions": [
                {"name": "its-account", "expression": f"request.userInfo.username == '{user}'"}
            ],
            "variables": [
                {"name": key, "expression": expression} for key, expression in _VARIABLES.items()
            ],
            "validations": [
                {"expression": expression, "message": f"{user} may change {message}"}
                for message, expression in _rules(account).items()
            ],
        },
        opts=pulumi.ResourceOptions(parent=component),
    )
    return k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
        f"{name}-own-node",
        metadata={"name": _NODES},
        spec={"policy_name": policy.metadata.name, "validation_actions": ["Deny"]},
        opts=pulumi.ResourceOptions(parent=component),
    )


def _rules(account: DaemonSetAccount) -> dict[str, str]:
    """CEL rules, by the message of the denial."""
    (key, value), taint = account.label, account.taint
    kept = " && ".join(
        f"object.{part}.?{one} == oldObject.{part}.?{one}"
        for part, names in _KEPT.items()
        for one in names
    )
    return {
        "only the node that its pod runs on": "request.name in variables.own",
        f"of labels only {key}, as {value}": (
            f"variables.labels.all(one, one == '{key}' ? variables.labels[one] == '{value}'"
            " : one in variables.oldLabels && variables.labels[one] == variables.oldLabels[one])"
            f" && variables.oldLabels.all(one, one == '{key}' || one in variables.labels)"
        ),
        f"of taints only {taint}, by taking it away": (
            "variables.taints.all(one, one in variables.oldTaints)"
            f" && variables.oldTaints.all(one, one.key == '{taint}' || one in variables.taints)"
        ),
        "only labels and taints of a node": kept,
    }
