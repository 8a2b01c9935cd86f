"""What a job asked for, by the Spark properties in its event log."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from ops.plan import quantity
from ops.plan.quantity import MIB

_KEYS = re.compile(
    r"spark\.(app\.name"
    r"|executor\.(cores|instances|memory|memoryOverhead|memoryOverheadFactor|minMemoryOverhead"
    r"|pyspark\.memory|heartbeatInterval|processTreeMetrics\.enabled)"
    r"|memory\.(fraction|offHeap\.enabled|offHeap\.size)"
    r"|kubernetes\.(namespace|memoryOverheadFactor|resource\.type|executor\.request\.cores"
    r"|driver\.reusePersistentVolumeClaim)"
    r"|sql\.(shuffle\.partitions|adaptive\.[A-Za-z.]+|files\.maxPartitionBytes)"
    r"|dynamicAllocation\.[A-Za-z.]+"
    r"|speculation|task\.cpus|decommission\.enabled|shuffle\.manager"
    r"|shuffle\.sort\.io\.plugin\.class|storage\.decommission\.fallbackStorage\.path"
    r"|kubernetes\.executor\.volumes\.emptyDir\.spark-local-dir-[a-z0-9-]{1,40}"
    r"\.options\.sizeLimit)"
)
"""The properties that are kept. No other one is, so that no secret among them can be printed."""
_LOCAL_DISK = re.compile(r"spark\.kubernetes\.executor\.volumes\.emptyDir\..*\.sizeLimit")
_LONGEST = 300
_DEFAULT_HEAP = 1024 * MIB
_LEAST_OVERHEAD, _FACTOR = 384 * MIB, 0.1
_LARGEST = 2**50
"""Bytes: a larger amount of memory is a mistake."""


def kept(properties: Mapping[str, Any]) -> dict[str, str]:
    """Of Spark's properties those that advice is based on."""
    return {
        key: value[:_LONGEST]
        for key, value in properties.items()
        if isinstance(value, str) and _KEYS.fullmatch(key)
    }


def size(conf: Mapping[str, str], key: str, default: int | None = None) -> int | None:
    """Bytes of a size; `default` if it is not set or Spark could not read it. A number alone is
    MiB for memory of executors, bytes for the other keys (bytesConf of Spark's configuration)."""
    text = conf.get(key, "").strip()
    try:
        if text.isdecimal() and not key.startswith("spark.executor."):
            text += "b"
        found = quantity.spark_mib(text)
    except ValueError:
        return default
    return found if found <= _LARGEST else default


def number(conf: Mapping[str, str], key: str, default: float | None = None) -> float | None:
    """A number above 0; `default` if it is not set or none."""
    try:
        found = float(conf.get(key, ""))
    except ValueError:
        return default
    return found if 0 < found < 1e9 else default


def whole(conf: Mapping[str, str], key: str, default: int | None = None) -> int | None:
    """A whole number; `default` if it is not set or none."""
    text = conf.get(key, "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else default


def flag(conf: Mapping[str, str], key: str, default: bool = False) -> bool:
    return {"true": True, "false": False}.get(conf.get(key, "").strip().lower(), default)


@dataclass(frozen=True)
class Asked:
    """What one executor asked for; memory in bytes."""

    conf: Mapping[str, str]
    heap: int
    overhead: int
    pyspark: int
    off_heap: int
    cores: int
    request: float
    """vCPU that its pod requests."""
    task_cpus: int = 1
    """Cores that a task takes."""
    local_disk: int = 0
    """Size limits of its local disks on the node; 0 without."""

    @property
    def size(self) -> tuple[float, ...]:
        """What makes two runs alike."""
        memory = (self.heap, self.overhead, self.pyspark, self.off_heap)
        return (*memory, self.cores, self.request)

    @property
    def slots(self) -> int:
        """Tasks that it runs at once."""
        return max(1, self.cores // self.task_cpus)

    @property
    def memory(self) -> int:
        """Memory of its pod, in whole MiB."""
        return ceil((self.heap + self.overhead + self.pyspark + self.off_heap) / MIB) * MIB


def asked_of(conf: Mapping[str, str], seen_cores: int) -> Asked:
    """What the properties ask for; `seen_cores` are the cores of the executors in the log.

    Source: BasicExecutorFeatureStep and ResourceProfile of Spark 4.0.
    """
    heap = size(conf, "spark.executor.memory", _DEFAULT_HEAP) or _DEFAULT_HEAP
    off_heap = flag(conf, "spark.memory.offHeap.enabled")
    cores = seen_cores or whole(conf, "spark.executor.cores") or 1
    request = _quantity(conf.get("spark.kubernetes.executor.request.cores", ""))
    return Asked(
        conf=conf,
        heap=heap,
        overhead=overhead_of(conf, heap),
        pyspark=size(conf, "spark.executor.pyspark.memory", 0) or 0,
        off_heap=(size(conf, "spark.memory.offHeap.size", 0) or 0) if off_heap else 0,
        cores=cores,
        request=request if 0 < request < 1e4 else float(cores),
        task_cpus=whole(conf, "spark.task.cpus", 1) or 1,
        local_disk=sum(_amount(conf[key]) for key in conf if _LOCAL_DISK.fullmatch(key)),
    )


def overhead_of(conf: Mapping[str, str], heap: int) -> int:
    """Bytes of the overhead beside a heap: without a setting it is a share of the heap."""
    overhead = size(conf, "spark.executor.memoryOverhead")
    if overhead is not None:
        return overhead
    factor = number(conf, "spark.executor.memoryOverheadFactor") or number(
        conf, "spark.kubernetes.memoryOverheadFactor", _FACTOR
    )
    least = size(conf, "spark.executor.minMemoryOverhead", _LEAST_OVERHEAD)
    return max(int(heap * min(factor or _FACTOR, 100)), least or 0)


def _quantity(text: str) -> float:
    try:
        return float(quantity.parse(text.strip()))
    except (ValueError, OverflowError):
        return 0.0


def _amount(text: str) -> int:
    found = _quantity(text)
    return int(found) if 0 < found <= _LARGEST else 0


def rounded_up(amount: float, step: int) -> int:
    """Bytes, rounded up to a multiple of `step`."""
    return ceil(Fraction(amount) / step) * step


def spark_size(amount: int) -> str:
    """Bytes as Spark's properties have them: `3g`, `1536m`."""
    mib = ceil(amount / MIB)
    return f"{mib // 1024}g" if mib % 1024 == 0 else f"{mib}m"
