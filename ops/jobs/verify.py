"""The checks of a live mount for one team: commands, and their expected output.

The result is a bash script that changes nothing; its one attempt to write must fail. Names on
nodes come from userdata/, all others from the plan.
"""

import base64
import hashlib
import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from components.names import (
    JARS_CLAIM,
    JARS_MOUNT_PATH,
    LOG_AGENTS_NAMESPACE,
    MOUNT_NAMESPACE,
    NODE_JARS_PATH,
)
from ops.jobs.application import LOCAL_DISK
from ops.jobs.archive import options_for, path_of
from ops.jobs.team import Team
from ops.plan.archives import ARCHIVE, DESCRIPTION, FOLDER, Archive
from ops.plan.command import fenced
from ops.plan.errors import UserError
from ops.plan.model import Plan, Resource

_DAEMON = "spark-jars"
"""Name of the DaemonSet that mounts JARs on running nodes."""
_CONTAINER = "spark-kubernetes-executor"
"""Spark's own name for an executor's container."""
_VERSION = (
    f"""kubectl logs "${{pod}}" -n "${{namespace}}" -c {_CONTAINER} | grep -m 1 'mixed mode'"""
)
"""Prints the last line of -showversion."""
_REAL = "/run/spark-jars/parent"
_SCRIPT = "/usr/local/sbin/spark-jars"


@dataclass(frozen=True)
class Step:
    """A command, below a comment with its expected output."""

    shows: str
    command: str


@dataclass(frozen=True)
class Checks:
    """A team's checks: title, access to the cluster and variables that the commands need, steps."""

    title: str
    first: tuple[str, ...]
    steps: tuple[Step, ...]


def script(
    plan: Plan, team: Team, release: str, jars: list[str], archive: Archive | None = None
) -> str:
    """The script for the plan's mount level. `jars` are the names that the job opens."""
    checks = _checks(plan, team, release, jars, archive)
    head = [
        "#!/usr/bin/env bash",
        f"# {checks.title}",
        f"# Run it while a job of the team runs. First: {checks.first[0]}",
        *checks.first[1:],
    ]
    blocks = [
        f"# {number}. {step.shows}\n{step.command}"
        for number, step in enumerate(checks.steps, start=1)
    ]
    return "\n\n".join(["\n".join(head), *blocks]) + "\n"


def markdown(
    plan: Plan, team: Team, release: str, jars: list[str], archive: Archive | None = None
) -> str:
    """The same as a numbered list, each command in a block that can be copied."""
    checks = _checks(plan, team, release, jars, archive)
    parts = [
        f"### {checks.title}\n\nRun it while a job of the team runs. First:\n",
        fenced("\n".join(checks.first), "bash"),
    ]
    for number, step in enumerate(checks.steps, start=1):
        parts += [f"{number}. {step.shows}\n", fenced(step.command, "bash")]
    return "\n".join(parts)


def to_json(
    plan: Plan, team: Team, release: str, jars: list[str], archive: Archive | None = None
) -> str:
    """The same as JSON: a list of commands with their expected output."""
    checks = _checks(plan, team, release, jars, archive)
    steps = [{"shows": one.shows, "command": one.command} for one in checks.steps]
    content = {"title": checks.title, "first": checks.first, "steps": steps}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _checks(
    plan: Plan, team: Team, release: str, jars: list[str], archive: Archive | None = None
) -> Checks:
    csi = team.volume.get("csi")
    daemon = any(one.object_name == _DAEMON for one in plan.of_kind("DaemonSet"))
    if csi:
        level, steps = "pod level, Mountpoint CSI driver", _pod_level(team)
    elif daemon:
        level, steps = "node level, put on nodes by a DaemonSet", _node_level(_by_daemon())
    else:
        level, steps = "node level, mounted at boot by user data", _node_level(_by_ssm(team))
    return Checks(
        f"The JARs of team {team.name}, stack {plan.stack}: {level}.",
        (
            str(plan.exports["kubeconfigCommand"]),
            'account="$(aws sts get-caller-identity --query Account --output text)"',
            f"namespace={shlex.quote(team.name)} release={shlex.quote(release)}",
        ),
        (
            *_before(plan, team, release),
            *_in_a_pod(plan, team, release, jars),
            *(_archive(plan, team, archive) if archive else ()),
            *steps,
            *_logs(team),
        ),
    )


