"""S3: places, rights, credentials, event logs and committers."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ops.jobs.findings import ABSENT, Change, Finding, error, unknown, warning
from ops.jobs.judge import jars
from ops.jobs.judge.places import EVENT_DIR, EVENT_LOG, places, uses_s3
from ops.jobs.model import Application, Pods, Target
from ops.jobs.spark_conf import ROLES, boolean, env_names
from ops.jobs.team import NO_ACCOUNT

PROVIDER = "fs.s3a.aws.credentials.provider"
REGION = "fs.s3a.endpoint.region"
WEB_IDENTITY = "software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider"
WEB_IDENTITY_V1 = "com.amazonaws.auth.WebIdentityTokenCredentialsProvider"
"""Of Hadoop before 3.4, which uses version 1 of the AWS SDK."""
_KEYS = re.compile(
    r"(access\.key|secret\.key|session\.token|awsAccessKeyId|awsSecretAccessKey"
    r"|access-key-id|secret-access-key|password)$",
    re.IGNORECASE,
)
_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_FACTORY = "mapreduce.outputcommitter.factory.scheme.s3a"
_MAGIC = {
    "spark.hadoop.fs.s3a.committer.name": "magic",
    f"spark.hadoop.{_FACTORY}": "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory",
    "spark.sql.sources.commitProtocolClass": (
        "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol"
    ),
    "spark.sql.parquet.output.committer.class": (
        "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter"
    ),
}


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Places that the team may not use, and how S3 is reached."""
    yield from _schemes(app)
    yield from _rights(app, target)
    yield from _event_logs(app, target)
    yield from _hard_coded(app)
    if uses_s3(app):
        yield from _credentials(app, target)
    if uses_s3(app) or f"spark.hadoop.{_FACTORY}" in app.conf:
        yield from _committer(app)


def _field(path: Sequence[Any]) -> str:
    if path[1] in ("sparkConf", "hadoopConf"):
        return f"spec.{path[1]}[{path[2]}]"
    return ".".join(map(str, path[:2])) + "".join(
        f"[{one}]" if isinstance(one, int) else f".{one}" for one in path[2:]
    )


def _schemes(app: Application) -> Iterator[Finding]:
    """Hadoop has s3a:// only; s3:// is EMR's."""
    for path, url in places(app):
        scheme = url.partition(":")[0]
        if scheme == "s3a" or f"spark.hadoop.fs.{scheme}.impl" in app.conf:
            continue
        if scheme == "s3" and (path[-1] == "warehouse" or "catalog" in str(path[-1])):
            continue
        new = _replaced(app, path, scheme)
        in_argument = path[1] == "arguments"
        yield (warning if in_argument or path[1] in ROLES else error)(
            _field(path),
            f"Hadoop has no file system for {scheme}://: it is EMR's"
            + (", and a job that opens it fails" if in_argument else ""),
            f"s3a://{url.partition('://')[2]}",
            url,
            [Change(path, new)] if new else [],
        )


def _replaced(app: Application, path: Sequence[Any], scheme: str) -> str:
    value: Any = {"spec": app.given}
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
        else:
            return ""
    return value.replace(f"{scheme}://", "s3a://") if isinstance(value, str) else ""


def _rights(app: Application, target: Target) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, url in places(app):
        place = f"s3a://{url.partition('://')[2]}"
        is_log = path[-1] == EVENT_DIR
        if place in seen or is_log:
            continue
        seen.add(place)
        if not (
            target.rights.may_read(place)
            or target.rights.may_read_object(place)
            or target.rights.may_write(place)
        ):
            yield warning(
                _field(path),
                f"the stack gives team {target.team.name} no permission on it: S3 returns 403 "
                "unless the bucket's own policy allows the team's role",
                "the bucket in spark.teams[].buckets of the stack file",
                url,
            )


