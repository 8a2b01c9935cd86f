"""What applications, teams and idle capacity cost, in dollars an hour, at Karpenter's prices.

A pod costs the mean of its shares of the node's vCPU and of its memory, by requests. What no pod
requests is idle. Karpenter's prices are those of AWS' price list and of the Spot market, read each
12 hours: an estimate without discounts, disks, traffic and the control plane
(karpenter.sh/docs/reference/metrics).
"""

from collections.abc import Iterator

from components.monitoring.rules.model import Group, Record
from components.monitoring.rules.spark import PODS
from components.names import TEAM_COST

PRICE = "node:price:dollars_per_hour"
POD_COST = "namespace_pod_node:cost:dollars_per_hour"

_OFFERING = "karpenter_cloudprovider_instance_type_offering_price_estimate"
_KIND = "instance_type, capacity_type, zone"


def cost_groups() -> Iterator[Group]:
    """Series for stacks whose nodes Karpenter launches."""
    yield Group(
        "cost",
        [
            Record(
                PRICE,
                f"""max by (node, nodepool, {_KIND}) ({_allocatable("cpu")} > bool 0)
                * on ({_KIND}) group_left () max by ({_KIND}) ({_OFFERING})""",
            ),
            Record(
                POD_COST,
                f"""({_share("cpu")} + on (namespace, pod, node) {_share("memory")})
                / 2 * on (node) group_left () max by (node) ({PRICE})
                * on (namespace, pod) group_left () max by (namespace, pod)
                (kube_pod_status_phase{{phase=~"Pending|Running"}} == 1)""",
            ),
            Record(
                TEAM_COST,
                f"sum by (namespace) ({POD_COST})",
            ),
            Record(
                "namespace_application:cost:dollars_per_hour",
                f"""sum by (namespace, application) (sum by (namespace, pod) ({POD_COST})
                * on (namespace, pod) group_left (application) {PODS})""",
            ),
            Record(
                "nodepool_capacity_type:cost:dollars_per_hour",
                f"sum by (nodepool, capacity_type) ({PRICE})",
            ),
            Record(
                "nodepool:idle_cost:dollars_per_hour",
                f"""sum by (nodepool) (max by (node, nodepool) ({PRICE})
                - on (node) group_left ()
                (sum by (node) ({POD_COST}) or on (node) 0 * max by (node) ({PRICE})))""",
            ),
            Record(
                "nodepool:spot_saving:dollars_per_hour",
                f"""sum by (nodepool) (
                (max by (node, nodepool, instance_type, zone) ({PRICE}{{capacity_type="spot"}})
                > bool -1) * on (instance_type, zone) group_left ()
                max by (instance_type, zone) ({_OFFERING}{{capacity_type="on-demand"}})
                - on (node, nodepool, instance_type, zone)
                max by (node, nodepool, instance_type, zone) ({PRICE}{{capacity_type="spot"}}))""",
            ),
        ],
    )


def _allocatable(resource: str) -> str:
    found = f'karpenter_nodes_allocatable{{resource_type="{resource}"}}'
    return f'label_replace({found}, "node", "$1", "node_name", "(.+)")'


def _share(resource: str) -> str:
    """Each pod's part of its node."""
    return f"""sum by (namespace, pod, node)
      (kube_pod_container_resource_requests{{resource="{resource}"}})
      / on (node) group_left () max by (node) ({_allocatable(resource)})"""
