"""Cases of the cost rules: two nodes of Karpenter with known prices, and what runs on them."""

from tests.tiers.metrics.cases.case import RecordCase
from tests.tiers.metrics.cases.spark import DRIVER, EXECUTOR

_SPOT = 'instance_type="m7g.2xlarge", capacity_type="spot", zone="us-west-2a"'
_DEMAND = 'instance_type="m7g.xlarge", capacity_type="on-demand", zone="us-west-2b"'
_GIB = 1024**3
_PRICE = "karpenter_cloudprovider_instance_type_offering_price_estimate"


def _node(node: str, pool: str, kind: str, cpu: int, gib: int) -> dict[str, str]:
    labels = f'node_name="{node}", nodepool="{pool}", {kind}'
    amounts = {"cpu": cpu, "memory": gib * _GIB, "pods": 4 * gib * _GIB}
    return {
        # Both replicas of Karpenter tell it.
        f'karpenter_nodes_allocatable{{resource_type="{resource}", {labels}, pod="{pod}"}}': (
            f"{amount}x20"
        )
        for resource, amount in amounts.items()
        for pod in ("karpenter-1", "karpenter-2")
    }


def _pod(pod: str, node: str, cpu: int, gib: int, phase: str = "Running") -> dict[str, str]:
    """A pod of two containers: the requests are in halves."""
    found = {f'kube_pod_status_phase{{namespace="team-a", pod="{pod}", phase="{phase}"}}': "1x20"}
    found[f'kube_pod_status_phase{{namespace="team-a", pod="{pod}", phase="Unknown"}}'] = "1x20"
    where = f'namespace="team-a", pod="{pod}", node="{node}"'
    for container in ("spark", "side"):
        name = f'kube_pod_container_resource_requests{{{where}, container="{container}", '
        found[f'{name}resource="cpu", unit="core"}}'] = f"{cpu / 2}x20"
        found[f'{name}resource="memory", unit="byte"}}'] = f"{gib * _GIB // 2}x20"
        found[f'{name}resource="ephemeral_storage", unit="byte"}}'] = f"{9 * _GIB}x20"
    return found


SERIES = {
    **_node("node-1", "default-spot-arm64", _SPOT, 8, 32),
    **_node("node-2", "drivers", _DEMAND, 4, 16),
    f"{_PRICE}{{{_SPOT}}}": "0.08x20",
    f'{_PRICE}{{{_SPOT}, pod="karpenter-2"}}': "0.08x20",
    f"{_PRICE}{{{_DEMAND}}}": "0.2x20",
    f"{_PRICE}{{{_SPOT.replace('spot', 'on-demand')}}}": "0.32x20",
    f"{_PRICE}{{{_SPOT.replace('2a', '2b')}}}": "0.9x20",
    EXECUTOR: "1x20",
    EXECUTOR.replace("team-a", "team-b"): "1x20",
    DRIVER: "1x20",
    'kube_pod_status_phase{namespace="team-b", pod="etl-exec-1", phase="Running"}': "1x20",
    # Half of node-1's vCPU and a quarter of its memory: three eighths of 0.08.
    **_pod("etl-exec-1", "node-1", 4, 8),
    # A quarter of both of node-2.
    **_pod("etl-driver", "node-2", 1, 4),
    # An executor that has ended holds nothing, one without a node either.
    EXECUTOR.replace("exec-1", "exec-9"): "1x20",
    **_pod("etl-exec-9", "node-1", 4, 8, "Succeeded"),
    **_pod("etl-exec-8", "", 4, 8, "Pending"),
}

_SPOT_NODE = f'node="node-1", nodepool="default-spot-arm64", {_SPOT}'
CASES = [
    RecordCase(
        "node:price:dollars_per_hour",
        SERIES,
        {_SPOT_NODE: 0.08, f'node="node-2", nodepool="drivers", {_DEMAND}': 0.2},
    ),
    RecordCase(
        "namespace_pod_node:cost:dollars_per_hour",
        SERIES,
        {
            'namespace="team-a", pod="etl-exec-1", node="node-1"': 0.03,
            'namespace="team-a", pod="etl-driver", node="node-2"': 0.05,
        },
    ),
    RecordCase("namespace:cost:dollars_per_hour", SERIES, {'namespace="team-a"': 0.08}),
    RecordCase(
        "namespace_application:cost:dollars_per_hour",
        {
            **SERIES,
            **_pod("web-0", "node-2", 1, 4),
            EXECUTOR.replace("exec-1", "exec-2"): "1x20",
            **_pod("etl-exec-2", "node-1", 4, 8),
        },
        {'namespace="team-a", application="etl"': 0.11},
    ),
    RecordCase(
        "nodepool_capacity_type:cost:dollars_per_hour",
        {**SERIES, **_node("node-4", "default-spot-arm64", _SPOT, 8, 32)},
        {
            'nodepool="default-spot-arm64", capacity_type="spot"': 0.16,
            'nodepool="drivers", capacity_type="on-demand"': 0.2,
        },
    ),
    RecordCase(
        "nodepool:idle_cost:dollars_per_hour",
        {
            **SERIES,
            **_node("node-3", "drivers", _DEMAND, 4, 16),
            **_pod("web-0", "node-2", 1, 4),
        },
        {'nodepool="default-spot-arm64"': 0.05, 'nodepool="drivers"': 0.3},
    ),
    RecordCase(
        "nodepool:spot_saving:dollars_per_hour",
        {
            **SERIES,
            **_node("node-4", "default-spot-arm64", _SPOT, 8, 32),
            **_node("node-5", "default-spot-arm64", _SPOT.replace("2a", "2c"), 8, 32),
            f"{_PRICE}{{{_SPOT.replace('2a', '2c')}}}": "0.1x20",
            f"{_PRICE}{{{_SPOT.replace('spot', 'on-demand').replace('2a', '2c')}}}": "0.4x20",
            f'{_PRICE}{{{_SPOT.replace("spot", "on-demand")}, pod="karpenter-2"}}': "0.32x20",
        },
        {'nodepool="default-spot-arm64"': 0.78},
    ),
]
