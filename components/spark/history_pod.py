"""The pod of a History Server: Spark's image, and two JARs that it does not contain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from components.base import quantity
from components.identity import Text

PORT = 18080

_USER = 185
"""The user of Spark's images."""
_JARS, _STORE, _TMP = "/jars", "/store", "/tmp"
_HEAP = 0.7
"""Share of the container's memory for the heap; the rest is for the JVM itself and RocksDB."""


@dataclass(frozen=True)
class HistoryPod:
    """Parameters of one server."""

    image: Text
    cli_image: Text
    """The AWS CLI's, which copies the JARs."""
    memory_mib: int
    region: str
    logs_url: pulumi.Output[str]
    """The team's prefix, as s3a://."""
    executor_log_url: pulumi.Output[str] | None
    """Pattern of the page with an executor's log."""
    jars_url: pulumi.Output[str]
    """The release's prefix, as s3://, with a slash at the end."""
    jars: Sequence[str]


def pod_spec(
    pod: HistoryPod, *, account: str, placement: Mapping[str, Any]
) -> k8s.core.v1.PodSpecArgsDict:
    """The pod's specification, within the Pod Security level `restricted`.

    The JARs are copied, not mounted: at node level only Spark nodes have the mount, and a server
    that runs indefinitely would block the replacement of such a node.
    """
    spec: k8s.core.v1.PodSpecArgsDict = {
        "service_account_name": account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": _USER,
            "run_as_group": _USER,
            "fs_group": _USER,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "init_containers": [
            {
                "name": f"jar-{number}",
                "image": pod.cli_image,
                "command": ["aws", "s3", "cp", "--no-progress"],
                "args": [pulumi.Output.concat(pod.jars_url, jar), f"{_JARS}/{jar}"],
                "env": [{"name": "HOME", "value": _TMP}],
                "resources": _resources("100m", 512),
                "security_context": _locked(),
                "volume_mounts": [_mount("jars", _JARS), _mount("tmp", _TMP)],
            }
            for number, jar in enumerate(pod.jars, start=1)
        ],
        "containers": [
            {
                "name": "history-server",
                "image": pod.image,
                "command": ["/opt/spark/bin/spark-class"],
                "args": ["org.apache.spark.deploy.history.HistoryServer"],
                "env": _environment(pod),
                "ports": [{"name": "http", "container_port": PORT}],
                "resources": _resources("200m", pod.memory_mib),
                "security_context": _locked(),
                "readiness_probe": {
                    "http_get": {"path": "/api/v1/version", "port": PORT},
                    "period_seconds": 10,
                },
                "liveness_probe": {
                    "http_get": {"path": "/api/v1/version", "port": PORT},
                    "initial_delay_seconds": 60,
                    "period_seconds": 30,
                    "failure_threshold": 5,
                },
                "volume_mounts": [
                    _mount("jars", _JARS, read_only=True),
                    _mount("store", _STORE),
                    _mount("tmp", _TMP),
                ],
            }
        ],
        "volumes": [
            {"name": "jars", "empty_dir": {"size_limit": "2Gi"}},
            {"name": "store", "empty_dir": {"size_limit": "10Gi"}},
            {"name": "tmp", "empty_dir": {"size_limit": "1Gi"}},
        ],
    }
    if placement:
        spec["node_selector"] = placement["nodeSelector"]
        spec["tolerations"] = placement["tolerations"]
    return spec


def _environment(pod: HistoryPod) -> list[k8s.core.v1.EnvVarArgsDict]:
    # Spark's own JARs first: the AWS bundle contains a logger that would silence the server.
    class_path = ":".join(["/opt/spark/jars/*", *(f"{_JARS}/{jar}" for jar in pod.jars)])
    options = {
        "spark.history.ui.port": str(PORT),
        "spark.history.store.path": _STORE,
        "spark.history.store.maxDiskUsage": "8g",
        # Each update is one LIST request; it shows only files that jobs have closed.
        "spark.history.fs.update.interval": "30s",
        # The bucket's lifecycle expires logs; the role cannot delete.
        "spark.history.fs.cleaner.enabled": "false",
        "spark.hadoop.fs.s3a.endpoint.region": pod.region,
        # Not among the defaults of hadoop-aws 3.4.1.
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            "software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider"
        ),
    }
    flags = " ".join(f"-D{key}={value}" for key, value in options.items())
    return [
        {"name": "SPARK_DAEMON_MEMORY", "value": f"{int(pod.memory_mib * _HEAP)}m"},
        {"name": "SPARK_DAEMON_CLASSPATH", "value": class_path},
        {
            "name": "SPARK_HISTORY_OPTS",
            "value": pulumi.Output.concat(
                flags, " -Dspark.history.fs.logDirectory=", pod.logs_url, *_links(pod)
            ),
        },
    ]


def _links(pod: HistoryPod) -> list[pulumi.Input[str]]:
    """Executors' pages lead to their logs, also those of jobs that set no pattern themselves."""
    if pod.executor_log_url is None:
        return []
    return [" -Dspark.history.custom.executor.log.url=", pod.executor_log_url]


def _resources(cpu: str, memory_mib: int) -> k8s.core.v1.ResourceRequirementsArgsDict:
    memory = quantity(memory_mib)
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def _locked() -> k8s.core.v1.SecurityContextArgsDict:
    return {
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _mount(name: str, path: str, *, read_only: bool = False) -> k8s.core.v1.VolumeMountArgsDict:
    mount: k8s.core.v1.VolumeMountArgsDict = {"name": name, "mount_path": path}
    if read_only:
        mount["read_only"] = True
    return mount
