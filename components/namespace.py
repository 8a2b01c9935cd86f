"""A namespace of the platform, its NetworkPolicies, and rights of its accounts on the cluster."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s


def create_namespace(
    name: str, namespace: str, level: str, opts: pulumi.ResourceOptions, *, warn: str | None = None
) -> k8s.core.v1.Namespace:
    """A namespace that enforces a Pod Security level, and warns below another if `warn` is set."""
    levels = {"enforce": level, **({"warn": warn} if warn else {})}
    labels = {f"pod-security.kubernetes.io/{mode}": found for mode, found in levels.items()}
    return k8s.core.v1.Namespace(name, metadata={"name": namespace, "labels": labels}, opts=opts)


def create_policies(
    name: str,
    namespace: str,
    policies: Mapping[str, k8s.networking.v1.NetworkPolicySpecArgsDict],
    opts: pulumi.ResourceOptions,
) -> list[k8s.networking.v1.NetworkPolicy]:
    """NetworkPolicies of a namespace, by name; `{}` in the Pulumi name stands for the policy's."""
    return [
        k8s.networking.v1.NetworkPolicy(
            name.format(label),
            metadata={"name": label, "namespace": namespace},
            spec=spec,
            opts=opts,
        )
        for label, spec in policies.items()
    ]


def bind_cluster_role(
    name: str,
    role: str,
    rules: Sequence[k8s.rbac.v1.PolicyRuleArgsDict],
    subject: k8s.rbac.v1.SubjectArgsDict,
    *,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource] = (),
) -> k8s.rbac.v1.ClusterRoleBinding:
    """A ClusterRole named `role` and its binding of the same name, made after `after`."""
    made = k8s.rbac.v1.ClusterRole(
        name,
        metadata={"name": role},
        rules=rules,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return k8s.rbac.v1.ClusterRoleBinding(
        name,
        metadata={"name": role},
        role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        subjects=[subject],
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[made, *after]),
    )
