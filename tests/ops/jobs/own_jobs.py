"""Applications with features that other teams' have: what each must be told, and what is left once
it is put right. Each is for team-a of stack dev."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.ops.jobs.variants import application
from tests.plans import plan_of

Document = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """An application; `told` are parts of findings by severity."""

    name: str
    application: Document
    told: Mapping[str, tuple[str, ...]]
    beside: list[Document] = field(default_factory=list)


def document(name: str, spec: Document, kind: str = "SparkApplication") -> Document:
    return {
        "apiVersion": "sparkoperator.k8s.io/v1beta2",
        "kind": kind,
        "metadata": {"name": name, "namespace": "team-a"},
        "spec": spec,
    }


def python(
    main: str, conf: Document, driver: Document, executor: Document, **more: Any
) -> Document:
    return {
        "type": "Python",
        "mode": "cluster",
        "image": "registry.example/team/spark:3.5.3",
        "sparkVersion": "3.5.3",
        "mainApplicationFile": main,
        "sparkConf": conf,
        "driver": driver,
        "executor": executor,
        **more,
    }


_CHOWN = {
    "name": "owner",
    "image": "busybox:1.36",
    "command": ["sh", "-c", "chown -R 185 /scratch"],
    "volumeMounts": [{"name": "spark-local-dir-1", "mountPath": "/scratch"}],
}
_HOST_PATH = "spark.kubernetes.executor.volumes.hostPath.spark-local-dir-1"
_FOLDER_OF_NODE = document(
    "folder-of-node",
    python(
        "s3a://example-lake/scripts/etl.py",
        {
            "spark.local.dir": "/scratch",
            f"{_HOST_PATH}.options.path": "/mnt/k8s-disks",
            f"{_HOST_PATH}.mount.path": "/scratch",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": "s3a://example-lake/events",
            "spark.hadoop.fs.s3a.aws.credentials.provider": (
                "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider"
            ),
        },
        {
            "cores": 2,
            "coreLimit": "2000m",
            "memory": "8g",
            "serviceAccount": "etl-team",
            "nodeSelector": {
                "karpenter.sh/capacity-type": "on-demand",
                "karpenter.k8s.aws/instance-family": "c5d",
            },
            "initContainers": [_CHOWN],
        },
        {
            "cores": 4,
            "instances": 4,
            "memory": "10g",
            "serviceAccount": "etl-team",
            "nodeSelector": {"karpenter.k8s.aws/instance-family": "c5d"},
            "initContainers": [_CHOWN],
        },
        batchScheduler="yunikorn",
        batchSchedulerOptions={"queue": "root.etl.other"},
        restartPolicy={"type": "OnFailure", "onFailureRetries": 2},
    ),
)
_CLAIM = "spark.kubernetes.executor.volumes.persistentVolumeClaim.spark-local-dir-1"
_ON_DEMAND = document(
    "on-demand",
    python(
        "s3a://example-lake/scripts/etl.py",
        {
            f"{_CLAIM}.options.claimName": "OnDemand",
            f"{_CLAIM}.options.storageClass": "fast-ssd",
            f"{_CLAIM}.options.sizeLimit": "50Gi",
            f"{_CLAIM}.mount.path": "/scratch",
            "spark.kubernetes.driver.reusePersistentVolumeClaim": "true",
        },
        {"cores": 1, "memory": "4g", "serviceAccount": "spark-driver"},
        {"cores": 1, "instances": 2, "memory": "4g", "serviceAccount": "spark-executor"},
        restartPolicy={"type": "OnFailure", "onFailureRetries": 3, "onFailureRetryInterval": 10},
    ),
)
_SCRIPTS = {"name": "scripts", "mountPath": "/opt/scripts"}
_CATALOG = document(
    "catalog",
    python(
        "local:///opt/scripts/raw.py",
        {
            "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
            "spark.sql.catalog.lake.uri": "http://catalog.tables.svc:8181/api",
            "spark.hadoop.fs.s3a.access.key": "AKIAEXAMPLE",
            "spark.hadoop.fs.s3a.secret.key": "example",
        },
        {"cores": 1, "memory": "1g", "serviceAccount": "spark-driver", "volumeMounts": [_SCRIPTS]},
        {"cores": 1, "instances": 1, "memory": "1g", "volumeMounts": [_SCRIPTS]},
        deps={"packages": ["org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.5.0"]},
        volumes=[{"name": "scripts", "configMap": {"name": "scripts"}}],
    ),
)
_SIDECAR = document(
    "sidecar",
    {
        "type": "Scala",
        "image": "registry.example/team/spark:3.1.1",
        "sparkVersion": "3.1.1",
        "mainClass": "com.example.Main",
        "mainApplicationFile": "local:///opt/app.jar",
        "sparkConfigMap": "spark-conf",
        "sparkConf": {
            "spark.hadoop.mapreduce.outputcommitter.factory.scheme.s3a": (
                "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory"
            ),
        },
        "monitoring": {
            "exposeDriverMetrics": True,
            "exposeExecutorMetrics": True,
            "prometheus": {"jmxExporterJar": "/prometheus/jmx.jar", "port": 8090},
        },
        "deps": {"files": ["local:///etc/app/fields.properties"]},
        "volumes": [{"name": "staging", "emptyDir": {}}],
        "driver": {
            "cores": 2,
            "memory": "4086m",
            "serviceAccount": "spark-driver",
            "podSecurityContext": {"fsGroup": 185},
            "initContainers": [
                {
                    "name": "prepare",
                    "image": "busybox",
                    "volumeMounts": [{"name": "staging", "mountPath": "/staging"}],
                }
            ],
            "sidecars": [{"name": "shipper", "image": "fluent/fluent-bit:1.7"}],
        },
        "executor": {
            "cores": 2,
            "instances": 3,
            "memory": "4086m",
            "serviceAccount": "spark-executor",
        },
    },
)
_EMR = document(
    "emr",
    {
        "type": "Python",
        "sparkVersion": "4.0.4",
        "image": "docker.io/apache/spark:4.0.4-scala2.13-java17-python3-ubuntu",
        "mainApplicationFile": "s3://example-lake-dev/team-a/job.py",
        "arguments": ["s3://example-lake-dev/team-a/in/", "s3://example-lake-dev/team-a/out/"],
        "sparkConf": {
            "spark.dynamicAllocation.enabled": "true",
            "spark.dynamicAllocation.maxExecutors": "5",
            "spark.submit.deployMode": "cluster",
            "hive.metastore.client.factory.class": "com.example.GlueFactory",
            "spark.driver.extraClassPath": (
                "/mnt/s3/jars/r/bundle-2.24.6.jar:/mnt/s3/jars/r/hadoop-aws-3.4.1.jar"
            ),
        },
        "driver": {"cores": 1, "memory": "2Gi", "serviceAccount": "emr-containers-sa"},
        "executor": {"cores": 2, "memory": "1.5g", "serviceAccount": "emr-containers-sa"},
    },
)
_OURS = application(plan_of("dev"), "pi", "team-a")
_COPIED = {
    **_OURS,
    "spec": {**_OURS["spec"], "deps": {"jars": ["local:///mnt/s3/jars/r/hadoop-aws-3.4.1.jar"]}},
}
_CRON = document(
    "nightly",
    {
        "schedule": "0 3 * * *",
        "concurrencyPolicy": "Forbid",
        "template": {**application(plan_of("dev"), "pi", "team-a")["spec"]},
    },
    "ScheduledSparkApplication",
)

CASES = [
    Case("our own", application(plan_of("dev"), "pi", "team-a"), {}),
    Case("our own on a schedule", _CRON, {}),
    Case(
        "folder of the node",
        _FOLDER_OF_NODE,
        {
            "error": (
                "level restricted refuses a volume of kind hostPath",
                "initContainers[0] owner: chown needs root",
                "spec.driver.serviceAccount etl-team: the stack creates no such account",
                "no node of the stack has the label karpenter.k8s.aws/instance-family=c5d",
                "the stack has no scheduler yunikorn",
                "it does not use the service account's token",
            ),
            "warning": (
                "karpenter.sh/capacity-type excludes nodes of the pool",
                "spec.batchSchedulerOptions.queue root.etl.other: it is not the team's",
                "it is not the team's folder of event logs",
                "s3a://example-lake/scripts/etl.py: the stack gives team team-a no permission",
                "Spark 3.5.3: the operator 2.5 submits with Spark 4.0",
            ),
            "not known": ("what the image holds",),
        },
    ),
    Case(
        "volumes on demand",
        _ON_DEMAND,
        {
            "error": (
                "storageClass] fast-ssd: the stack creates no such storage class",
                "podSecurityContext.fsGroup: the root of a new volume belongs to root",
                "Hadoop's default list lacks the service account's token",
            ),
            "warning": (
                "at this path recovers no shuffle files",
                "its local disk has no limit and no request",
            ),
        },
    ),
    Case(
        "a catalog in another namespace",
        _CATALOG,
        {
            "error": (
                "open no way to services of namespace tables",
                "spec.deps.packages and repositories are loaded in the operator's pod",
            ),
            "warning": (
                "spark.hadoop.fs.s3a.access.key] (not shown): a key in clear",
                "Ivy would download them at each start",
                "spec.executor.serviceAccount: executors run as spark-driver",
            ),
            "not known": ("whether the ConfigMap scripts exists",),
        },
    ),
    Case(
        "sidecars and an exporter",
        _SIDECAR,
        {
            "error": (
                "spec.sparkConfigMap spark-conf: spec.sparkConfigMap cannot be checked",
                "spec.driver.sidecars[0].securityContext",
                "spec.driver.initContainers[0].securityContext",
                "container prepare mounts the volume staging, which the driver does not have",
            ),
            "warning": (
                "network policies close port 8090",
                "its class needs hadoop-aws",
                "Spark 3.1.1: it has decommissioning",
            ),
            "not known": ("whether executors open these by SparkFiles",),
        },
    ),
    Case(
        "from EMR",
        _EMR,
        {
            "error": (
                "spec.mainApplicationFile s3://example-lake-dev/team-a/job.py: Hadoop has no file",
                "spec.sparkConf enables dynamic allocation",
                "spec.driver.memory 2Gi: is not a size that Spark reads",
                "spec.executor.memory 1.5g: is not a size that Spark reads",
                "hive.metastore.client.factory.class",
            ),
        },
    ),
    Case(
        "JARs of the mount, copied",
        _COPIED,
        {"warning": ("Spark copies JARs of this list into every pod",)},
    ),
]

REMAINS = {
    "a catalog in another namespace": ("services of namespace tables", "spec.deps.packages"),
    "sidecars and an exporter": ("spec.sparkConfigMap cannot be checked",),
}
"""Parts of the errors that need a decision."""
