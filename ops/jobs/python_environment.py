"""A packed Python environment, unpacked in every pod by an init container before Spark starts.

Spark's own way, spark.archives, reads from the operator's pod, so the policies refuse it for S3;
and Spark unpacks it after the driver's Python has started.
"""

from typing import Any

from components.names import JARS_CLAIM
from ops.jobs.jobfile import Job

FOLDER = "/opt/python-environment"
_VOLUME = "python-environment"
_LIMIT = "4Gi"
_RESOURCES = {
    "requests": {"cpu": "500m", "memory": "1Gi"},
    "limits": {"memory": "1Gi"},
}
"""A JVM that copies one file, and tar."""


def add(spec: dict[str, Any], job: Job, class_path: str) -> None:
    """Adds volume, init containers and variables to an application's spec."""
    if job.python is None:
        return
    spec["volumes"].append({"name": _VOLUME, "emptyDir": {"sizeLimit": _LIMIT}})
    command = _command(job.python.archive, class_path, spec.get("hadoopConf", {}))
    for role in ("driver", "executor"):
        fields = spec[role]
        mount = {"name": _VOLUME, "mountPath": FOLDER}
        jars = [one for one in fields["volumeMounts"] if one["name"] == JARS_CLAIM]
        fields["volumeMounts"].append(mount)
        fields["initContainers"] = [
            {
                "name": _VOLUME,
                "image": spec["image"],
                "imagePullPolicy": "IfNotPresent",
                "command": ["bash", "-euc", command],
                "resources": _RESOURCES,
                "securityContext": fields["securityContext"],
                "volumeMounts": [*jars, mount],
            }
        ]
        python = f"{FOLDER}/bin/python"
        fields["env"] = [
            *fields.get("env", []),
            {"name": "PYSPARK_PYTHON", "value": python},
            {"name": "PYSPARK_DRIVER_PYTHON", "value": python},
        ]


def _command(archive: str, class_path: str, hadoop_conf: dict[str, str]) -> str:
    if archive.startswith("local://"):
        return f"tar -xzf {archive.removeprefix('local://')} -C {FOLDER}"
    keys = " ".join(f"-D {key}={value}" for key, value in sorted(hadoop_conf.items()))
    jars = class_path or "/opt/spark/jars/*"
    return (
        f"java -Xmx512m -cp '{jars}' org.apache.hadoop.fs.FsShell {keys} -get {archive} "
        f"{FOLDER}/packed.tar.gz\n"
        f"tar -xzf {FOLDER}/packed.tar.gz -C {FOLDER}\n"
        f"rm {FOLDER}/packed.tar.gz"
    )
