"""A job's file as a SparkApplication of the Spark operator, for one team of one stack."""

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
from ops.jobs import (
    archive,
    data_cache,
    disk_request,
    logs,
    metrics,
    python_environment,
    shuffle,
    shuffle_fallback,
    shuffle_lustre,
    shuffle_service,
)
from ops.jobs.catalogs import conf_of as catalog_conf
from ops.jobs.jobfile import Executors, Job, PodSize
from ops.jobs.judge.document import LONGEST_NAME, NAME
from ops.jobs.judge.placement import tolerations_of
from ops.jobs.judge.pod_security import SPARK_USER
from ops.jobs.judge.storage import MAGIC, PROVIDER, REGION, WEB_IDENTITY, WEB_IDENTITY_V1
from ops.jobs.reading import APPLICATION, GROUP, SCHEDULE, VERSION
from ops.jobs.team import Team, version_of
from ops.plan.archives import Archive
from ops.plan.errors import UserError
from ops.plan.nodes import NodeSet
from ops.plan.releases import Coordinate, class_path

PROGRAM_FOLDER = "/opt/spark/program"
LOCAL_DISK = "/var/data/spark-local"
GRACE_SECONDS = 110
"""Of executors: EC2 interrupts a Spot instance two minutes after the notice."""

# The names of volumes. The operator passes volumes named spark-local-dir-* to Spark as local disks;
# all others are mounted as written here, propagation included.
_PROGRAM = "program"
_CLOUD_COMMITTERS, _HADOOP = "spark-hadoop-cloud", "spark.hadoop."
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
    archive: Archive | None = None
    """The class-data archive of the release."""
    cache: bool = False
    """Read the input from the stack's cache, as with `cache: true` in the job's file."""


def documents(job: Job, team: Team, request: Request) -> list[dict[str, Any]]:
    """The Kubernetes objects of the job: its program as a ConfigMap, if it is a file beside the
    job's, and the application, or its schedule. Raises UserError for an invalid name."""
    if not NAME.fullmatch(request.name) or len(request.name) > LONGEST_NAME:
        raise UserError(
            f"NAME {request.name!r} cannot be a job's: it has up to {LONGEST_NAME} lower-case "
            "letters, digits and hyphens, begins with a letter and does not end in a hyphen"
        )
    spec = _spec(job, team, request)
    application = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": SCHEDULE if job.schedule else APPLICATION,
        "metadata": {"name": request.name, "namespace": team.name},
        "spec": {**_times(job), "template": spec} if job.schedule else spec,
    }
    return [*_program(job, team, request), application]


def jar_names(job: Job) -> list[str]:
    """File names of the JARs that the job needs, in the order of the class path."""
    return [one.file_name if (one := Coordinate.parse(jar)) else jar for jar in job.jars]


def _times(job: Job) -> dict[str, Any]:
    schedule = job.schedule
    if schedule is None:
        return {}
    return {
        "schedule": schedule.cron,
        "timeZone": schedule.time_zone,
        "concurrencyPolicy": schedule.overlap,
        "suspend": schedule.suspend,
        "successfulRunHistoryLimit": 3,
        "failedRunHistoryLimit": 3,
    }


def _spec(job: Job, team: Team, request: Request) -> dict[str, Any]:
    cache = job.cache or request.cache
    source = data_cache.place(team, request.input) if cache else request.input
    places = {"{input}": source, "{output}": request.output}
    executors = _executors(job, request)
    own = job.own_program
    version = job.spark_version or version_of(job.image or team.image)
    program = (
        {"type": "Python", "pythonVersion": "3"}
        if job.is_python
        else {"type": "Scala", "mainClass": job.main_class}
    )
    spec: dict[str, Any] = {
        **program,
        "mode": "cluster",
        "image": job.image or team.image,
        "imagePullPolicy": "IfNotPresent",
        "sparkVersion": version,
        "mainApplicationFile": f"local://{PROGRAM_FOLDER}/{own.name}" if own else job.main,
        "arguments": [_filled(argument, places) for argument in job.arguments],
        "restartPolicy": job.restart.policy,
        # A week, to leave time to find out why it failed.
        "timeToLiveSeconds": 7 * 24 * 3600,
        "sparkConf": _spark_conf(job, team, request),
    }
    if team.queue:
        spec["batchScheduler"] = "yunikorn"
        spec["batchSchedulerOptions"] = {"queue": team.queue}
    if job.uses_s3:
        spec["hadoopConf"] = _hadoop_conf(job, team, version)
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
    kind = shuffle.kind_of(job, team)
    if kind == shuffle.CLAIM:
        shuffle.add(spec, job, _EXECUTOR_DISK, SPARK_USER)
    elif kind == shuffle_service.CELEBORN:
        shuffle_service.add(spec, job, team.celeborn, jar_names(job))
    elif kind == shuffle_lustre.LUSTRE:
        shuffle_lustre.add(spec, job, _EXECUTOR_DISK, mounted=team.mounts_lustre)
    else:
        shuffle_fallback.add(spec, job, team, jar_names(job))
    if cache:
        data_cache.add(spec, team, request.input)
    if job.python:
        python_environment.add(spec, job, request.release, _class_path(job, request))
    if team.metrics:
        metrics.add(spec)
    logs.add(spec, team)
    disk_request.add(spec)
    if request.archive:
        archive.add(spec, team, request.archive, request.release, jar_names(job))
    return spec


