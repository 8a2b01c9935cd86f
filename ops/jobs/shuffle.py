"""Executors' local disks on EBS volumes that the driver claims, and that a new executor takes over
from a lost one with its shuffle files.

Sources: MountVolumesFeatureStep, ExecutorPodsAllocator and
KubernetesLocalDiskShuffleExecutorComponents of Spark 4.0.4.
"""

from collections.abc import Mapping
from typing import Any

from components.names import SHUFFLE_CLASS
from ops.jobs.jobfile import Job
from ops.jobs.spark_conf import LOCAL_DIR, ON_DEMAND
from ops.jobs.team import Team
from ops.plan.errors import UserError

CLAIM = "claim"
RECOVERY = "org.apache.spark.shuffle.KubernetesLocalDiskShuffleDataIO"
"""The plugin that reads the shuffle files of a volume that was another executor's."""
MOUNT_PATH = "/data/spark-x/executor-x"
"""Recovery goes up two folders and looks for `spark-*/*/blockmgr-*`: with another depth it finds
nothing, and right below the root it fails with a NullPointerException that Spark only logs."""
OWN_CLAIMS = "spark.kubernetes.driver.ownPersistentVolumeClaim"
REUSE_CLAIMS = "spark.kubernetes.driver.reusePersistentVolumeClaim"
WAIT_FOR_CLAIMS = "spark.kubernetes.driver.waitToReusePersistentVolumeClaim"
"""Without it the driver makes a further claim for each executor that comes back."""
REUSE = dict.fromkeys((OWN_CLAIMS, REUSE_CLAIMS, WAIT_FOR_CLAIMS), "true")
_KEY = f"spark.kubernetes.executor.volumes.persistentVolumeClaim.{LOCAL_DIR}1"


def kind_of(job: Job, team: Team) -> str:
    """Where the job's executors keep shuffle files: as it says, else as the team does.

    Raises UserError for claims with executors that come and go, and without the class of volumes.
    """
    kind = job.shuffle or team.shuffle
    if kind != CLAIM:
        return kind
    if job.executors.least is not None:
        raise UserError(
            f"shuffle: claim, and executors of {job.name} from {job.executors.least} to "
            f"{job.executors.most}: an executor that is given up keeps no volume; give one number, "
            "or shuffle: node"
        )
    if not team.has_shuffle_class:
        raise UserError(
            f"shuffle: claim needs the StorageClass {SHUFFLE_CLASS}: set shuffle: claim of a team "
            "in spark.teams of the stack file"
        )
    return kind


def conf_of(job: Job) -> dict[str, str]:
    """Spark's configuration of a job with claimed volumes."""
    return {
        **REUSE,
        "spark.shuffle.sort.io.plugin.class": RECOVERY,
        f"{_KEY}.options.claimName": ON_DEMAND,
        f"{_KEY}.options.storageClass": SHUFFLE_CLASS,
        f"{_KEY}.options.sizeLimit": job.executor.local_disk,
        f"{_KEY}.mount.path": MOUNT_PATH,
        f"{_KEY}.mount.readOnly": "false",
    }


def add(spec: dict[str, Any], job: Job, disk: str, user: int) -> None:
    """Gives the executors of an application claimed volumes in place of the volume `disk`; what the
    job itself configures stays."""
    in_place_of(spec, disk, conf_of(job))
    spec["executor"]["podSecurityContext"] |= {
        "fsGroup": user,
        # A volume that was used has many files, which need no change of owner.
        "fsGroupChangePolicy": "OnRootMismatch",
    }


def in_place_of(spec: dict[str, Any], disk: str, conf: Mapping[str, str]) -> None:
    """Gives the executors of an application the volume of Spark's configuration `conf` in place of
    their volume `disk`; what the job itself configures stays."""
    spec["sparkConf"] = dict(sorted({**conf, **spec["sparkConf"]}.items()))
    spec["volumes"] = [one for one in spec["volumes"] if one["name"] != disk]
    executor = spec["executor"]
    executor["volumeMounts"] = [one for one in executor["volumeMounts"] if one["name"] != disk]
