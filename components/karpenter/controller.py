"""Karpenter itself: its CRDs, its controller on the system nodes, and the controller's role."""

from collections.abc import Sequence
from typing import Annotated, Any

import pulumi

from components.context import Context
from components.eks_addons import system_placement
from components.formats import number, whole
from components.helm_addon import HelmAddon, HelmSettings, resources
from components.karpenter.interruption import InterruptionQueue
from components.karpenter.permissions import controller_policies
from components.karpenter.sizing import cpu_milli, memory_mib
from components.karpenter.spot_drill import SpotDrillSettings
from components.names import KUBE_SYSTEM
from components.workloads import Workload
from versions import KARPENTER, KARPENTER_CRD

ACCOUNT = "karpenter"

_CHART = "https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/charts/karpenter"

_IMAGE = "public.ecr.aws/karpenter/controller"

_CONTROLLER = Workload(
    "controller",
    replicas="replicas",
    requests="controller.resources",
    budget="podDisruptionBudget.maxUnavailable",
    one_per_node=f"{_CHART}/values.yaml",
)


class KarpenterSettings(HelmSettings):
    """`karpenter`: the controller, with `autoscaler: karpenter`."""

    fixed = (
        *_CONTROLLER.fixed_paths(),
        "controller.resources",
        "serviceAccount",
        "settings.clusterName",
        "settings.interruptionQueue",
    )

    memory_mib: Annotated[int, whole(512, 1_048_576)] | None = None
    """Memory of one replica, in MiB; default: 1024 and 2.5 for each pod of 4 vCPU that the limits
    of all NodePools allow."""
    cpu: Annotated[float, number(0.1, 32)] | None = None
    """vCPU request of one replica; default: 0.001 for each such pod, from 0.5 to 2."""
    spot_drill: SpotDrillSettings = SpotDrillSettings()
    """Simulated Spot interruptions, off by default."""


class KarpenterController(HelmAddon):
    """The controller. Everything it needs to terminate a node is deleted after it."""

    def __init__(
        self,
        name: str,
        settings: KarpenterSettings,
        context: Context,
        *,
        node_role_arns: Sequence[pulumi.Output[str]],
        pods: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`pods` is how many the limits of its NodePools allow."""
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
                    "resources": _resources(settings, pods),
                    **context.images.chart(_IMAGE),
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


def _resources(settings: KarpenterSettings, pods: int) -> dict[str, Any]:
    milli = cpu_milli(pods) if settings.cpu is None else round(settings.cpu * 1000)
    return resources(f"{milli}m", settings.memory_mib or memory_mib(pods))
