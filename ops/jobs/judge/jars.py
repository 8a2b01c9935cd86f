"""JARs of a job: those of its class path, and those that Spark would copy."""

import re
from collections.abc import Iterator, Sequence

from components.names import JARS_CLAIM, JARS_MOUNT_PATH
from ops.jobs.findings import ABSENT, Change, Finding, error, unknown, warning
from ops.jobs.judge.places import uses_s3
from ops.jobs.model import Application, Pods, Target
from ops.jobs.spark_conf import DEPS, ROLES
from ops.plan.releases import MOUNTED_JARS, SPARK_JARS
from ops.plan.values import mappings

_MOUNTED = re.compile(rf"local://({re.escape(MOUNTED_JARS)}/[^/,#\s*]+/[^/,#\s*]+\.jar)")
_NO_JARS = (".tar.gz", ".tgz", ".whl", ".py")
_CLASS_PATHS = tuple(f"spark.{role}.extraClassPath" for role in ROLES)


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """JARs that are copied, missing from the class path, or on a mount that is not there."""
    yield from _copied(app)
    yield from _class_path(app)
    yield from _mounted(app, pods, target)
    yield from _maven(app)


def official(app: Application, role: str = "driver") -> bool:
    """Whether the role's image is one of Apache's, whose JARs are known."""
    image = app.conf.get(f"spark.kubernetes.{role}.container.image", "")
    name = image.partition("@")[0].rpartition(":")[0] or image
    return name in ("apache/spark", "docker.io/apache/spark", "spark", "docker.io/library/spark")


def holds(app: Application, name: str) -> bool | None:
    """Whether driver and executors have a JAR of this name; None if the image may have it."""
    listed = [app.conf.get(key, "") for key in _CLASS_PATHS]
    deps = ",".join(app.conf.get(key, "") for key in ("spark.jars", "spark.jars.packages"))
    if name in deps or all(name in one for one in listed):
        return True
    return False if official(app) and official(app, "executor") else None


def _copied(app: Application) -> Iterator[Finding]:
    """Spark copies each file of spark.jars into every pod, those of the mount, too."""
    listed = app.given.get("deps", {}).get("jars", [])
    in_conf = app.given.get("sparkConf", {}).get("spark.jars", "")
    every = [*listed, *(one.strip() for one in in_conf.split(",") if one.strip())]
    mounted = [match[1] for one in every if (match := _MOUNTED.fullmatch(one))]
    if mounted:
        path = list(dict.fromkeys(mounted))
        changes: list[Change] = []
        for key in _CLASS_PATHS:
            present = [one for one in app.conf.get(key, "").split(":") if one] or [SPARK_JARS]
            new = ":".join(dict.fromkeys([*present, *path]))
            changes.append(Change(("spec", "sparkConf", key), new))
        rest = [one for one in listed if not _MOUNTED.fullmatch(one)]
        if listed:
            left = (
                Change(("spec", "deps", "jars"), rest) if rest else Change(("spec", "deps", "jars"))
            )
            changes.append(left)
        if in_conf:
            other = [one for one in in_conf.split(",") if not _MOUNTED.fullmatch(one.strip())]
            changes.append(
                Change(("spec", "sparkConf", "spark.jars"), ",".join(other) if other else ABSENT)
            )
        yield warning(
            "spec.deps.jars" if listed else "spec.sparkConf[spark.jars]",
            "Spark copies JARs of this list into every pod, although the mount has them",
            "; ".join(f"{key}: {SPARK_JARS}:{':'.join(path)}" for key in _CLASS_PATHS),
            mounted,
            changes,
        )
    own = [one for one in every if one.startswith("local://") and not _MOUNTED.fullmatch(one)]
    if own:
        yield unknown(
            "spec.deps.jars",
            "whether the image or a volume has these files: without them the job fails",
            "",
            own,
        )