def _before(plan: Plan, team: Team, release: str) -> Iterator[Step]:
    url = str(plan.exports["jarBuckets"][team.jar_set])
    yield Step(
        "You are in the stack's account, and the release is complete: one line, release.json.",
        f'echo "account ${{account}}"\n'
        f'aws s3 ls --region {team.region} "{url}${{release}}/release.json"',
    )
    yield Step(
        f"The claim is bound: Bound {team.volume_name}",
        f'kubectl get pvc {JARS_CLAIM} -n "${{namespace}}" '
        "-o jsonpath='{.status.phase} {.spec.volumeName}{\"\\n\"}'",
    )
    yield Step(
        "An executor runs: its name, and the node's.",
        'pod="$(kubectl get pods -n "${namespace}" -l spark-role=executor '
        "--field-selector status.phase=Running -o jsonpath='{.items[0].metadata.name}')\"\n"
        'node="$(kubectl get pod "${pod}" -n "${namespace}" -o jsonpath=\'{.spec.nodeName}\')"\n'
        'in_pod=(kubectl exec "${pod}" -n "${namespace}" -c ' + _CONTAINER + " --)\n"
        'echo "${pod} on ${node}"',
    )


def _in_a_pod(plan: Plan, team: Team, release: str, jars: list[str]) -> Iterator[Step]:
    sentinel = _sentinel(plan, team)
    name = str(sentinel.inputs["key"]).rpartition("/")[2]
    yield Step(
        f"The mount is readable: {sentinel.inputs['content']}",
        f'"${{in_pod[@]}}" cat {JARS_MOUNT_PATH}/jars/{name}; echo',
    )
    listed = ", ".join(jars)
    yield Step(
        f"The release is there: release.json, {listed}.",
        f'"${{in_pod[@]}}" ls -l "{JARS_MOUNT_PATH}/jars/${{release}}/"',
    )
    yield Step(
        f"The JVM has them open in the mount: {JARS_MOUNT_PATH}/jars/{release}/ with {listed}.",
        "\"${in_pod[@]}\" sh -c 'ls -l /proc/[0-9]*/fd 2>/dev/null' "
        f"| grep -o '{JARS_MOUNT_PATH}/jars/[^ ]*' | sort -u",
    )
    yield Step(
        "Nothing was copied: no line, then a few kB.",
        f"\"${{in_pod[@]}}\" find /opt/spark/work-dir {LOCAL_DISK} /tmp -name '*.jar' -size +64k\n"
        '"${in_pod[@]}" du -sh /opt/spark/work-dir',
    )
    yield Step(
        "Spark logs no copy of a JAR: 0",
        'kubectl logs "${pod}" -n "${namespace}" -c '
        + _CONTAINER
        + " | grep -c -E '(Copying|Fetching) .*[.]jar' || true",
    )
    yield Step(
        "Writing fails: Read-only file system, then: refused, as it must be",
        f'if "${{in_pod[@]}}" touch {JARS_MOUNT_PATH}/jars/written-by-verify; then\n'
        "  echo 'WRONG: the mount can be written to' >&2\n"
        "else\n"
        "  echo 'refused, as it must be'\n"
        "fi",
    )


