"""What the API server and the operator's webhook require of a document around its spec."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ops.jobs.findings import ABSENT, Change, Finding, error, unknown, warning
from ops.jobs.model import Application, Target
from ops.plan.workloads import team_namespaces

NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LONGEST, _STAMP = 63, 20
LONGEST_NAME = 36
"""An executor's pod is `<name>-<16 digits>-exec-<number>`, and a pod's host name has 63 letters."""
_SECTIONS = ("apiVersion", "kind", "metadata", "spec", "status")
_METADATA = (
    *("name", "generateName", "namespace", "labels", "annotations", "finalizers"),
    *("ownerReferences", "uid", "resourceVersion", "generation", "creationTimestamp"),
    *("deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "selfLink"),
)
"""Fields of ObjectMeta (k8s.io/apimachinery/pkg/apis/meta/v1)."""


def findings(document: Mapping[str, Any], app: Application, target: Target) -> Iterator[Finding]:
    """Fields, name and namespace."""
    yield from _unknown(document, _SECTIONS, ())
    metadata = document.get("metadata")
    if not isinstance(metadata, Mapping):
        yield error("metadata", "must be a mapping with a name", "name: my-job")
        return
    yield from _unknown(metadata, _METADATA, ("metadata",))
    name = metadata.get("name")
    if metadata.get("generateName") and name is None:
        yield unknown(
            "metadata.generateName",
            "the name, and whether it is a DNS label: the API "
            "server makes it up (kubectl create, not apply)",
        )
    elif not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > _LONGEST:
        new = re.sub(r"[^a-z0-9]+", "-", str(name or "").lower()).strip("-")[:LONGEST_NAME]
        new = new.rstrip("-") if re.match(r"[a-z]", new) else f"job-{new}".rstrip("-")
        yield error(
            "metadata.name",
            "must be a DNS-1035 label: lower-case letters, digits and hyphens, a letter first; the "
            "API server or the operator's webhook refuses it",
            new,
            name if name is not None else ABSENT,
            [Change(("metadata", "name"), new)],
        )
    elif app.scheduled and len(name) > _LONGEST - _STAMP:
        yield error(
            "metadata.name",
            f"each run's name is this and {_STAMP} characters of time, more than {_LONGEST} "
            "together: the operator's webhook refuses it, and nothing runs",
            name[: _LONGEST - _STAMP].rstrip("-"),
            name,
            [Change(("metadata", "name"), name[: _LONGEST - _STAMP].rstrip("-"))],
        )
    elif len(name) > LONGEST_NAME:
        yield warning(
            "metadata.name",
            f"longer than {LONGEST_NAME} letters: Spark cuts or replaces "
            "names of executors and of the driver's Service",
            "",
            name,
        )
    namespace = metadata.get("namespace")
    if namespace != target.team.name:
        teams = [one.object_name for one in team_namespaces(target.plan)]
        change = [Change(("metadata", "namespace"), target.team.name)]
        if namespace is None:
            yield warning(
                "metadata.namespace",
                "is not set: kubectl takes that of its context",
                target.team.name,
                ABSENT,
                change,
            )
        else:
            why = (
                "is another team's"
                if namespace in teams
                else ("is not a team's: the operator does not watch it, and nothing happens")
            )
            yield error("metadata.namespace", why, target.team.name, namespace, change)
    yield from _labels(metadata)


def _unknown(
    given: Mapping[str, Any], known: tuple[str, ...], path: tuple[str, ...]
) -> Iterator[Finding]:
    for key, value in given.items():
        if key not in known:
            yield error(
                ".".join((*path, key)),
                "the SparkApplication has no such field, and kubectl refuses it",
                "",
                value,
                [Change((*path, key))],
            )


def _labels(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    for key in ("labels", "annotations"):
        value = metadata.get(key)
        if value is not None and (
            not isinstance(value, Mapping)
            or not all(isinstance(one, str) for one in value.values())
        ):
            yield error(
                f"metadata.{key}", "must be a mapping of text; quote numbers, true and false"
            )