def _event_logs(app: Application, target: Target) -> Iterator[Finding]:
    own = target.team.event_logs
    if not boolean(app.conf, EVENT_LOG):
        if own and uses_s3(app):
            yield warning(
                f"spec.sparkConf[{EVENT_LOG}]",
                "without event logs the team's History Server does not show the job",
                f'"true", and {EVENT_DIR}: {own}',
                app.conf.get(EVENT_LOG, ABSENT),
                [
                    Change(("spec", "sparkConf", EVENT_LOG), "true"),
                    Change(("spec", "sparkConf", EVENT_DIR), own),
                ],
            )
        return
    folder = app.conf.get(EVENT_DIR)
    change = (
        [Change(("spec", "sparkConf", EVENT_DIR), own)]
        if own
        else [Change(("spec", "sparkConf", EVENT_LOG)), Change(("spec", "sparkConf", EVENT_DIR))]
    )
    field = f"spec.sparkConf[{EVENT_DIR}]"
    if folder is None:
        yield error(
            field,
            "is not set, and Spark's default, /tmp/spark-events, does not exist: the driver fails",
            own or "no event logs",
            ABSENT,
            change,
        )
        return
    if own and folder.rstrip("/") == own.rstrip("/"):
        return
    if own and re.fullmatch(
        re.escape(own.rstrip("/")).replace(NO_ACCOUNT, "[0-9]{12}"), folder.rstrip("/")
    ):
        yield unknown(
            field,
            "whether it is of the stack's account, which the stack does not set",
            "ACCOUNT=",
            folder,
        )
        return
    place = f"s3a://{folder.partition('://')[2]}"
    denied = folder.startswith("s3") and not target.rights.may_write(place)
    why = (
        "the team may not write there: Spark does not start"
        if denied
        else ("the team's History Server reads another folder")
    )
    if own or denied:
        yield warning(
            field,
            f"it is not the team's folder of event logs, and {why}",
            own or "no event logs: the stack has no History Server",
            folder,
            change,
        )


def _hard_coded(app: Application) -> Iterator[Finding]:
    """Keys in clear: all who read the application have them."""
    for section in ("sparkConf", "hadoopConf"):
        keys = [key for key in app.given.get(section, {}) if _KEYS.search(key)]
        for key in keys:
            is_aws = "s3a" in key or "s3." in key or "aws" in key.lower()
            yield warning(
                f"spec.{section}[{key}]",
                "a key in clear: all who read the application or the driver's configuration have "
                "it",
                "nothing: S3 is reached with the team's role"
                if is_aws
                else "a Secret, through spec.driver.env",
                "(not shown)",
                [Change(("spec", section, key))] if "s3a" in key else [],
            )
    for role in ROLES:
        fields = app.given.get(role, {})
        for name, value in env_names(fields).items():
            secret = name in _VARIABLES or re.search(r"(PASSWORD|SECRET|TOKEN)$", name)
            if not secret or not value:
                continue
            listed = [one for one in fields.get("env", []) if one["name"] != name]
            changes = [Change(("spec", role, "env"), listed)] if "env" in fields else []
            if name in fields.get("envVars", {}):
                changes.append(Change(("spec", role, "envVars", name)))
            yield warning(
                f"spec.{role}.env",
                f"{name} in clear: all who read the application have it",
                "nothing: S3 is reached with the team's role"
                if name in _VARIABLES
                else "valueFrom.secretKeyRef",
                "(not shown)",
                changes if name in _VARIABLES else [],
            )


def _credentials(app: Application, target: Target) -> Iterator[Finding]:
    key = f"spark.hadoop.{PROVIDER}"
    given = app.conf.get(key)
    wanted = provider_of(app, given)
    section, name = ("hadoopConf", PROVIDER)
    if PROVIDER not in app.given.get("hadoopConf", {}) and key in app.given.get("sparkConf", {}):
        section, name = ("sparkConf", key)
    change = [Change(("spec", section, name), wanted)]
    field = f"spec.{section}[{name}]"
    endpoint = app.conf.get("spark.hadoop.fs.s3a.endpoint", "")
    if _has_other_credentials(app, given, endpoint):
        return
    default_chain = "DefaultCredentialsProvider", "DefaultAWSCredentialsProviderChain"
    if given is None:
        yield error(
            field,
            "Hadoop's default list lacks the service account's token, and the node's role is out "
            "of a pod's reach: S3 is not reached",
            wanted,
            ABSENT,
            change,
        )
    elif "WebIdentityToken" not in given and not any(one in given for one in default_chain):
        yield error(
            field,
            "it does not use the service account's token, the only credentials that a pod has here",
            wanted,
            given,
            change,
        )
    region = f"spark.hadoop.{REGION}"
    if region not in app.conf and target.team.region not in endpoint:
        yield warning(
            f"spec.hadoopConf[{REGION}]",
            "without it Hadoop asks another region first",
            target.team.region,
            ABSENT,
            [Change(("spec", "hadoopConf", REGION), target.team.region)],
        )