def _archive(plan: Plan, team: Team, archive: Archive) -> Iterator[Step]:
    url = str(plan.exports["jarBuckets"][team.jar_set]).removeprefix("s3://")
    bucket, _, prefix = url.partition("/")
    key = f"{prefix}{archive.release}/{FOLDER}/{archive.arch}"
    text = archive.to_json()
    described = ((ARCHIVE, archive.size, bytes.fromhex(archive.sha256)),)
    described += ((DESCRIPTION, len(text), hashlib.sha256(text).digest()),)
    for name, size, sha256 in described:
        yield Step(
            f"{name} in S3 is the one that you gave: {size} {base64.b64encode(sha256).decode()}",
            f"aws s3api head-object --region {team.region} --bucket {bucket} "
            f'--key "{key}/{name}" --expected-bucket-owner "${{account}}" --checksum-mode ENABLED '
            "--query '[ContentLength,ChecksumSHA256]' --output text",
        )
    path = path_of(team, archive.release, "executor")
    if path is None:
        yield Step(
            "Executors use no archive: the pool has nodes of both processors, and at pod level no "
            "path is right on both. Their JVM says mixed mode, without sharing.",
            _VERSION,
        )
        return
    yield Step(
        f"The executor's JVM has it mapped: {path}",
        "\"${in_pod[@]}\" sh -c 'cat /proc/[0-9]*/maps 2>/dev/null' "
        f"| grep -o '{JARS_MOUNT_PATH}/jars/.*[.]jsa' | sort -u",
    )
    yield Step(
        f"The JVM says so, and is the archive's: {archive.jvm[:-1]}, mixed mode, sharing)", _VERSION
    )
    asked = " ".join([*options_for(path), "-Xlog:cds=info", "-Xlog:class+path=info"])
    yield Step(
        "If not, why: no line if it fits; else the JVM's reason.",
        "# shellcheck disable=SC2016 # The variables are the pod's.\n"
        f'"${{in_pod[@]}}" sh -c \'java -XX:SharedArchiveFile={path} {asked} '
        '-cp "${SPARK_CONF_DIR}:${SPARK_CLASSPATH}" none 2>&1\' '
        "| grep -o -E '(UseSharedSpaces: .*|.*not the one used.*|.*has changed.*)' | sort -u",
    )


def _pod_level(team: Team) -> Iterator[Step]:
    cache = team.volume["csi"]["volumeAttributes"]["cacheEmptyDirSizeLimit"]
    yield Step(
        "One pod mounts for all of the team's pods on this node: one name, mp-...",
        "# shellcheck disable=SC2016 # The variables are the template's own.\n"
        "mounter=\"$(kubectl get s3pa -o go-template='{{range .items}}"
        '{{if eq .spec.persistentVolumeName "' + team.volume_name + '"}}'
        "{{$node := .spec.nodeName}}{{range $name, $pods := .spec.mountpointS3PodAttachments}}"
        '{{$node}} {{$name}}{{"\\n"}}{{end}}{{end}}{{end}}\' '
        '| awk -v node="${node}" \'$1 == node { print $2 }\')"\n'
        'echo "${mounter}"',
    )
    yield Step(
        "Its Mountpoint version: mount-s3 and the version.",
        'kubectl exec "${mounter}" -n mount-s3 -- /mountpoint-s3/bin/mount-s3 --version',
    )
    yield Step(
        f"Its cache: a volume of that pod with the limit jarMount.cacheMiB, {cache}.",
        'kubectl get pod "${mounter}" -n mount-s3 -o jsonpath='
        "'{range .spec.volumes[?(@.emptyDir)]}{.name} {.emptyDir.sizeLimit}{\"\\n\"}{end}'",
    )
    yield Step(
        "It logs no warning or error: no line.",
        "kubectl logs \"${mounter}\" -n mount-s3 | grep -E 'WARN|ERROR' || true",
    )


def _by_ssm(team: Team) -> str:
    return (
        'provider="$(kubectl get node "${node}" -o jsonpath=\'{.spec.providerID}\')"\n'
        "on_node() {\n"
        f'  aws ssm start-session --region {team.region} --target "${{provider##*/}}" \\\n'
        "    --document-name AWS-StartNonInteractiveCommand \\\n"
        '    --parameters "{\\"command\\":[\\"sudo $1\\"]}"\n'
        "}"
    )


