"""Local disks of a job's pods against the disk of a node.

An `emptyDir` has a size limit and reserves nothing, unless its pod requests `ephemeral-storage`. So
the check assumes that as many of the job's pods share a node as fit by what they request, each with
a full disk. Pods of other jobs are not known.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from ops.jobs.disk_request import RESOURCE, mounted
from ops.jobs.team import Team
from ops.plan.instances import InstanceType
from ops.plan.jar_caches import caches_on, node_cache
from ops.plan.model import Plan
from ops.plan.node_capacity import NodeCapacity, node_capacities
from ops.plan.quantity import GIB

Amounts = Mapping[str, Fraction]


def overfull(
    role: str, pods: Mapping[str, Any], *, asked: Amounts, count: int, team: Team, plan: Plan
) -> Iterator[str]:
    """A line if the job's pods can fill the disk of a node of their pool: for the worst type.

    `pods` has the role's `volumes` and `volumeMounts`, `asked` what one pod requests.
    """
    each = mounted(pods.get("volumes") or [], pods.get("volumeMounts") or [])
    pool = team.driver_nodes if role == "driver" else team.executor_nodes
    own = {one.resource.urn for one in pool}
    worst: tuple[Fraction, str] = (Fraction(1), "")
    for one in node_capacities(plan):
        if one.nodes.resource.urn not in own:
            continue
        caches = caches_on(plan, one.nodes) + node_cache(plan)
        for of in one.types:
            many, room = min(count, fitting(one, of, asked)), one.usable_disk(of)
            if room and many and (full := (many * each + caches) / room) > worst[0]:
                worst = (
                    full,
                    f"{role}: {many} on one {of.name} may fill {_gib(many * each)} of local "
                    f"disk, JAR caches {_gib(caches)}, and the disk has {_gib(room)}: lower the "
                    "volume's sizeLimit, or raise the pool's diskGiB in the stack file",
                )
    if worst[1]:
        yield worst[1]


def fitting(capacity: NodeCapacity, of: InstanceType, asked: Amounts) -> int:
    """How many of these pods fit on a node by what they request of CPU, memory and, where the
    node's disk is known, of that."""
    memory = Fraction(of.free_memory_gib(capacity.max_pods(of))) * GIB
    # A pod that asks for next to nothing is limited by the node's number of pods.
    cpu = max(asked["requests.cpu"], Fraction(1, 1000))
    bounds = [Fraction(of.free_cpu()) / cpu, memory / max(asked["requests.memory"], 1)]
    disk, room = asked.get(f"requests.{RESOURCE}", 0), capacity.usable_disk(of)
    if disk and room:
        bounds.append(room / disk)
    return int(min(bounds))


def _gib(amount: Fraction) -> str:
    return f"{float(amount / GIB):.1f} GiB"
