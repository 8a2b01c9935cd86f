"""Requests to S3 of one mount or one start, measured with mount-s3 1.24.0 and real JARs.

Ten JARs of 464 MB (AWS SDK bundle, Hudi, Iceberg, Delta, ...), a JVM that loads 2000 classes drawn
from all of them, an S3 API on loopback with 25 ms to the first byte of a GET. Counts and bytes
carry over to S3; seconds depend on the 25 ms. Medians of five runs.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

RELEASES_FILLED = 2
"""Default of `jarMount.node.fillReleases`: how many releases a node's mount reads at once."""


class Per(StrEnum):
    """Unit that sends the requests: a node's mount of one claim, a node's only mount, or a JVM."""

    claim = "node and claim"
    node = "node"
    executor = "executor"


@dataclass(frozen=True)
class Method:
    """One way to deliver JARs to a JVM: requests, bytes and seconds of a cold start."""

    key: str
    title: str
    per: Per
    requests: int
    megabytes: int
    seconds: float

    @property
    def rate(self) -> float:
        """Requests a second while one start lasts."""
        return self.requests / self.seconds


POD = Method(
    "pod",
    "pod level: the CSI driver's mount, shared by a node's pods of one claim",
    Per.claim,
    requests=366 + 22,
    megabytes=579,
    seconds=13.4,
)
NODE = Method(
    "node",
    "node level: one mount a node, filled after mounting",
    Per.node,
    requests=RELEASES_FILLED * (67 + 3),
    megabytes=RELEASES_FILLED * 464,
    seconds=RELEASES_FILLED * 1.24,
)
MOUNT_PER_EXECUTOR = replace(
    POD,
    key="mount-per-executor",
    title="for comparison: a mount for each executor, with a cache",
    per=Per.executor,
)
NO_CACHE = Method(
    "no-cache",
    "for comparison: one mount a node, without a cache",
    Per.executor,
    requests=1771 + 22,
    megabytes=3232,
    seconds=65.4,
)
COPY = Method(
    "copy",
    "for comparison: each executor copies the JARs",
    Per.executor,
    requests=10,
    megabytes=464,
    seconds=5.5,
)

METHODS = (POD, NODE, MOUNT_PER_EXECUTOR, NO_CACHE, COPY)
