"""The operator's right to make the claim of a driver: spark-submit, which makes the driver's pod
and what belongs to it, runs in the operator's pod."""

import pulumi
import pulumi_kubernetes as k8s

from components.names import OPERATOR_ACCOUNT, SPARK_OPERATOR_NAMESPACE

_NAME = "spark-operator-claims"


def create_claim_rights(name: str, *, namespace: str, opts: pulumi.ResourceOptions) -> None:
    """A Role for the operator in a team's namespace: it makes claims, and neither reads, changes
    nor deletes those that are there.

    Spark applies a driver's claim on the server (KubernetesClientApplication of Spark 4.0.4), which
    is a patch that may create. A claim that exists cannot be taken over: its spec does not change.
    """
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {"name": _NAME, "namespace": namespace}
    role = k8s.rbac.v1.Role(
        f"{name}-operator-claims",
        metadata=metadata,
        rules=[
            {
                "api_groups": [""],
                "resources": ["persistentvolumeclaims"],
                "verbs": ["create", "patch"],
            }
        ],
        opts=opts,
    )
    k8s.rbac.v1.RoleBinding(
        f"{name}-operator-claims",
        metadata=metadata,
        role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": _NAME},
        subjects=[
            {
                "kind": "ServiceAccount",
                "name": OPERATOR_ACCOUNT,
                "namespace": SPARK_OPERATOR_NAMESPACE,
            }
        ],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[role])),
    )
