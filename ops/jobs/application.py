"""A job as a SparkApplication of the Spark operator, for one team of one stack."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.names import (
    DRIVER_ACCOUNT,
    DRIVER_PRIORITY,
    EXECUTOR_ACCOUNT,
    EXECUTOR_PRIORITY,
    JARS_CLAIM,
    JARS_MOUNT_PATH,
    POOL_LABEL,
)
from ops.jobs.catalog import Executors, Job, Size
from ops.jobs.team import Team
from ops.plan.errors import UserError
from ops.plan.nodes import NodeSet
from ops.plan.releases import Coordinate, class_path

PROGRAM_FOLDER = "/opt/spark/program"
LOCAL_DISK = "/var/data/spark-local"
SPARK_USER = 185
"""The user of Spark's images."""
GRACE_SECONDS = 110
"""Of executors: EC2 interrupts a Spot instance two minutes after the notice."""

_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LONGEST_NAME = 36
"""An executor's pod is `<name>-<16 digits>-exec-<number>`, and a pod's host name has 63 letters."""

# The names of volumes. The operator passes volumes named spark-local-dir-* to Spark as local disks;
# all others are mounted as written here, propagation included.
_PROGRAM = "program"
_DRIVER_DISK, _EXECUTOR_DISK = "spark-local-dir-driver", "spark-local-dir-executor"


@dataclass(frozen=True)
class Request:
    """The user's options of a job; `input` and `output` are for jobs that use S3."""

    name: str
    release: str
    input: str = ""
    output: str = ""
    executors: int | None = None
    """Maximum number of executors, instead of the job's default."""


def documents(job: Job, team: Team, request: Request) -> list[dict[str, Any]]:
    """The Kubernetes objects of the job: its program as a ConfigMap, if it is one of examples/, and
    the SparkApplication. Raises UserError for an invalid name."""
    if not _NAME.fullmatch(request.name) or len(request.name) > _LONGEST_NAME:
        raise UserError(
            f"NAME {request.name!r} cannot be a job's: it has up to {_LONGEST_NAME} lower-case "
            "letters, digits and hyphens, begins with a letter and does not end in a hyphen"
        )
    application = {
        "apiVersion": "sparkoperator.k8s.io/v1beta2",
        "kind": "SparkApplication",
        "metadata": {"name": request.name, "namespace": team.name},
        "spec": _spec(job, team, request),
    }
    return [*_program(job, team, request), application]


def jar_names(job: Job) -> list[str]:
    """File names of the JARs that the job needs, in the order of the class path."""
    return [one.file_name for jar in job.jars if (one := Coordinate.parse(jar))]


def _spec(job: Job, team: Team, request: Request) -> dict[str, Any]:
    places = {"input": request.input, "output": request.output}
    executors = _executors(job, request)
    own = job.own_program
    spec: dict[str, Any] = {
        "type": "Python",
        "pythonVersion": "3",
        "mode": "cluster",
        "image": team.image,
        "imagePullPolicy": "IfNotPresent",
        "sparkVersion": team.spark_version,
        "mainApplicationFile": f"local://{PROGRAM_FOLDER}/{own.name}" if own else job.program,
        "arguments": [argument.format(**places) for argument in job.arguments],
        "restartPolicy": {"type": "Never"},
        # A week, to leave time to find out why it failed.
        "timeToLiveSeconds": 7 * 24 * 3600,
        "sparkConf": _spark_conf(job, team, request),
    }
    if team.queue:
        spec["batchScheduler"] = "yunikorn"
        spec["batchSchedulerOptions"] = {"queue": team.queue}
    if job.uses_s3:
        spec["hadoopConf"] = _hadoop_conf(team)
    if executors.least is not None:
        spec["dynamicAllocation"] = {
            "enabled": True,
            "initialExecutors": executors.least,
            "minExecutors": executors.least,
            "maxExecutors": executors.most,
            # Executors with shuffle files run as long as these are needed: there is no external
            # shuffle service.
            "shuffleTrackingEnabled": True,
            "shuffleTrackingTimeout": 10 * 60 * 1000,
        }
    spec["volumes"] = _volumes(job, request)
    spec["driver"] = _driver(job, team)
    spec["executor"] = _executor(job, team, executors)
    return spec


def _executors(job: Job, request: Request) -> Executors:
    most = job.executors.most if request.executors is None else request.executors
    least = job.executors.least
    if most < (least or 1):
        raise UserError(f"EXECUTORS {most}: {job.name} needs at least {least or 1}")
    return Executors(most, least)


