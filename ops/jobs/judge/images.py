"""Images and versions of Spark: what the plan tells of them, and what is known of old ones."""

import re
from collections.abc import Iterator, Sequence

from ops.jobs.findings import ABSENT, Change, Finding, error, unknown, warning
from ops.jobs.judge.jars import official
from ops.jobs.model import Application, Pods, Target
from ops.jobs.spark_conf import ROLES

_TAG = re.compile(r":v?([0-9]+\.[0-9]+\.[0-9]+)[^/]*$")
_REFERENCE = re.compile(
    r"(?=.{1,500}$)([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?/)?"
    r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*"
    r"(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
_ARCH = re.compile(r"(amd64|x86[-_]64|arm64|aarch64)")
_OLD = (
    ((3, 0), "Spark 2 has no pod templates, and its Kubernetes client is of 2018: not tried here"),
    ((3, 1), "it has no decommissioning: a Spot interruption loses an executor's shuffle files"),
    (
        (3, 2),
        "it has decommissioning, but no release since 2022, and its Kubernetes client is of "
        "2020: with operator 2.5 and Kubernetes 1.35 not tried here",
    ),
    (
        (3, 4),
        "it has no release since 2023, and its Kubernetes client is older than Kubernetes "
        "1.35: with operator 2.5 not tried here",
    ),
    (
        (4, 0),
        "the operator 2.5 submits with Spark 4.0; images of Spark 3.4 and 3.5 read its "
        "configuration, and a later History Server their event logs: not tried here",
    ),
)
"""Below this version: what is known."""


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Images that are missing, of one processor, or of another version than the fields say."""
    seen: set[str] = set()
    for one in pods:
        image = str(one.container["image"])
        field = f"spec.{one.role}.image" if "image" in app.given.get(one.role, {}) else "spec.image"
        if not image:
            yield error(
                field,
                "no image is set: spark-submit fails",
                target.team.image,
                ABSENT,
                [Change(("spec", "image"), target.team.image)],
            )
            return
        if image in seen:
            continue
        seen.add(image)
        yield from _image(field, image, app, target)
    yield from _version(app, target)
    yield from _devices(pods, target)


def _image(field: str, image: str, app: Application, target: Target) -> Iterator[Finding]:
    if not _REFERENCE.fullmatch(image):
        yield error(field, "is no name of an image: the pod fails with InvalidImageName", "", image)
        return
    if one := _ARCH.search(image.lower()):
        yield warning(
            field,
            f"an image of one processor ({one[0]}), and the pool has nodes of both: "
            "pods on the others fail with exec format error",
            "a multi-arch image",
            image,
        )
    if image != target.team.image and not official(app):
        yield unknown(
            field,
            "what the image holds: Spark's version and JARs, Python packages, user "
            "185, both processors; and whether nodes may pull it",
            "",
            image,
        )
    tag, given = _TAG.search(image.partition("@")[0]), str(app.given.get("sparkVersion", ""))
    if tag and re.match(r"[0-9]+\.[0-9]+\.[0-9]+$", given) and tag[1] != given:
        yield warning(
            "spec.sparkVersion",
            f"the image's tag says {tag[1]}",
            tag[1],
            given,
            [Change(("spec", "sparkVersion"), tag[1])],
        )


def _version(app: Application, target: Target) -> Iterator[Finding]:
    version = app.version
    field, given = "spec.sparkVersion", app.given.get("sparkVersion", ABSENT)
    templates = any(app.given.get(role, {}).get("template") is not None for role in ROLES)
    if not version:
        if templates:
            right = target.team.spark_version
            yield error(
                field,
                "the operator's webhook refuses pod templates without a version of Spark",
                right,
                given,
                [Change(("spec", "sparkVersion"), right)],
            )
        elif given is not ABSENT:
            yield warning(
                field,
                "is no version such as 4.0.1: the operator decides by it whether "
                "pod templates work",
                target.team.spark_version,
                given,
            )
        return
    if version < (3, 0) and templates:
        yield error(
            field, "the operator's webhook refuses pod templates before Spark 3.0", "", given
        )
    history = _numbers(target.team.spark_version)
    if target.team.event_logs and version[:2] > history[:2]:
        yield warning(
            field,
            f"the team's History Server has Spark {target.team.spark_version}: it "
            "need not read event logs of a later Spark",
            "spark.image of the stack file",
            given,
        )
    for below, known in _OLD:
        if version < below:
            yield warning(field, f"Spark {given}: {known}", target.team.spark_version, given)
            return
    if version[:2] > (4, 0):
        yield unknown(
            field,
            "Spark after 4.0 was not tried with operator 2.5, which submits with 4.0",
            "",
            given,
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(one) for one in version.split("."))


def _devices(pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    for one in pods:
        for key in one.container["resources"]["limits"]:
            if "/" not in key:
                continue
            known = bool(target.team.executor_nodes)
            yield (error if known else unknown)(
                f"spec.{one.role}.gpu",
                f"no node of the stack offers {key}: the pod stays Pending"
                if known
                else f"whether a node offers {key}",
                "nothing",
                key,
                *([[Change(("spec", one.role, "gpu"))]] if known else []),
            )
