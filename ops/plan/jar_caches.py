"""Caches on a node's disk: the CSI driver's `emptyDir` for each claim of a team, on JARs or data,
and at node level a node's copies of releases with its mount's cache."""

from fractions import Fraction

from ops.plan import quantity
from ops.plan.model import Plan
from ops.plan.nodes import NodeSet
from ops.plan.values import at
from ops.plan.workloads import team_namespaces

_LIMIT = "spec.csi.volumeAttributes.cacheEmptyDirSizeLimit"


def jar_caches(plan: Plan) -> dict[str, Fraction]:
    """Size limit of each team's caches together, in bytes, on a node with pods of one of its
    accounts. At node level the JARs' cache is the node's own."""
    found: dict[str, Fraction] = {}
    for volume in plan.of_kind("PersistentVolume"):
        try:
            size = quantity.parse(at(volume.inputs, _LIMIT) or "")
        except ValueError:
            continue
        namespace = str(at(volume.inputs, "spec.claimRef.namespace"))
        found[namespace] = found.get(namespace, Fraction(0)) + size
    return found


def node_cache(plan: Plan) -> Fraction:
    """Bytes that copies of releases and the mount's cache may take of a node's disk, at node
    level."""
    found = (one.outputs.get("nodeCacheMiB", 0) for one in plan.resources if not one.custom)
    return Fraction(max(found, default=0) << 20)


def caches_on(plan: Plan, nodes: NodeSet) -> Fraction:
    """The caches that one of these nodes can have: of all teams whose pods run there."""
    # A team's namespace depends on its nodes, which are deleted after its pods.
    here = {
        one.object_name
        for one in team_namespaces(plan)
        if nodes.resource.urn in one.options.dependencies
    }
    found = jar_caches(plan)
    return sum((found[name] for name in here & set(found)), Fraction(0))
