"""Memory of Prometheus and the series that it is for.

Measured with a fake exporter, executors that come and go, and Prometheus 2.42 on two cores: 1.7 to
1.9 KiB of resident memory for a further series with seven short labels (docs/observability.md).
Labels of real pods are longer.
"""

BYTES_PER_SERIES = 4096
OWN_MIB = 300
"""Prometheus with no series, and room for a query and a compaction."""


def series_limit(memory_mib: int) -> int:
    """Series for which so much memory, in MiB, is enough; rounded down to thousands."""
    return max(1000, (memory_mib - OWN_MIB) * 1024 * 1024 // BYTES_PER_SERIES // 1000 * 1000)
