"""Statistics of any number of values in bounded memory."""

import math
from collections import Counter

_GROWTH = 1.02
"""Ratio of two neighbouring buckets: a quantile is off by 1 % at most."""
_LOG = math.log(_GROWTH)


class Sketch:
    """Counts values in buckets that grow by 2 %. Values are finite and not negative, so that there
    are at most some 2,200 buckets below 2^63."""

    __slots__ = ("_buckets", "_zeros", "count", "largest", "total")

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self._zeros = 0
        self.count = 0
        self.total = 0.0
        self.largest = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.largest = max(self.largest, value)
        if value < 1:
            self._zeros += 1
        else:
            self._buckets[int(math.log(value) / _LOG)] += 1

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0

    @property
    def median(self) -> float:
        """The middle value; 0 for values below 1, and without values."""
        rank, seen = (self.count - 1) // 2, self._zeros
        if rank < seen:
            return 0.0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if rank < seen:
                return min(self.largest, _GROWTH ** (bucket + 0.5))
        return 0.0


def share(part: float, whole: float) -> float | None:
    """`part` of `whole`; None if there is no whole."""
    return part / whole if whole > 0 else None


def median_of(values: list[float]) -> float:
    """The middle one of a few values, the lower of two."""
    return sorted(values)[(len(values) - 1) // 2]
