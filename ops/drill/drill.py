"""A stack's drill, read from its plan: whom it interrupts, what is expected, and the commands."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.names import NODE_CLASS_TAG, POOL_LABEL
from ops.plan.errors import UserError
from ops.plan.model import Plan, Resource
from ops.plan.nodes import CAPACITY_TYPE, node_pools
from ops.plan.values import at, mappings

TEMPLATE = "aws:fis/experimentTemplate:ExperimentTemplate"
_CLASS = "spec.template.spec.nodeClassRef.name"
_ALERTS = ("InterruptionMessagesLate", "SpotInterruptionsMany", "SparkExecutorsPending")
_MESSAGES = 'karpenter_interruption_received_messages_total{message_type="spot_interrupted"}'


@dataclass(frozen=True)
class Drill:
    """One drill; the commands are in the order in which they are run."""

    title: str
    interrupts: tuple[str, ...]
    expected: tuple[str, ...]
    before: tuple[str, ...]
    start: tuple[str, ...]
    watch: tuple[str, ...]
    stop: tuple[str, ...]
    alerts: tuple[str, ...] = _ALERTS


def drill_of(plan: Plan) -> Drill:
    """Returns the stack's drill. Raises UserError for a stack without one."""
    found = list(plan.by_type(TEMPLATE))
    if not found:
        raise UserError(
            f"stack {plan.stack} has no drill: set spark-on-eks:karpenter.spotDrill "
            f"(stacks/Pulumi.{plan.stack}.yaml, docs/drills.md)"
        )
    template = found[0]
    (target,) = mappings(template.inputs["targets"])
    tags = {str(one["key"]): str(one["value"]) for one in mappings(target["resourceTags"])}
    node_class = tags[NODE_CLASS_TAG]
    most = re.sub(r"\D", "", str(target["selectionMode"]))
    sets = [one for one in node_pools(plan) if at(one.resource.inputs, _CLASS) == node_class]
    spot = sorted(one.name for one in sets if "spot" in one.capacity_types)
    stays = sorted(one.name for one in sets if "spot" not in one.capacity_types)
    pools = sorted({one.pool for one in sets})
    alarms = [str(one.get("value")) for one in mappings(template.inputs["stopConditions"])]
    region = shlex.quote(str(plan.exports["region"]))
    selector = f"{POOL_LABEL}={','.join(pools)},{CAPACITY_TYPE}=spot"
    kept = f"On-Demand nodes ({', '.join(stays)}), " if stays else ""
    return Drill(
        title=f"{plan.project}/{plan.stack}: drill of pool {', '.join(pools)}",
        interrupts=(
            f"at most {most} running Spot nodes of NodePools {', '.join(spot)}, by chance",
            f"not: {kept}other pools, drivers' nodes, other clusters",
            "how many run is not in the plan: where fewer do, all of them are interrupted; where "
            "none does, the run fails",
            f"stops on alarm {', '.join(alarms)}; an interruption that was sent is not taken back",
        ),
        expected=(
            "at once: EC2 sends the notice of two minutes; Karpenter reads it from its queue, "
            "taints the node, evicts its pods, and starts another node for executors that wait",
            "executors there are decommissioned: blocks move as far as time allows, tasks that "
            "are lost run again; with spark.decommission.enabled, as `make job` writes it",
            "after two minutes: EC2 ends the node; without capacity the next NodePool by weight",
            "drivers stay, and no job fails; one that has many executors there takes longer",
        ),
        before=(
            str(plan.exports["kubeconfigCommand"]),
            f"kubectl get nodes -l {selector}",
            "kubectl get sparkapplications -A",
        ),
        start=(
            f'template="$(aws fis list-experiment-templates --region {region} --query '
            f'"experimentTemplates[?tags.Name==\'{_name(template)}\'].id" --output text)"',
            f'run="$(aws fis start-experiment --region {region} --experiment-template-id '
            '"${template}" --query experiment.id --output text)"',
        ),
        watch=(
            f'aws fis get-experiment --region {region} --id "${{run}}" --query experiment.state',
            f"kubectl get nodes -w -l {selector}",
            "kubectl get nodeclaims -w",
            "kubectl get pods -A -w -l spark-role=executor",
            f"# metrics: increase({_MESSAGES}[10m])",
        ),
        stop=(f'aws fis stop-experiment --region {region} --id "${{run}}"',),
    )


def _name(template: Resource) -> str:
    tags: Mapping[str, Any] = template.inputs.get("tags") or {}
    return str(tags.get("Name"))
