"""Settings of Celeborn."""

from typing import Annotated, Literal

from components.base import Settings
from components.formats import Name, text, whole
from versions import CELEBORN_IMAGE

GRACEFUL_SECONDS = 600
"""Time in which a worker commits what it has when it gets SIGTERM, and its drain failed."""
_MARGIN_SECONDS = 120

Image = Annotated[
    str,
    text(
        r"[a-z0-9][a-z0-9./_-]{0,199}(:[0-9]+)?(/[a-z0-9._/-]+)?"
        r":[0-9]+\.[0-9]+\.[0-9]+[\w.-]{0,60}(@sha256:[0-9a-f]{64})?",
        "an image with its version, such as docker.io/apache/celeborn:0.7.0",
    ),
]


class CelebornSettings(Settings):
    """`storage.celeborn`: the shuffle service of teams with `shuffle: celeborn`."""

    pool: Name | None = None
    """Pool of masters and workers: an entry of `pools`, On-Demand, with no team on it; required."""
    image: Image = CELEBORN_IMAGE
    """Image of masters and workers."""
    masters: Literal[1, 3] = 3
    """Masters; with one, jobs fail when its pod ends."""
    workers: Annotated[int, whole(2, 200)] = 3
    """Workers, one on a node. Each partition has a copy on a second one."""
    cpu: Annotated[int, whole(1, 128)] = 4
    """vCPU of a worker."""
    heap_gib: Annotated[int, whole(1, 256)] = 4
    """Heap of a worker, in GiB."""
    off_heap_gib: Annotated[int, whole(1, 512)] = 8
    """Buffers of a worker outside the heap, in GiB: it takes no data above 85 % of them."""
    disk_gib: Annotated[int, whole(10, 60_000)] = 200
    """Disk of a worker for shuffle files, in GiB: on the instance store of the pool's nodes, else
    on their root volume. All workers together: twice the largest shuffle data at one time."""
    drain_minutes: Annotated[int, whole(1, 1440)] = 60
    """How long a worker that ends waits until its shuffle files are no longer needed."""

    @property
    def memory_gib(self) -> int:
        """Memory of a worker: heap, buffers, and 1 GiB for the JVM itself."""
        return self.heap_gib + self.off_heap_gib + 1

    @property
    def grace_seconds(self) -> int:
        """Grace period of a worker's pod: a drain, then a graceful shutdown, and a margin."""
        return self.drain_minutes * 60 + GRACEFUL_SECONDS + _MARGIN_SECONDS