def _spark_conf(job: Job, team: Team, request: Request) -> dict[str, str]:
    conf = {
        # Executors may be on Spot: within the two minutes' notice their blocks migrate to other
        # executors.
        "spark.decommission.enabled": "true",
        "spark.storage.decommission.enabled": "true",
        "spark.storage.decommission.rddBlocks.enabled": "true",
        "spark.storage.decommission.shuffleBlocks.enabled": "true",
        # Tasks that would not finish before their executor ends also start on another one.
        "spark.executor.decommission.killInterval": f"{GRACE_SECONDS}s",
        # A fetch failure from a decommissioned executor does not count as a stage failure, as long
        # as the scheduler remembers that executor.
        "spark.stage.ignoreDecommissionFetchFailure": "true",
        "spark.scheduler.maxRetainedRemovedDecommissionExecutors": "100",
    }
    if job.executors.least is not None:
        conf |= {
            "spark.dynamicAllocation.executorIdleTimeout": "60s",
            "spark.dynamicAllocation.cachedExecutorIdleTimeout": "10m",
            # An executor that cannot migrate its blocks is removed after this time.
            "spark.executor.decommission.forceKillTimeout": "5m",
        }
    if job.jars:
        path = class_path(request.release, jar_names(job))
        conf |= {"spark.driver.extraClassPath": path, "spark.executor.extraClassPath": path}
    if job.uses_s3 and team.event_logs:
        # A job without the JARs for S3 writes none: Spark would not start.
        conf |= {"spark.eventLog.enabled": "true", "spark.eventLog.dir": team.event_logs}
    return dict(sorted(conf.items()))


def _hadoop_conf(team: Team) -> dict[str, str]:
    return {
        # Hadoop's default list of providers lacks the service account's token and would fall back
        # to the node's role (CredentialProviderListFactory.STANDARD_AWS_PROVIDERS, Hadoop 3.4.1).
        "fs.s3a.aws.credentials.provider": (
            "software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider"
        ),
        "fs.s3a.endpoint.region": team.region,
    }


def _volumes(job: Job, request: Request) -> list[dict[str, Any]]:
    program = {"name": _PROGRAM, "configMap": {"name": _program_name(request)}}
    return [
        {"name": JARS_CLAIM, "persistentVolumeClaim": {"claimName": JARS_CLAIM, "readOnly": True}},
        *([program] if job.own_program else []),
        {"name": _DRIVER_DISK, "emptyDir": {"sizeLimit": job.driver.local_disk}},
        {"name": _EXECUTOR_DISK, "emptyDir": {"sizeLimit": job.executor.local_disk}},
    ]


def _driver(job: Job, team: Team) -> dict[str, Any]:
    program = {"name": _PROGRAM, "mountPath": PROGRAM_FOLDER, "readOnly": True}
    role = _pod(DRIVER_ACCOUNT, DRIVER_PRIORITY, job.driver, team.driver_nodes, _DRIVER_DISK)
    if job.own_program:
        role["volumeMounts"].append(program)
    # The job ends with its driver. The first annotation is Karpenter's, the second Cluster
    # Autoscaler's.
    role["annotations"] = {
        "karpenter.sh/do-not-disrupt": "true",
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    }
    return role | {"terminationGracePeriodSeconds": 60}


def _executor(job: Job, team: Team, executors: Executors) -> dict[str, Any]:
    role = _pod(
        EXECUTOR_ACCOUNT, EXECUTOR_PRIORITY, job.executor, team.executor_nodes, _EXECUTOR_DISK
    )
    count = {"instances": executors.most} if executors.least is None else {}
    return {**count, **role, "terminationGracePeriodSeconds": GRACE_SECONDS}


def _pod(
    account: str, priority: str, size: Size, nodes: Sequence[NodeSet], disk: str
) -> dict[str, Any]:
    """The fields that driver and executors share."""
    role: dict[str, Any] = {
        "cores": size.cores,
        "coreRequest": size.request,
        "coreLimit": str(size.cores),
        "memory": size.memory,
        "memoryOverhead": size.overhead,
        "serviceAccount": account,
        "priorityClassName": priority,
    }
    if nodes:
        role["nodeSelector"] = _selector(nodes)
        role["tolerations"] = _tolerations(nodes)
    user = {"runAsNonRoot": True, "runAsUser": SPARK_USER, "runAsGroup": SPARK_USER}
    profile = {"seccompProfile": {"type": "RuntimeDefault"}}
    unprivileged = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return role | {
        "podSecurityContext": {**user, **profile},
        "securityContext": {**user, **unprivileged, **profile},
        "volumeMounts": [
            {
                "name": JARS_CLAIM,
                "mountPath": JARS_MOUNT_PATH,
                "readOnly": True,
                # Running pods then see a mount that was restarted on the node.
                "mountPropagation": "HostToContainer",
            },
            {"name": disk, "mountPath": LOCAL_DISK},
        ],
    }


def _selector(nodes: Sequence[NodeSet]) -> dict[str, str]:
    """Selects the pool only: the autoscaler picks architecture and capacity type."""
    return {POOL_LABEL: nodes[0].pool}


def _tolerations(nodes: Sequence[NodeSet]) -> list[dict[str, str]]:
    taints = dict.fromkeys(taint for one in nodes for taint in one.taints)
    return [
        {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
        for taint in taints
    ]


def _program(job: Job, team: Team, request: Request) -> list[dict[str, Any]]:
    own = job.own_program
    if own is None:
        return []
    metadata: Mapping[str, str] = {"name": _program_name(request), "namespace": team.name}
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata,
            "data": {own.name: own.read_text(encoding="utf-8")},
        }
    ]


def _program_name(request: Request) -> str:
    return f"{request.name}-program"
