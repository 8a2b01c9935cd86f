"""Packages that the image lacks: a packed environment, and archives of modules.

Spark's own lists do not serve: of a file of the scheme local the driver gets a copy and executors
none, others are read in the operator's pod (judge/deps.py). An init container unpacks the
environment before Spark starts, into a volume with a limit. Modules are on PYTHONPATH, which Spark
hands to the driver's Python and to the executors' workers (PythonRunner and PythonWorkerFactory of
Spark 4.0).
"""

from typing import Any

from components.names import JARS_CLAIM
from ops.jobs.jobfile import Job
from ops.plan.releases import mounted

FOLDER = "/opt/python-environment"
_VOLUME = "python-environment"
_LIMIT = "4Gi"
_RESOURCES = {
    "requests": {"cpu": "500m", "memory": "1Gi"},
    "limits": {"memory": "1Gi"},
}
"""A JVM that copies one file, and tar."""


def files(job: Job) -> list[str]:
    """Names of the job's files in its release."""
    if job.python is None:
        return []
    return [one for one in (job.python.archive, *job.python.path) if one and "://" not in one]


def add(spec: dict[str, Any], job: Job, release: str, class_path: str) -> None:
    """Adds volume, init containers and variables to an application's spec."""
    if job.python is None:
        return
    variables: dict[str, str] = {}
    if job.python.archive:
        archive = _place(job.python.archive, release)
        _unpack(spec, _command(archive, class_path, spec.get("hadoopConf", {})))
        python = f"{FOLDER}/bin/python"
        variables |= {"PYSPARK_PYTHON": python, "PYSPARK_DRIVER_PYTHON": python}
    if job.python.path:
        places = [_place(one, release) for one in job.python.path]
        variables["PYTHONPATH"] = ":".join(one.removeprefix("local://") for one in places)
    added = [{"name": key, "value": value} for key, value in variables.items()]
    for role in ("driver", "executor"):
        spec[role]["env"] = [*spec[role].get("env", []), *added]


def _place(given: str, release: str) -> str:
    """The URL of a file: a mere name is one of the release."""
    return given if "://" in given else f"local://{mounted(release, given)}"


def _unpack(spec: dict[str, Any], command: str) -> None:
    spec["volumes"].append({"name": _VOLUME, "emptyDir": {"sizeLimit": _LIMIT}})
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
