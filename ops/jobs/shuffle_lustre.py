"""Executors' local disks on the team's folder of the Lustre file system.

Spark's recovery of shuffle files is off: an executor that starts would move the files of all others
that share the folder, those that run among them (KubernetesLocalDiskShuffleExecutorComponents of
Spark 4.0.4, which gives each file to TempFileBasedBlockStoreUpdater).
"""

from typing import Any

from components.names import SHUFFLE_CLAIM
from ops.jobs import shuffle
from ops.jobs.jobfile import Job
from ops.jobs.spark_conf import LOCAL_DIR
from ops.plan.errors import UserError

LUSTRE = "lustre"
MOUNT_PATH = "/data/lustre"
_VOLUME = f"spark.kubernetes.executor.volumes.persistentVolumeClaim.{LOCAL_DIR}1"


def conf_of() -> dict[str, str]:
    """Spark's configuration of a job: each executor makes a folder of its own in the team's."""
    return {
        f"{_VOLUME}.options.claimName": SHUFFLE_CLAIM,
        f"{_VOLUME}.mount.path": MOUNT_PATH,
        f"{_VOLUME}.mount.readOnly": "false",
    }


def add(spec: dict[str, Any], job: Job, disk: str, *, mounted: bool) -> None:
    """Gives executors the team's folder in place of the volume `disk`; what the job itself
    configures stays. Raises UserError where the team has no folder."""
    if not mounted:
        raise UserError(
            f"shuffle: lustre of {job.name}: the team has no claim {SHUFFLE_CLAIM}; set shuffle: "
            "lustre of the team in spark.teams of the stack file"
        )
    shuffle.in_place_of(spec, disk, conf_of())
