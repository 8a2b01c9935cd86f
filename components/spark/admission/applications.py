"""Admission policies for what the Spark operator watches.

The operator runs spark-submit in its own pod, whose account creates pods in every team's
namespace. So an application must not run there, read files there, or load code there.
"""

import pulumi

from components.context import Context
from components.names import SPARK_APPLICATIONS, SPARK_GROUP
from components.spark.admission import spark_conf
from components.spark.admission.policy import deny_unless

KINDS_POLICY = "spark-kinds"
POLICY = "spark-applications"
GROUP, APPLICATIONS = SPARK_GROUP, SPARK_APPLICATIONS
VERSION = "v1beta2"

SPEC = {
    "spec": "request.resource.resource == 'scheduledsparkapplications' ? object.spec.template"
    " : object.spec",
    "conf": "variables.spec.?sparkConf.orValue({})",
}
"""Variables of a policy: the application's spec, also in a schedule's template, and its
configuration."""

_SPEC = "variables.spec"
_IS_APPLICATION = "request.resource.resource == 'sparkapplications'"
"""The operator's webhook, which runs before, sets the defaults of an application; but not where the
request has a status, and not those of a schedule's template."""
_LISTS = [f"{_SPEC}.?deps.?{one}.orValue([])" for one in ("jars", "files", "pyFiles", "archives")]
_OPTIONS = [
    *(f"{_SPEC}.{role}.?javaOptions.orValue('')" for role in ("driver", "executor")),
    # The operator appends these to the options of both.
    *(
        f"{_SPEC}.?monitoring.?prometheus.?{key}.orValue('')"
        for key in ("jmxExporterJar", "configFile")
    ),
]
_FROM_MAVEN = " + ".join(
    f"{_SPEC}.?deps.?{one}.orValue([])" for one in ("packages", "excludePackages", "repositories")
)

_TEMPLATE = (
    "spec.{}.template may only request ephemeral-storage of Spark's container and set "
    "topologySpreadConstraints: use the application's fields for the rest"
)


def _template(role: str) -> str:
    """Whether the role's pod template has nothing but what no field of an application has.

    One that was marshalled by the operator's webhook may have empty metadata and no containers.
    """
    template = f"{_SPEC}.{role}.?template"
    inside = "c.?resources.orValue({})"
    return (
        f"{template}.orValue({{}}).all(k, k in ['metadata', 'spec'])"
        f" && {template}.?metadata.orValue({{}}).all(k, k == 'creationTimestamp')"
        f" && {template}.?spec.orValue({{}})"
        ".all(k, k in ['containers', 'topologySpreadConstraints'])"
        f" && [{template}.?spec.?containers.orValue([])].all(given, given == null"
        " || (size(given) <= 1 && given.all(c,"
        f" c.all(k, k in ['name', 'resources']) && c.name == 'spark-kubernetes-{role}'"
        f" && {inside}.all(k, k in ['requests', 'limits']"
        " && c.resources[k].all(r, r == 'ephemeral-storage')))))"
    )


_KEYS = (
    "spec.sparkConf has keys that spark-submit reads in the operator's pod, or that are not Spark's"
)
_HADOOP = "spec.hadoopConf has keys that spark-submit reads in the operator's pod"
_VARIABLES = {
    **SPEC,
    "deniedKeys": spark_conf.denied_keys("variables.conf"),
    "deniedHadoopKeys": spark_conf.denied_hadoop_keys(f"{_SPEC}.?hadoopConf.orValue({{}})"),
}
_DETAILS = {
    _KEYS: f"\"{_KEYS}: \" + variables.deniedKeys.join(', ')",
    _HADOOP: f"\"{_HADOOP}: \" + variables.deniedHadoopKeys.join(', ')",
}
_RULES = {
    "spec.mode must be cluster: other modes run the job in the operator's pod": (
        f"{_SPEC}.?mode.orValue({_IS_APPLICATION} ? '' : 'cluster') == 'cluster'"
    ),
    "spec.mainApplicationFile must begin with local:/// or s3a://": (
        # Anything else can be an option of spark-submit, or a file of the operator's pod.
        f"{_SPEC}.mainApplicationFile.matches(r'{spark_conf.MAIN_FILE}')"
    ),
    "spec.mainClass must not be one of Spark's own, except its examples": (
        # For those of its shells Spark parses spec.arguments as options of spark-submit.
        # spark-submit's script removes carriage returns from it.
        f"!has({_SPEC}.mainClass) || ({_SPEC}.mainClass.matches('^[A-Za-z0-9_.$]+$')"
        f" && (!{_SPEC}.mainClass.startsWith('org.apache.spark.')"
        f" || {_SPEC}.mainClass.startsWith('org.apache.spark.examples.')))"
    ),
    "spec.deps and the files in spec.sparkConf must begin with local:///: the operator's pod reads "
    "others": spark_conf.files_are_local(_LISTS, "variables.conf"),
    "spec.deps.packages and repositories are loaded in the operator's pod: publish a release of "
    "JARs": f"size({_FROM_MAVEN}) == 0",
    _KEYS: "size(variables.deniedKeys) == 0",
    _HADOOP: "size(variables.deniedHadoopKeys) == 0",
    "JVM options must not set Spark's configuration (-Dspark.…), nor come from files: use "
    "spec.sparkConf": spark_conf.options_set_no_spark_key(_OPTIONS, "variables.conf"),
    **{_TEMPLATE.format(role): _template(role) for role in ("driver", "executor")},
    "spec.sparkConfigMap cannot be checked: use spec.sparkConf": f"!has({_SPEC}.sparkConfigMap)",
    "spec.driver.kubernetesMaster is not supported": f"!has({_SPEC}.driver.kubernetesMaster)",
    "spec.proxyUser is not supported": f"!has({_SPEC}.proxyUser)",
    "spec.driverIngressOptions and spec.sparkUIOptions must not publish the driver": (
        f"size({_SPEC}.?driverIngressOptions.orValue([])) == 0"
        f" && size({_SPEC}.?sparkUIOptions.?ingressAnnotations.orValue({{}})) == 0"
        f" && size({_SPEC}.?sparkUIOptions.?ingressTLS.orValue([])) == 0"
        f" && {_SPEC}.?sparkUIOptions.?serviceType.orValue('ClusterIP') == 'ClusterIP'"
    ),
}


class Applications(pulumi.ComponentResource):
    """Two policies: which kinds a team may create, and what they may ask for."""

    def __init__(
        self, name: str, context: Context, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("spark-on-eks:spark:Applications", name, None, context.options(opts))
        known = f"request.resource.resource in {list(APPLICATIONS)}"
        deny_unless(
            f"{name}-kinds",
            self,
            policy_name=KINDS_POLICY,
            group=GROUP,
            version="*",
            resources=["*"],
            rules={
                f"only SparkApplications and ScheduledSparkApplications of {GROUP}/{VERSION} are "
                "supported": f"{known} && request.resource.version == '{VERSION}'"
            },
        )
        deny_unless(
            name,
            self,
            policy_name=POLICY,
            group=GROUP,
            version=VERSION,
            resources=APPLICATIONS,
            variables=_VARIABLES,
            rules=_RULES,
            details=_DETAILS,
        )
        self.register_outputs({})
