"""CEL over the strings of an application that Spark parses: configuration keys, files, JVM options.

The operator passes each entry of `sparkConf` as `--conf key=value` to a spark-submit that runs in
its own pod, where Spark divides it at the first `=`. Most keys are read by the driver later. Those
that spark-submit itself reads can make it read files of the operator's pod, or load code there.
Source: internal/controller/sparkapplication/submission.go of spark-operator 2.5.2, and Spark 4.0,
whose keys the operator tier reads from the published JAR.
"""

from collections.abc import Sequence

_KUBERNETES_KEYS = (
    "namespace",  # The operator's webhook compares it.
    "memoryOverheadFactor",
    r"pyspark\.pythonVersion",
    r"resource\.type",
    r"container\.image\.pull(Policy|Secrets)",
    r"allocation\..+",
    r"dynamicAllocation\.deleteGracePeriod",
    r"executorSnapshotsSubscribersShutdownGracePeriod",
    "appKillPodDeletionGracePeriod",
    r"configMap\.maxSize",
    r"decommission\.script",
    r"hadoop\.configMapName",
    r"jars\.avoidDownloadSchemes",
    r"legacy\.useReadWriteOnceAccessMode",
    r"local\.dirs\.tmpfs",
    r"report\.interval",
    r"scheduler\.name",
    r"node\.selector\..+",
    r"driverEnv\..+",
    r"(driver|executor)\.(annotation|label|node\.selector|secretKeyRef|secrets|volumes)\..+",
    r"(driver|executor)\.(limit|request)\.cores",
    r"(driver|executor)\.scheduler\.name",
    r"driver\.(own|reuse|waitToReuse)PersistentVolumeClaim",
    r"driver\.(pod\.name|resourceNamePrefix)",
    r"driver\.service\.(annotation\..+|label\..+|deleteOnTermination|ipFamil(ies|yPolicy))",
    r"executor\.(apiPollingInterval|checkAllContainers|deleteOnTermination|disableConfigMap)",
    r"executor\.(decommissionLabel|decommissionLabelValue|eventProcessingInterval|podNamePrefix)",
    r"executor\.enable(ApiPolling|ApiWatcher|PollingWithResourceVersion)",
    r"executor\.(minTasksPerExecutorBeforeRolling|missingPodDetectDelta|rollInterval|rollPolicy)",
)
"""Keys below `spark.kubernetes.` that read or load nothing in the operator's pod. All others are
denied: those for credentials, Kerberos, pod templates, feature steps and uploads do."""

_DENIED_KEYS = (
    r"master(\..*)?",
    "remote",
    r"submit\.deployMode",
    r"kerberos\..+",
    r"yarn\..+",  # Spark reads spark.yarn.keytab as an old name of spark.kerberos.keytab.
    r"security\.credentials\..+",
    r"hadoop\.hadoop\.security\..+",
    r"jars\.(excludes|ivy|ivySettings|packages|repositories)",
    r"streaming\.dynamicAllocation\..+",
)
"""Keys below `spark.` that are denied."""

FILE_KEYS = ("spark.jars", "spark.files", "spark.archives", "spark.submit.pyFiles")
"""Keys with lists of files, as the fields of `spec.deps`."""
_OPTION_KEYS = tuple(
    f"spark.{role}.{kind}JavaOptions"
    for role in ("driver", "executor")
    for kind in ("extra", "default")
)

_KEY = r"^spark\.[A-Za-z0-9_.$/:*@-]+$"
_HADOOP_KEY = r"^[A-Za-z0-9_.$/:*@-]+$"
_PATH = r"[A-Za-z0-9_./*:@=+~-]+"
"""Characters of URIs: Spark takes what is none for a file of the pod that it runs in."""
_LOCAL_FILE = rf"^local:///{_PATH}(#[A-Za-z0-9_.-]+)?$"
_LOCAL_FILES = rf"^( *local:///{_PATH}(#[A-Za-z0-9_.-]+)? *(,|$))*$"
MAIN_FILE = rf"^(local:///|s3a?://)[A-Za-z0-9]({_PATH})?$"
_DENIED = rf"^spark\.({'|'.join(_DENIED_KEYS)})$"
_KUBERNETES = rf"^spark\.kubernetes\.({'|'.join(_KUBERNETES_KEYS)})$"
_FROM_ELSEWHERE = r"(^|\s)@|-XX:(Flags|VMOptionsFile)=|\$[{(]"
"""In JVM options: from a file, or from another key or variable."""
_PRINTED = r"^[ -~\t\n]*$"
"""Java and the scripts of Spark treat other characters as blanks, or remove them."""


def denied_keys(conf: str) -> str:
    """The keys of this map that cannot be judged or are denied."""
    return (
        f"{conf}.filter(key, !key.matches(r'{_KEY}') || key.matches(r'{_DENIED}')"
        f" || (key.startsWith('spark.kubernetes.') && !key.matches(r'{_KUBERNETES}')))"
    )


def denied_hadoop_keys(conf: str) -> str:
    """The keys of `spec.hadoopConf` that cannot be judged or are denied."""
    return (
        f"{conf}.filter(key, !key.matches(r'{_HADOOP_KEY}') || key.startsWith('hadoop.security.'))"
    )


def files_are_local(lists: Sequence[str], conf: str) -> str:
    """Whether all files in these lists, and in the keys of `conf`, are in the pod's image or
    volumes."""
    fields = " && ".join(f"{one}.all(file, file.matches(r'{_LOCAL_FILE}'))" for one in lists)
    return (
        f"{fields} && {list(FILE_KEYS)}.all(key, !(key in {conf})"
        f" || {conf}[key].matches(r'{_LOCAL_FILES}'))"
    )


def options_set_no_spark_key(fields: Sequence[str], conf: str) -> str:
    """Whether none of these JVM options, and of those in `conf`, sets a key of Spark."""
    values = [*fields, *(f"{conf}[?'{key}'].orValue('')" for key in _OPTION_KEYS)]
    options = ", ".join(f"string({one})" for one in values)
    return f"[{options}].all(one, {are_plain_options('one')})"


def are_plain_options(text: str) -> str:
    """Whether JVM options neither set a key of Spark, nor come from a file or another key.

    Spark joins the quoted and escaped parts of an option.
    """
    plain = f"""{text}.replace('"', '').replace("'", '').replace('\\\\', '')"""
    return (
        f"{text}.matches(r'{_PRINTED}') && !{plain}.contains('-Dspark.')"
        f" && !{plain}.matches(r'{_FROM_ELSEWHERE}')"
    )