def _filled(argument: str, places: Mapping[str, str]) -> str:
    for word, place in places.items():
        argument = argument.replace(word, place)
    return argument


def _executors(job: Job, request: Request) -> Executors:
    most = job.executors.most if request.executors is None else request.executors
    least = job.executors.least
    if most < (least or 1):
        raise UserError(f"EXECUTORS {most}: {job.name} needs at least {least or 1}")
    return Executors.model_validate({"max": most, "min": least})


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
    if path := _class_path(job, request):
        conf |= {"spark.driver.extraClassPath": path, "spark.executor.extraClassPath": path}
    if _commits_without_renames(job):
        conf |= {key: value for key, value in MAGIC.items() if not key.startswith(_HADOOP)}
    if job.catalog:
        conf |= catalog_conf(job.catalog, team.region)
    if job.uses_s3 and team.event_logs:
        # A job without the JARs for S3 writes none: Spark would not start.
        conf |= {"spark.eventLog.enabled": "true", "spark.eventLog.dir": team.event_logs}
    return dict(sorted({**conf, **job.conf}.items()))


def _class_path(job: Job, request: Request) -> str:
    return class_path(request.release, jar_names(job)) if job.jars else ""


def _commits_without_renames(job: Job) -> bool:
    """Whether its JARs have the committers for S3, which S3A has on by default."""
    return job.uses_s3 and any(one.startswith(_CLOUD_COMMITTERS) for one in jar_names(job))


def _hadoop_conf(job: Job, team: Team, version: str) -> dict[str, str]:
    conf = {
        # Hadoop's default list of providers lacks the service account's token and would fall back
        # to the node's role (CredentialProviderListFactory.STANDARD_AWS_PROVIDERS, Hadoop 3.4.1).
        PROVIDER: WEB_IDENTITY_V1 if version.startswith(("2.", "3.")) else WEB_IDENTITY,
        REGION: team.region,
    }
    if _commits_without_renames(job):
        conf |= {
            key.removeprefix(_HADOOP): value
            for key, value in MAGIC.items()
            if key.startswith(_HADOOP)
        }
    return conf


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
    role |= _variables(job)
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
    role |= _variables(job)
    count = {"instances": executors.most} if executors.least is None else {}
    return {**count, **role, "terminationGracePeriodSeconds": GRACE_SECONDS}


def _variables(job: Job) -> dict[str, Any]:
    listed: list[dict[str, Any]] = [{"name": key, "value": job.env[key]} for key in job.env]
    for key, one in job.secrets.items():
        source = {"secretKeyRef": {"name": one.secret, "key": one.key}}
        listed.append({"name": key, "valueFrom": source})
    return {"env": listed} if listed else {}


def _pod(
    account: str, priority: str, size: PodSize, nodes: Sequence[NodeSet], disk: str
) -> dict[str, Any]:
    """The fields that driver and executors share."""
    role: dict[str, Any] = {
        "cores": size.cores,
        "coreRequest": size.cpu,
        "coreLimit": str(size.cores),
        "memory": size.memory,
        "memoryOverhead": size.overhead,
        "serviceAccount": account,
        "priorityClassName": priority,
    }
    if nodes:
        role["nodeSelector"] = _selector(nodes)
        role["tolerations"] = tolerations_of(nodes)
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