def _has_other_credentials(app: Application, given: str | None, endpoint: str) -> bool:
    """Whether it reaches S3 without a role: with keys, as nobody, or another store than AWS's."""
    if "spark.hadoop.fs.s3a.access.key" in app.conf or "Anonymous" in (given or ""):
        return True
    if any(
        key.startswith("spark.hadoop.fs.s3a.bucket.") and PROVIDER[7:] in key for key in app.conf
    ):
        return True
    in_env = all(
        "AWS_ACCESS_KEY_ID" in env_names(app.given.get(role, {}))
        or "AWS_ACCESS_KEY_ID" in app.given.get(role, {}).get("envSecretKeyRefs", {})
        for role in ROLES
    )
    return in_env or bool(endpoint and "amazonaws.com" not in endpoint)


def provider_of(app: Application, given: str | None) -> str:
    """The class that reads the service account's token, for the AWS SDK of the image's Hadoop."""
    first = (given or "").strip()
    old = first.startswith("com.amazonaws") or (not first and (4,) > app.version > ())
    return WEB_IDENTITY_V1 if old else WEB_IDENTITY


def _committer(app: Application) -> Iterator[Finding]:
    """Without the cloud committers output is written by renames, which in S3 are copies."""
    conf = app.conf
    protocol = conf.get("spark.sql.sources.commitProtocolClass", "")
    name = conf.get("spark.hadoop.fs.s3a.committer.name", "file")
    cloud = jars.holds(app, "spark-hadoop-cloud")
    classes = [key for key in _MAGIC if "internal.io.cloud" in conf.get(key, "")]
    for key in classes:
        if cloud is False:
            yield error(
                f"spec.sparkConf[{key}]",
                "its class is in spark-hadoop-cloud, which the class path lacks: writing fails",
                "",
                conf[key],
            )
        elif cloud is None:
            yield unknown(
                f"spec.sparkConf[{key}]",
                "whether the image has spark-hadoop-cloud, which holds its class",
                "",
                conf[key],
            )
    if protocol.endswith("PathOutputCommitProtocol") and name in ("magic", "directory"):
        return
    if app.conf.get(f"spark.hadoop.{_FACTORY}") and not protocol:
        yield warning(
            f"spec.sparkConf[spark.hadoop.{_FACTORY}]",
            "for DataFrames Spark uses its own commit protocol: without spark-hadoop-cloud, "
            "output is still written by renames, which S3 makes copies; and its class needs "
            "hadoop-aws",
            "; ".join(f"{key}: {value}" for key, value in _MAGIC.items()),
            app.conf[f"spark.hadoop.{_FACTORY}"],
            [Change(("spec", "sparkConf", key), value) for key, value in _MAGIC.items()]
            if cloud
            else [],
        )
        return
    yield warning(
        "spec.sparkConf[spark.sql.sources.commitProtocolClass]",
        "output is committed by renames, which S3 makes copies of all data",
        "spark-hadoop-cloud in the release, and the magic committer"
        if not cloud
        else "; ".join(f"{key}: {value}" for key, value in _MAGIC.items()),
        ABSENT,
        [Change(("spec", "sparkConf", key), value) for key, value in _MAGIC.items()]
        if cloud
        else [],
    )


MAGIC = _MAGIC
"""Keys and values of the magic committer, for Spark 4.0 with Hadoop 3.4."""
