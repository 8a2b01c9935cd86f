"""Size of Karpenter's controller, from the pods that the pools' limits allow.

It keeps every node and pod of the cluster in memory, and simulates where pending pods fit. Upstream
sets no requests and suggests 1 vCPU and 1 GiB. One report has numbers: over 5 GiB and 2 vCPU, under
a limit of 6 GiB, for 2,000 pending pods and 500 nodes with release 1.0.5
(github.com/aws/karpenter-provider-aws/issues/7321).
"""

import math
from collections.abc import Sequence

from components.pools import DriverPool, Pool

_VCPUS_PER_POD = 4
"""Of an executor. The report has four pods a node."""
_BASE_MIB, _MIB_PER_POD, _STEP_MIB = 1024, 2.5, 256
"""With 2,000 pods: 6 GiB, the report's limit."""
_LEAST_MILLI, _MOST_MILLI, _MILLI_PER_POD, _STEP_MILLI = 500, 2000, 1, 100
"""With 2,000 pods: 2 vCPU, the report's request and the largest one with a source."""


def most_pods(pools: Sequence[Pool], drivers: DriverPool) -> int:
    """The pods that fit within the limits of all NodePools together."""
    # A pool with a bucket of its own has a drivers' pool of its own, with the same limits.
    vcpus = len({pool.driver_pool for pool in pools}) * drivers.limits.cpu
    vcpus += sum(len(pool.tiers) * pool.limits.cpu for pool in pools)
    return math.ceil(vcpus / _VCPUS_PER_POD)


def memory_mib(pods: int) -> int:
    """Memory of the controller in a cluster of so many pods."""
    return math.ceil((_BASE_MIB + pods * _MIB_PER_POD) / _STEP_MIB) * _STEP_MIB


def cpu_milli(pods: int) -> int:
    """CPU of the controller in a cluster of so many pods, in thousandths of a vCPU."""
    wanted = min(max(pods * _MILLI_PER_POD, _LEAST_MILLI), _MOST_MILLI)
    return math.ceil(wanted / _STEP_MILLI) * _STEP_MILLI
