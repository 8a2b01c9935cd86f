"""Settings of the Lustre file system."""

from typing import Annotated, Literal

from components.base import Problems, Settings
from components.bucket_formats import KeyArn
from components.formats import whole

_FIRST_STEP, _STEP = 1200, 2400
"""Sizes of SSD file systems in GiB: docs.aws.amazon.com/fsx/latest/APIReference/
API_CreateFileSystem.html, StorageCapacity."""


class LustreSettings(Settings):
    """`storage.lustre`: the FSx for Lustre file system of teams with `shuffle: lustre`. It is in
    the one zone of their pools, and deleted with the stack: shuffle files are not data to keep."""

    type: Literal["SCRATCH_2", "PERSISTENT_2"] = "SCRATCH_2"
    """`SCRATCH_2` has 200 MB/s for each TiB, and loses the files of a server that fails;
    `PERSISTENT_2` replaces it."""
    capacity_gib: Annotated[int, whole(_FIRST_STEP, 480_000)] = _FIRST_STEP
    """Capacity in GiB: 1200, or a multiple of 2400."""
    throughput: Literal[125, 250, 500, 1000] | None = None
    """Throughput of `PERSISTENT_2` in MB/s for each TiB; default: 125."""
    kms_key_arn: KeyArn | None = None
    """ARN of the KMS key of `PERSISTENT_2`; default: the account's key for FSx. FSx encrypts
    `SCRATCH_2` with a key of its own."""

    def problems(self) -> Problems:
        if self.capacity_gib != _FIRST_STEP and self.capacity_gib % _STEP:
            below = max(_FIRST_STEP, self.capacity_gib // _STEP * _STEP)
            above = (self.capacity_gib // _STEP + 1) * _STEP
            text = f"{self.capacity_gib} is not 1200 or a multiple of 2400; take {below} or {above}"
            yield "capacityGiB", text
        if self.type == "SCRATCH_2":
            for key, value in (("throughput", self.throughput), ("kmsKeyArn", self.kms_key_arn)):
                if value is not None:
                    yield key, "has no effect with type: SCRATCH_2; remove it"
