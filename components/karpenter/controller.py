"""Karpenter itself: its CRDs, its controller on the system nodes, and the controller's role."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import child
from components.cloud import Cloud
from components.cluster import Cluster
from components.identity import ServiceAccountRole
from components.karpenter.interruption import InterruptionQueue
from components.karpenter.permissions import controller_policies
from components.node_groups import SYSTEM_LABELS, SYSTEM_TAINT_KEY
from versions import KARPENTER, KARPENTER_CRD

NAMESPACE = "kube-system"
"""As upstream: API priority and fairness then serves the controller before workloads."""
ACCOUNT = "karpenter"


class Controller(pulumi.ComponentResource):
    """Karpenter's controller. Everything it needs to end a node outlives it on destroy."""

    def __init__(
        self,
        name: str,
        *,
        cloud: Cloud,
        cluster: Cluster,
        node_role_arns: Sequence[pulumi.Output[str]],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:karpenter:Controller", name, None, opts)
        queue = InterruptionQueue(
            f"{name}-interruption", cloud=cloud, cluster_name=cluster.name, opts=child(self)
        )
        role = ServiceAccountRole(
            f"{name}-controller",
            namespace=NAMESPACE,
            service_account=ACCOUNT,
            oidc=cluster.oidc,
            cloud=cloud,
            policies=controller_policies(
                cloud=cloud,
                cluster_name=cluster.name,
                cluster_arn=cluster.arn,
                queue_arn=queue.queue_arn,
                node_role_arns=node_role_arns,
            ),
            opts=child(self),
        )
        # Helm never upgrades the CRDs inside a chart: they are a release of their own, and the
        # controller's chart leaves its copy out.
        crds = k8s.helm.v3.Release(
            f"{name}-crd",
            name="karpenter-crd",
            chart=KARPENTER_CRD.chart,
            version=KARPENTER_CRD.version,
            namespace=NAMESPACE,
            opts=child(self, depends_on=after),
        )
        release = k8s.helm.v3.Release(
            f"{name}-controller",
            # The service account's name comes from it, and the role trusts that name.
            name="karpenter",
            chart=KARPENTER.chart,
            version=KARPENTER.version,
            namespace=NAMESPACE,
            skip_crds=True,
            values={
                "replicas": 2,
                "podDisruptionBudget": {"name": "karpenter", "maxUnavailable": 1},
                "priorityClassName": "system-cluster-critical",
                "serviceAccount": {
                    "name": ACCOUNT,
                    "annotations": {"eks.amazonaws.com/role-arn": role.arn},
                },
                "nodeSelector": dict(SYSTEM_LABELS),
                "tolerations": [{"key": SYSTEM_TAINT_KEY, "operator": "Exists"}],
                "controller": {
                    "resources": {
                        "requests": {"cpu": "500m", "memory": "1Gi"},
                        "limits": {"memory": "1Gi"},
                    }
                },
                "settings": {
                    "clusterName": cluster.name,
                    "interruptionQueue": queue.queue_name,
                },
            },
            opts=child(self, depends_on=[crds, *role.grants, *queue.ready]),
        )
        self.ready: Sequence[pulumi.Resource] = [release]
        self.register_outputs({"roleArn": role.arn, "queueName": queue.queue_name})
