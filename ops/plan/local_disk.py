"""What a Spark container writes to its node's disk beside its volumes."""

from ops.plan.quantity import MIB

_LOGS = 5 * 10 * MIB
"""A container's logs: the kubelet keeps 5 files of 10 MiB (containerLogMaxFiles and
containerLogMaxSize of its configuration)."""
_BUFFERS_OF_CORE = 4 * 64 * MIB
"""Of a task that writes to S3: S3A buffers 4 blocks of 64 MiB below /tmp, on the container's own
disk (fs.s3a.fast.upload.active.blocks and fs.s3a.multipart.size of hadoop-aws 3.4.1)."""


def margin(cores: int) -> int:
    """Bytes beside the volumes: logs, and blocks that wait for their upload to S3."""
    return _LOGS + cores * _BUFFERS_OF_CORE