def _by_daemon() -> str:
    return (
        f'daemon="$(kubectl get pods -n {MOUNT_NAMESPACE} -l app.kubernetes.io/name={_DAEMON} '
        '--field-selector "spec.nodeName=${node}" -o name)"\n'
        f'on_node() {{ kubectl exec "${{daemon}}" -n {MOUNT_NAMESPACE} '
        '-- chroot /host sh -c "$1"; }'
    )


def _node_level(door: str) -> Iterator[Step]:
    yield Step(
        "The node's Mountpoint version: mount-s3 and the version.",
        f"{door}\non_node 'mount-s3 --version'",
    )
    yield Step(
        "Both units run: active, twice.",
        "on_node 'systemctl is-active spark-jars.service spark-jars-watch.service'",
    )
    yield Step(
        f"Pods get the mount's parent by a link, present only while the mount responds: {_REAL}",
        f"on_node 'readlink {NODE_JARS_PATH}'",
    )
    yield Step(
        "The sentinel can be read on the node: exit code 0",
        f"on_node '{_SCRIPT} check'; echo \"exit code $?\"",
    )
    yield Step(
        "One mount for all pods of the node, read-only: one line, fuse, ro.",
        f"on_node 'findmnt --noheadings --output TARGET,FSTYPE,OPTIONS {_REAL}/jars'",
    )
    yield Step(
        "Copies of the newest releases, over it: a line each, no fuse, ro.",
        "on_node 'findmnt --noheadings --list --submounts --output TARGET,FSTYPE,OPTIONS "
        f"{_REAL}/jars' | grep '/jars/'",
    )
    yield Step(
        "Their size: that of the JARs of these releases.",
        "on_node 'du -sh /run/spark-jars/copies'",
    )
    yield Step(
        "The cache: its folder; what the node knows of each release: filled.",
        "cache=\"$(on_node 'cat /run/spark-jars/run' | grep -o '/[^ ]*run[.][0-9.]*')\"\n"
        'on_node "ls ${cache}"\n'
        'on_node "cat /run/spark-jars/marks.${cache##*/}"',
    )
    yield Step(
        "Events of the mount on this node: up, filled; no down.",
        "on_node 'journalctl --no-pager --boot --output cat --grep ^spark-jars:'",
    )


def _logs(team: Team) -> Iterator[Step]:
    """Nothing where the stack sends no logs away."""
    if team.pod_logs is None:
        return
    yield Step(
        "An agent runs on the executor's node: one line, 1/1 Running.",
        f"kubectl get pods -n {LOG_AGENTS_NAMESPACE} --field-selector "
        '"spec.nodeName=${node}" --no-headers',
    )
    application = (
        'application="$(kubectl get pod "${pod}" -n "${namespace}" '
        "-o jsonpath='{.metadata.labels.spark-app-selector}')\"\n"
    )
    if team.pod_logs.startswith("s3a://"):
        url = team.pod_logs.replace("s3a://", "s3://", 1)
        yield Step(
            "The job's logs arrive: a folder for the driver and for each executor; files of the "
            "last minutes.",
            f"{application}"
            f'aws s3 ls --region {team.region} --recursive "{url}spark/${{application}}/" | tail',
        )
        return
    yield Step(
        "The job's logs arrive: a stream for the driver and for each executor.",
        f"{application}"
        f"aws logs describe-log-streams --region {team.region} --log-group-name "
        f'"{team.pod_logs}" --log-stream-name-prefix '
        '"from.pod.${namespace}.spark.${application}." '
        "--query 'logStreams[].[logStreamName,lastIngestionTime]' --output text",
    )


def _sentinel(plan: Plan, team: Team) -> Resource:
    url = str(plan.exports["jarBuckets"][team.jar_set])
    for one in plan.by_type("aws:s3/bucketObjectv2:BucketObjectv2"):
        folder, _, _ = str(one.inputs["key"]).rpartition("/")
        if f"s3://{one.inputs['bucket']}/{folder}/" == url:
            return one
    raise UserError(f"stack {plan.stack} puts no sentinel below {url}")
