"""A drill: an experiment of AWS FIS that interrupts Spot nodes of a pool. You start it."""

from collections.abc import Sequence
from typing import Annotated

import pulumi
import pulumi_aws as aws

from components.base import Problems, Settings
from components.cloud import Cloud
from components.context import Context
from components.formats import Name, text, whole
from components.identity import IamRole, Statement, service_trust
from components.names import NODE_CLASS_TAG
from components.pools import Pool

_WITHOUT = frozenset(
    {"ap-northeast-3", "ap-southeast-3", "cn-north-1", "cn-northwest-1", "me-central-1"}
)
"""docs.aws.amazon.com/AWSEC2/latest/UserGuide/initiate-a-spot-instance-interruption.html."""
AlarmArn = Annotated[
    str,
    text(
        r"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:[!-~]([ -~]{0,253}[!-~])?",
        "the ARN of a CloudWatch alarm: arn:aws:cloudwatch:<region>:<account>:alarm:<name>",
    ),
]


class SpotDrillSettings(Settings):
    """`karpenter.spotDrill`: an experiment of AWS FIS, which you start."""

    enabled: bool = False
    """Create the experiment's template, and its role."""
    pool: Name | None = None
    """The pool whose Spot nodes it interrupts; it has capacity type `spot`."""
    nodes: Annotated[int, whole(1, 100)] = 1
    """Nodes that one run interrupts at most, chosen by FIS at random."""
    alarm_arn: AlarmArn | None = None
    """ARN of the CloudWatch alarm that stops a run. An interruption that was sent stays."""

    def problems(self) -> Problems:
        if not self.enabled:
            yield from self.without_effect("with enabled: false", but=["enabled"])
            return
        for key, given in (("pool", self.pool), ("alarmArn", self.alarm_arn)):
            if given is None:
                yield key, "is not set; a drill needs it"


def check_spot_drill(drill: SpotDrillSettings, pools: Sequence[Pool], region: str) -> Problems:
    """The pool has Spot nodes, and FIS interrupts them in the region."""
    if not drill.enabled:
        return
    if region in _WITHOUT:
        yield "karpenter.spotDrill.enabled", f"true: FIS interrupts no Spot Instance in {region}"
    found = {pool.name: pool for pool in pools}.get(drill.pool or "")
    if drill.pool is not None and found is None:
        names = ", ".join(pool.name for pool in pools) or "no pools"
        yield "karpenter.spotDrill.pool", f"'{drill.pool}' is not one of {names}"
    elif found is not None and "spot" not in found.capacity_types:
        text = f"'{drill.pool}' has no capacity type spot: there is nothing to interrupt"
        yield "karpenter.spotDrill.pool", text


class SpotDrill(pulumi.ComponentResource):
    """The experiment's template, and the role that FIS assumes for a run."""

    def __init__(
        self,
        name: str,
        settings: SpotDrillSettings,
        context: Context,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:karpenter:SpotDrill", name, None, opts)
        assert settings.pool and settings.alarm_arn
        tags = {f"kubernetes.io/cluster/{context.cluster.name}": "owned"}
        tags[NODE_CLASS_TAG] = settings.pool
        cloud = context.cloud
        role = IamRole(
            name,
            cloud=cloud,
            description=f"FIS interrupts Spot nodes of pool {settings.pool}",
            trust=service_trust(
                "fis.amazonaws.com", cloud.account, source=cloud.arn("fis", "experiment/*")
            ),
            policies={"interrupt": _statements(cloud, tags)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.fis.ExperimentTemplate(
            f"{name}-template",
            description=f"Interrupts at most {settings.nodes} Spot nodes of pool {settings.pool}",
            role_arn=role.arn,
            stop_conditions=[{"source": "aws:cloudwatch:alarm", "value": settings.alarm_arn}],
            targets=[
                {
                    "name": "nodes",
                    "resource_type": "aws:ec2:spot-instance",
                    "selection_mode": f"COUNT({settings.nodes})",
                    "resource_tags": [{"key": key, "value": tag} for key, tag in tags.items()],
                    "filters": [{"path": "State.Name", "values": ["running"]}],
                }
            ],
            actions=[
                {
                    "name": "interrupt",
                    "action_id": "aws:ec2:send-spot-instance-interruptions",
                    # The notice of a real interruption.
                    "parameters": [{"key": "durationBeforeInterruption", "value": "PT2M"}],
                    "target": {"key": "SpotInstances", "value": "nodes"},
                }
            ],
            experiment_options={
                "account_targeting": "single-account",
                "empty_target_resolution_mode": "fail",
            },
            tags={"Name": f"{context.cluster.name}-spot-drill"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
        self.register_outputs({})


def _statements(cloud: Cloud, tags: dict[str, str]) -> list[Statement]:
    """The rights of the action, as docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference
    lists them, on one pool's nodes."""
    return [
        Statement(
            "InterruptNodesOfPool",
            ["ec2:SendSpotInstanceInterruptions"],
            [cloud.arn("ec2", "instance/*")],
            conditions={
                "StringEquals": {f"aws:ResourceTag/{key}": tag for key, tag in tags.items()}
            },
            why="Nodes come and go: only those with the tags of this cluster and pool.",
        ),
        Statement(
            "FindNodes",
            ["ec2:DescribeInstances"],
            ["*"],
            conditions={"StringEquals": {"aws:RequestedRegion": cloud.region}},
            why="EC2's Describe actions have no resource-level permissions; one region only.",
        ),
    ]
