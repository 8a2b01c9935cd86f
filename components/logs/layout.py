"""Where the log of a pod lies, said once: Fluent Bit writes there, and links lead there.

A log is a folder of the bucket, or a stream of CloudWatch:

    <prefix><namespace>/spark/<application id>/<executor id, or driver>/<time>-<random>.jsonl.gz
    <prefix><namespace>/pods/<pod>/<container>/<time>-<random>.jsonl.gz

The second is for all other containers, and for those of Spark of which the node's kubelet no longer
knew the application. The namespace comes first, so that a team's role can be held to its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from components.cloud import partition_of

TAG = "pod"
"""First part of each tag. The others: namespace, spark or pods, and two parts of the place."""
SPARK, PODS, DRIVER = "spark", "pods", "driver"
_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
APP_ID, EXECUTOR_ID = "{{APP_ID}}", "{{EXECUTOR_ID}}"
"""Spark replaces them in a custom log URL: the attributes that Spark on Kubernetes has of an
executor (BasicExecutorFeatureStep of Spark 4.0.4 sets SPARK_EXECUTOR_ATTRIBUTE_*)."""
STREAM = "from."
"""Prefix of a log stream; the tag follows."""


def tag(namespace: str, kind: str, first: str, second: str) -> str:
    """The tag of a log. Parts have no dots; a pod's name that has one gives two parts."""
    return ".".join((TAG, namespace, kind, first, second))


def key_format(prefix: str) -> str:
    """Fluent Bit's format of an object's key, from the parts of its tag."""
    parts = "/".join(f"$TAG[{number}]" for number in range(1, 5))
    return f"/{prefix}{parts}/%Y%m%dT%H%M%SZ-$UUID.jsonl.gz"


def folder(prefix: str, namespace: str, kind: str, first: str, second: str) -> str:
    """The folder of a log."""
    return f"{prefix}{namespace}/{kind}/{first}/{second}/"


def group(cluster: str, namespace: str | None) -> str:
    """The log group of a team; without a namespace, of all pods that are no team's."""
    return f"/spark-on-eks/{cluster}/{namespace or '.platform'}"


@dataclass(frozen=True)
class Bucket:
    """A bucket, as links name it."""

    name: str
    region: str
    prefix: str

    def executor_url(self, team: str) -> str:
        """The console's page of an executor's folder, with Spark's words for which."""
        path = folder(self.prefix, team, SPARK, APP_ID, EXECUTOR_ID)
        return (
            f"{_console(self.region)}/s3/buckets/{self.name}"
            f"?region={self.region}&prefix={path}&showversions=false"
        )


@dataclass(frozen=True)
class LogGroups:
    """Log groups, as links name them."""

    cluster: str
    region: str

    def executor_url(self, team: str) -> str:
        """The console's page of an executor's stream. It reads names that are encoded twice, with
        a dollar in place of the percent sign."""
        name = group(self.cluster, team).replace("/", "$252F")
        stream = f"{STREAM}{tag(team, SPARK, APP_ID, EXECUTOR_ID)}"
        return (
            f"{_console(self.region)}/cloudwatch/home?region={self.region}"
            f"#logsV2:log-groups/log-group/{name}/log-events/{stream}"
        )


def of_teams(teams: Sequence[str]) -> str:
    """A regular expression for the beginning of the tags of teams' pods."""
    return rf"^{TAG}\.(?:{'|'.join(teams)})\."


def of_others(teams: Sequence[str]) -> str:
    """The same for those of all other pods."""
    return rf"^{TAG}\.(?!(?:{'|'.join(teams)})\.)" if teams else rf"^{TAG}\."


def _console(region: str) -> str:
    return f"https://{region}.{_CONSOLES[partition_of(region)]}"
