"""Memory of Prometheus and the series that it is for.

Measured by `python -m dev.bench.prometheus`: 1,000 executors that live 30 s each, with labels as
long as on EKS, 15 samples a series, Prometheus 3.14 on two cores of a Xeon, four minutes, 39,000 to
319,000 series: 1,966 bytes of resident memory for a further series, 163 MiB without any. With
blocks of two minutes in place of two hours the head is written twice within the measurement: 801
MiB at most, with some 251,000 series, 1.22 times what the line has for them. The numbers below are
for that: 1 to 2 % above the highest memory while a block is written, and a fifth to a quarter
above all between. Queries are not in the measurement.
"""

BYTES_PER_SERIES = 2500
OWN_MIB = 210
"""Prometheus with no series, and what it holds of the pages that it scrapes."""
_NEAR = 0.8
"""Share of the memory at which more is needed soon: it is for queries and what is not measured."""


def series_limit(memory_mib: int) -> int:
    """Series that need four fifths of so much memory, in MiB; rounded down to thousands."""
    free = int(memory_mib * _NEAR) - OWN_MIB
    return max(1000, free * 1024 * 1024 // BYTES_PER_SERIES // 1000 * 1000)
