"""A job that uses its release's class-data archive: the class path of the training run, and the
options of its JVMs.

Measured with OpenJDK 17.0.15 and Spark 4.0.5 (docs/archives.md).
"""

from collections.abc import Sequence
from typing import Any

from ops.jobs.team import Team
from ops.plan.archives import FOLDER, Archive, mounted_archive
from ops.plan.errors import UserError
from ops.plan.nodes import NodeSet
from ops.plan.releases import mounted

OPTIONS = (
    # The default: without the file, or where it does not fit, the JVM runs on without it.
    "-Xshare:auto",
    # The JVM would else move it to a random address, which makes every page the process's own.
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:ArchiveRelocationMode=0",
    # A start runs most code a few times only: the JVM compiles what runs five times as often as by
    # default, and optimizes what runs four times as often.
    "-XX:Tier3InvocationThreshold=1000",
    "-XX:Tier3MinInvocationThreshold=500",
    "-XX:Tier3CompileThreshold=10000",
    "-XX:Tier4InvocationThreshold=20000",
    "-XX:Tier4MinInvocationThreshold=2400",
    "-XX:Tier4CompileThreshold=60000",
    # Its last line ends in "sharing" if the archive is in use: three lines a JVM, on stderr.
    "-showversion",
)
VERIFY = "-XX:+VerifySharedSpaces"
"""The JVM compares the checksums in the file first: damaged bytes are else classes."""
_ROLES = ("driver", "executor")


def path_of(team: Team, release: str, role: str) -> str | None:
    """Where the role's pods see the archive: at node level the node's own copy of it. None if they
    may run on both processors and the mount is not the node's: no path is right on both then."""
    if not team.volume.get("csi"):
        return mounted_archive(release, None)
    nodes = team.driver_nodes if role == "driver" else team.executor_nodes
    processors = _processors(nodes)
    return mounted_archive(release, processors.pop()) if len(processors) == 1 else None


def options_for(path: str) -> tuple[str, ...]:
    """The options of a JVM besides the path. A node's copy was compared with its SHA-256 when it
    was made; what comes through a mount the JVM compares itself."""
    return (VERIFY, *OPTIONS) if f"/{FOLDER}/" in path else OPTIONS


def add(
    spec: dict[str, Any], team: Team, archive: Archive, release: str, jars: Sequence[str]
) -> None:
    """Adds class path and options to an application. Raises UserError, which says what differs,
    for an archive that no JVM of the job would use."""
    _refuse_other(spec, archive, release, jars)
    class_path = [*archive.spark_jars, *(mounted(release, name) for name in jars)]
    conf = dict(spec["sparkConf"])
    for role in _ROLES:
        conf[f"spark.{role}.extraClassPath"] = ":".join(class_path)
        if path := path_of(team, release, role):
            key = f"spark.{role}.extraJavaOptions"
            options = [f"-XX:SharedArchiveFile={path}", *options_for(path), conf.get(key, "")]
            conf[key] = " ".join(options).strip()
    # The image puts SPARK_CONF_DIR before the class path of executors, and a folder with files in
    # it there turns the archive off. Not mounted, it does not exist and the JVM skips it.
    conf.setdefault("spark.kubernetes.executor.disableConfigMap", "true")
    spec["sparkConf"] = dict(sorted(conf.items()))


def _refuse_other(
    spec: dict[str, Any], archive: Archive, release: str, jars: Sequence[str]
) -> None:
    if archive.release != release:
        raise UserError(f"the archive is of release {archive.release}, the job uses {release}")
    if list(jars[: len(archive.release_jars)]) != archive.release_jars:
        raise UserError(
            "the archive is for a class path that begins with "
            f"{', '.join(archive.release_jars) or 'no JAR'} of the release, and the job's begins "
            f"with {', '.join(jars) or 'none'}: list these first in the job's file, in this order"
        )
    image = str(spec["image"])
    if not same_image(image, archive.image):
        raise UserError(f"the archive is for the image {archive.image}, the job's is {image}")


def same_image(image: str, trained: str) -> bool:
    """Whether an image may be that of the training run: by digest, else by name and tag without
    the registry, which a pull-through cache changes. A tag may have moved since: the JVM then runs
    on without the archive."""
    name, _, digest = image.partition("@")
    known, _, known_digest = trained.partition("@")
    if digest:
        return digest == known_digest
    return name.rpartition("/")[2] == known.rpartition("/")[2]


def _processors(nodes: Sequence[NodeSet]) -> set[str]:
    """The processors of a pool's nodes; empty where any is possible or they are not known."""
    found: set[str] = set()
    for one in nodes:
        if not one.architectures:
            return set()
        found.update(one.architectures)
    return found
