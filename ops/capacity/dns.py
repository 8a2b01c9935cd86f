"""Cluster DNS: replicas of CoreDNS, and its queries to the VPC's resolver."""

from dataclasses import dataclass
from typing import NamedTuple

from ops.plan.model import Plan
from ops.plan.nodes import node_groups
from ops.plan.packages import Package, Workload, packages
from ops.plan.platform_pods import ClusterSize, wanted_replicas
from ops.plan.values import UNKNOWN


class Name(NamedTuple):
    """A name that an executor resolves at its start: queries to CoreDNS, and how many of these
    CoreDNS forwards if it has cached none."""

    what: str
    queries: int
    forwarded: int


NAMES = (
    # <service>.<namespace>.svc: two search domains miss, the third answers.
    Name("the driver's Service", 3 * 2, 0),
    # Four search domains miss, then the name itself. EC2's search domain and the name are outside
    # the cluster.
    Name("S3", 5 * 2, 2 * 2),
    Name("STS", 5 * 2, 2 * 2),
)
"""Each query is one for A and one for AAAA. A pod's `ndots` is 5, so names with fewer dots are
tried in the search domains first (kubernetes.io/docs/concepts/services-networking/dns-pod-service).
"""
QUERIES = sum(one.queries for one in NAMES)
FORWARDED = sum(one.forwarded for one in NAMES)


@dataclass(frozen=True)
class ClusterDns:
    """CoreDNS of a plan. `nodes` are those that it runs on at least."""

    package: Package
    workload: Workload
    most: int
    nodes: int

    def replicas(self, nodes: int, vcpus: int) -> int:
        """Replicas that it asks for in a cluster of this size, without its maximum."""
        return wanted_replicas(self.package, self.workload, ClusterSize(nodes, vcpus))


def cluster_dns(plan: Plan) -> ClusterDns | None:
    """The plan's package that provides DNS and scales with the cluster; None without one."""
    system = sum(one.min_nodes for one in node_groups(plan) if one.is_system)
    for package in packages(plan):
        if "dns" not in package.provides or package.values == UNKNOWN:
            continue
        for workload in package.workloads:
            most = package.at(workload.max_replicas) if workload.max_replicas else None
            if isinstance(most, int) and system:
                return ClusterDns(package, workload, most, min(system, most))
    return None