def _class_path(app: Application) -> Iterator[Finding]:
    for key in _CLASS_PATHS:
        entries = [one for one in app.conf.get(key, "").split(":") if one]
        mounted = [one for one in entries if one.startswith(MOUNTED_JARS)]
        if not mounted:
            continue
        if any(one.endswith("*") for one in mounted):
            yield warning(
                f"spec.sparkConf[{key}]",
                "for a wildcard over the mount every JVM lists the bucket at its start",
                "the JARs one by one",
                app.conf[key],
            )
        if others := [one for one in mounted if one.endswith(_NO_JARS)]:
            yield warning(
                f"spec.sparkConf[{key}]",
                "the JVM finds no class in these: a class path takes JARs and folders",
                "archives of modules on PYTHONPATH, packed environments unpacked",
                others,
            )
        first = entries[0]
        if first in mounted and any("bundle" in one for one in mounted):
            new = ":".join([SPARK_JARS, *(one for one in entries if one != SPARK_JARS)])
            yield warning(
                f"spec.sparkConf[{key}]",
                "the AWS bundle before Spark's own JARs silences Spark's logs",
                f"{SPARK_JARS} first",
                app.conf[key],
                [Change(("spec", "sparkConf", key), new)],
            )
    paths = [app.conf.get(key) for key in _CLASS_PATHS]
    if paths[0] != paths[1] and any(MOUNTED_JARS in (one or "") for one in paths):
        missing = _CLASS_PATHS[0 if not paths[0] else 1]
        if not app.conf.get(missing):
            other = paths[1] if missing == _CLASS_PATHS[0] else paths[0]
            yield error(
                f"spec.sparkConf[{missing}]",
                "driver and executors need the same JARs: classes are missing in one of them",
                str(other),
                ABSENT,
                [Change(("spec", "sparkConf", missing), other)],
            )
    if uses_s3(app):
        yield from _hadoop_aws(app)


def _hadoop_aws(app: Application) -> Iterator[Finding]:
    found = holds(app, "hadoop-aws")
    field = f"spec.sparkConf[{_CLASS_PATHS[0]}]"
    if found is False:
        yield error(
            field,
            "Apache's images have no file system for s3a://: ClassNotFoundException S3AFileSystem",
            "hadoop-aws and the AWS SDK of a release (make publish-jars), in both class paths",
        )
    elif found is None:
        yield unknown(
            field,
            "whether the image has hadoop-aws and the AWS SDK, which s3a:// needs",
            "",
            app.conf.get(_CLASS_PATHS[0], ABSENT),
        )


def _mounted(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """A path on the mount needs the claim, in the pod that opens it."""
    for one in pods:
        texts = [app.conf.get(f"spark.{one.role}.extraClassPath", "")]
        if one.role == "driver":
            texts.append(app.given.get("mainApplicationFile") or "")
        texts += [app.conf.get(DEPS[key], "") for key in ("jars", "files", "pyFiles", "archives")]
        texts += [str(each.get("value", "")) for each in mappings(one.container.get("env"))]
        wanted = any(JARS_MOUNT_PATH + "/" in text for text in texts)
        there = any(
            str(mount.get("mountPath", "")).rstrip("/") == JARS_MOUNT_PATH
            or str(mount.get("mountPath", "")).startswith(f"{JARS_MOUNT_PATH}/")
            for mount in mappings(one.container.get("volumeMounts"))
        )
        if wanted and not there:
            yield error(
                f"spec.{one.role}.volumeMounts",
                f"the {one.role} opens files below {JARS_MOUNT_PATH} and mounts nothing there: "
                "ClassNotFoundException, or no such file",
                f"the claim {JARS_CLAIM} at {JARS_MOUNT_PATH}",
                ABSENT,
                _claim(app, one.role),
            )


def _claim(app: Application, role: str) -> list[Change]:
    volumes = [one for one in app.given.get("volumes", []) if one["name"] != JARS_CLAIM]
    mounts = [
        one for one in app.given.get(role, {}).get("volumeMounts", []) if one["name"] != JARS_CLAIM
    ]
    source = {"claimName": JARS_CLAIM, "readOnly": True}
    mount = {
        "name": JARS_CLAIM,
        "mountPath": JARS_MOUNT_PATH,
        "readOnly": True,
        "mountPropagation": "HostToContainer",
    }
    volume = {"name": JARS_CLAIM, "persistentVolumeClaim": source}
    return [
        Change(("spec", "volumes"), [*volumes, volume]),
        Change(("spec", role, "volumeMounts"), [*mounts, mount]),
    ]


def _maven(app: Application) -> Iterator[Finding]:
    """Packages are refused by the policies; this tells what to do with them."""
    packages = app.conf.get("spark.jars.packages", "")
    if packages:
        yield warning(
            "spec.deps.packages",
            "if they were admitted, Ivy would download them at each start, into a folder that the "
            "image's user may not write, and read-only root file systems do not have",
            f"make publish-jars RELEASE=... JARS='{packages.replace(',', ' ')}' and what these "
            "need, then extraClassPath",
            packages,
        )
