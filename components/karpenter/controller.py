"""Karpenter itself: its CRDs, its controller on the system nodes, and the controller's role."""

from collections.abc import Sequence

import pulumi

from components.context import Context
from components.eks_addons import system_placement
from components.helm_addon import HelmAddon, HelmSettings
from components.karpenter.interruption import InterruptionQueue
from components.karpenter.permissions import controller_policies
from components.names import KUBE_SYSTEM
from components.workloads import Workload
from versions import KARPENTER, KARPENTER_CRD

ACCOUNT = "karpenter"

_CONTROLLER = Workload(
    "controller",
    replicas="replicas",
    requests="controller.resources",
    budget="podDisruptionBudget.maxUnavailable",
)


class KarpenterSettings(HelmSettings):
    """`karpenter`: the controller, with `autoscaler: karpenter`."""

    fixed = (
        *_CONTROLLER.fixed_paths(),
        "serviceAccount",
        "settings.clusterName",
        "settings.interruptionQueue",
    )


class KarpenterController(HelmAddon):
    """The controller. Everything it needs to terminate a node is deleted after it."""

    def __init__(
        self,
        name: str,
        settings: KarpenterSettings,
        context: Context,
        *,
        node_role_arns: Sequence[pulumi.Output[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "karpenter:Controller",
            name,
            KARPENTER,
            context,
            # As upstream: API Priority and Fairness gives the controller precedence over workloads.
            namespace=KUBE_SYSTEM,
            workloads=[_CONTROLLER],
            api_groups=["karpenter.sh", "karpenter.k8s.aws"],
            opts=opts,
        )
        cluster = context.cluster
        queue = InterruptionQueue(
            f"{name}-interruption", cloud=context.cloud, cluster_name=cluster.name, opts=self.own
        )
        policies = controller_policies(
            cloud=context.cloud,
            cluster_name=cluster.name,
            cluster_arn=cluster.arn,
            queue_arn=queue.queue_arn,
            node_role_arns=node_role_arns,
        )
        role_arn = self.create_role(ACCOUNT, policies)
        self.create_crds(KARPENTER_CRD)
        self.install(
            {
                "replicas": 2,
                "podDisruptionBudget": {"name": "karpenter", "maxUnavailable": 1},
                "priorityClassName": "system-cluster-critical",
                "serviceAccount": {
                    "name": ACCOUNT,
                    "annotations": {"eks.amazonaws.com/role-arn": role_arn},
                },
                **system_placement(),
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
            settings,
            after=[queue],
            # The release of the CRDs installs them.
            skip_crds=True,
        )
