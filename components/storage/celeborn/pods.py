"""The pods of Celeborn's masters and workers, within the Pod Security level `restricted`.

Image: docker/Dockerfile of github.com/apache/celeborn: user 10006, tini, busybox.
"""

from collections.abc import Mapping

import pulumi_kubernetes as k8s

from components.base import quantity
from components.identity import Text
from components.names import POOL_LABEL
from components.storage.celeborn.configuration import (
    ALL_WORKER_PORTS,
    DATA,
    MASTER,
    MASTER_PORTS,
    WORKER,
    WORKER_HTTP_PORT,
    master_hosts,
)
from components.storage.celeborn.settings import CelebornSettings

ACCOUNT = "celeborn"
"""Service account of all pods: without a role, a right or a token."""

_HOME, _CONF = "/opt/celeborn", "/opt/celeborn/conf"
_USER = 10006
_MASTER_HEAP_GIB = 2
_GIB = 1024
# The exit endpoint answers at once, and the process ends when its files are no longer needed. The
# server listens on the pod's address only. Where the request fails, SIGTERM follows at once.
_DRAIN = (
    f'wget -q -T 10 -O /dev/null --header="Content-Type: application/json" '
    f"""--post-data='{{"type":"DECOMMISSION"}}' """
    f'"http://$POD_IP:{WORKER_HTTP_PORT}/api/v1/workers/exit" && while :; do sleep 5; done'
)


def labels(name: str) -> dict[str, str]:
    """Labels of the pods of one StatefulSet."""
    return {"app.kubernetes.io/name": "celeborn", "app.kubernetes.io/component": name}


def master_pod(settings: CelebornSettings, image: Text) -> k8s.core.v1.PodSpecArgsDict:
    """The specification of a master's pod."""
    return _pod(
        settings,
        name=MASTER,
        image=image,
        script="start-master.sh",
        environment={"CELEBORN_MASTER_MEMORY": f"{_MASTER_HEAP_GIB}g"},
        ports=MASTER_PORTS,
        resources=_resources("500m", _MASTER_HEAP_GIB + 1, disk_gib=2),
        disk_gib=2,
        grace=60,
    )


def worker_pod(settings: CelebornSettings, image: Text) -> k8s.core.v1.PodSpecArgsDict:
    """The specification of a worker's pod."""
    return _pod(
        settings,
        name=WORKER,
        image=image,
        script="start-worker.sh",
        environment={
            "CELEBORN_WORKER_MEMORY": f"{settings.heap_gib}g",
            "CELEBORN_WORKER_OFFHEAP_MEMORY": f"{settings.off_heap_gib}g",
        },
        ports=ALL_WORKER_PORTS,
        resources=_resources(str(settings.cpu), settings.memory_gib, disk_gib=settings.disk_gib),
        disk_gib=settings.disk_gib,
        grace=settings.grace_seconds,
        lifecycle={"pre_stop": {"exec_": {"command": ["/bin/sh", "-c", _DRAIN]}}},
    )


def _pod(
    settings: CelebornSettings,
    *,
    name: str,
    image: Text,
    script: str,
    environment: Mapping[str, str],
    ports: Mapping[str, int],
    resources: k8s.core.v1.ResourceRequirementsArgsDict,
    disk_gib: int,
    grace: int,
    lifecycle: k8s.core.v1.LifecycleArgsDict | None = None,
) -> k8s.core.v1.PodSpecArgsDict:
    pool = str(settings.pool)
    probe: k8s.core.v1.ProbeArgsDict = {"tcp_socket": {"port": ports["rpc"]}, "period_seconds": 10}
    return {
        "service_account_name": ACCOUNT,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "node_selector": {POOL_LABEL: pool},
        "tolerations": [
            {"key": POOL_LABEL, "operator": "Equal", "value": pool, "effect": "NoSchedule"}
        ],
        "affinity": {"pod_anti_affinity": _one_on_a_node(name)},
        "termination_grace_period_seconds": grace,
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": _USER,
            "run_as_group": _USER,
            "fs_group": _USER,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "celeborn",
                "image": image,
                "command": ["/usr/bin/tini", "--", "/bin/sh", "-c"],
                "args": [_start(settings.masters, script)],
                "env": _environment(environment),
                "ports": [{"name": label, "container_port": port} for label, port in ports.items()],
                "resources": resources,
                "security_context": {
                    "allow_privilege_escalation": False,
                    "read_only_root_filesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                **({"lifecycle": lifecycle} if lifecycle else {}),
                "readiness_probe": probe,
                "liveness_probe": {
                    **probe,
                    "initial_delay_seconds": 120,
                    "period_seconds": 30,
                    "failure_threshold": 5,
                },
                "volume_mounts": [
                    {"name": "conf", "mount_path": _CONF, "read_only": True},
                    {"name": "data", "mount_path": DATA},
                    {"name": "tmp", "mount_path": "/tmp"},
                ],
            }
        ],
        "volumes": [
            {"name": "conf", "config_map": {"name": "celeborn"}},
            {"name": "data", "empty_dir": {"size_limit": quantity(disk_gib * _GIB)}},
            {"name": "tmp", "empty_dir": {"size_limit": "1Gi"}},
        ],
    }


def _one_on_a_node(name: str) -> k8s.core.v1.PodAntiAffinityArgsDict:
    term: k8s.core.v1.PodAffinityTermArgsDict = {
        "label_selector": {"match_labels": labels(name)},
        "topology_key": "kubernetes.io/hostname",
    }
    return {"required_during_scheduling_ignored_during_execution": [term]}


def _start(masters: int, script: str) -> str:
    """A master that cannot resolve the others' names ends, so the script waits for them."""
    found = " && ".join(f"getent hosts {host} >/dev/null" for host in master_hosts(masters))
    return f"until {found}; do sleep 2; done; exec {_HOME}/sbin/{script}"


def _environment(own: Mapping[str, str]) -> list[k8s.core.v1.EnvVarArgsDict]:
    plain = {
        # In the foreground, with its log on the container's output.
        "CELEBORN_NO_DAEMONIZE": "1",
        "CELEBORN_LOG_DIR": "/tmp/logs",
        "CELEBORN_PID_DIR": "/tmp",
        **own,
    }
    address: k8s.core.v1.EnvVarSourceArgsDict = {
        "field_ref": {"api_version": "v1", "field_path": "status.podIP"}
    }
    listed: list[k8s.core.v1.EnvVarArgsDict] = [{"name": key, "value": plain[key]} for key in plain]
    return [*listed, {"name": "POD_IP", "value_from": address}]


def _resources(
    cpu: str, memory_gib: int, *, disk_gib: int
) -> k8s.core.v1.ResourceRequirementsArgsDict:
    """The disk is requested, too: the scheduler then counts it."""
    memory = quantity(memory_gib * _GIB)
    # 1 GiB for the folder of temporary files, and some for the container's log.
    disk = quantity((disk_gib + 2) * _GIB)
    return {
        "requests": {"cpu": cpu, "memory": memory, "ephemeral-storage": disk},
        "limits": {"memory": memory},
    }
