"""Volumes and mounts, names of containers, and the objects that pods refer to."""

import re
from collections.abc import Iterator, Mapping, Sequence

from components.names import JARS_CLAIM, SHUFFLE_CLAIM
from ops.jobs.findings import Change, Finding, error, unknown, warning
from ops.jobs.model import Application, Pods, Target
from ops.jobs.spark_conf import LOCAL_DIR, ON_DEMAND, unsupported_local_volume
from ops.plan.values import at, mapping, mappings


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Mounts that are dropped or refused, claims that do not exist, disks that fill up."""
    names = [str(one["name"]) for one in app.given.get("volumes", [])]
    for number, one in enumerate(app.given.get("volumes", [])):
        if unsupported_local_volume(one):
            used = any(
                mount["name"] == one["name"]
                for role in ("driver", "executor")
                for mount in app.given.get(role, {}).get("volumeMounts", [])
            )
            if used:
                yield error(
                    f"spec.volumes[{number}]",
                    f"the operator passes volumes named "
                    f"{LOCAL_DIR}* to Spark as local disks, and cannot pass this kind",
                    "another name, or an emptyDir",
                    one,
                )
        if names.count(str(one["name"])) > 1 and names.index(str(one["name"])) == number:
            yield warning(
                f"spec.volumes[{number}].name",
                "two volumes have this name, and the last one counts",
                "",
                one["name"],
            )
        if sum(key != "name" for key in one) > 1:
            yield error(
                f"spec.volumes[{number}]",
                "a volume has one source: the API server refuses the pod",
                "",
                one,
            )
    for one in pods:
        yield from _mounts(app, one, names)
        yield from _claims(app, one, target)


def _mounts(app: Application, pods: Pods, names: Sequence[str]) -> Iterator[Finding]:
    role = pods.role
    for number, one in enumerate(app.given.get(role, {}).get("volumeMounts", [])):
        if one["name"] not in names:
            yield error(
                f"spec.{role}.volumeMounts[{number}].name",
                "spec.volumes has no such volume, and the operator drops the mount without a "
                "message",
                f"one of {', '.join(names)}" if names else "a volume in spec.volumes",
                one["name"],
            )
    there = {str(one.get("name")) for one in pods.spec.get("volumes", [])}
    for number, container in enumerate(pods.containers):
        seen: set[str] = set()
        for one in mappings(container.get("volumeMounts")):
            path = str(one.get("mountPath"))
            if number and str(one.get("name")) not in there:
                yield error(
                    f"spec.{role}",
                    f"container {container.get('name')} mounts the volume {one.get('name')}, which "
                    f"the {role} does not have: the API server refuses the pod (the operator adds "
                    "volumes that the role itself mounts)",
                    f"the same mount in spec.{role}.volumeMounts",
                    one.get("name"),
                    _mounted(app, role, one, names),
                )
            if path in seen:
                yield error(
                    f"spec.{role}.volumeMounts",
                    f"two volumes are mounted at {path}: the API server refuses the pod",
                    "",
                    path,
                )
            seen.add(path)
    yield from _containers(pods)


def _mounted(
    app: Application, role: str, mount: Mapping[str, object], names: Sequence[str]
) -> list[Change]:
    """Mounts the volume of a sidecar or init container in Spark's container, too."""
    if mount.get("name") not in names:
        return []
    mounts = app.given.get(role, {}).get("volumeMounts", [])
    new = {"name": mount["name"], "mountPath": mount.get("mountPath")}
    return [Change(("spec", role, "volumeMounts"), [*mounts, new])]


_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_ENV = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


def _containers(pods: Pods) -> Iterator[Finding]:
    """Names that the API server refuses."""
    names: list[str] = []
    for number, one in enumerate(pods.containers):
        name = str(one.get("name"))
        if not _LABEL.fullmatch(name):
            yield error(
                f"spec.{pods.role}",
                "the name of a container has lower-case letters, digits and hyphens",
                "",
                name,
            )
        if name in names:
            yield error(
                f"spec.{pods.role}",
                f"two containers are named {name}: the API server refuses the pod",
                "",
                name,
            )
        names.append(name)
        if number and not one.get("image"):
            yield error(f"spec.{pods.role}", f"container {name} has no image")
        ports = [str(port.get("name")) for port in mappings(one.get("ports")) if port.get("name")]
        for port in ports:
            if ports.count(port) > 1 or not re.fullmatch(
                r"[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?", port
            ):
                yield error(
                    f"spec.{pods.role}.ports",
                    "a port's name is unique, and has up to 15 "
                    "lower-case letters, digits and hyphens",
                    "",
                    port,
                )
                break
        for env in mappings(one.get("env")):
            if not str(env.get("name")) or "=" in str(env.get("name")):
                yield error(
                    f"spec.{pods.role}.env", "is no name of a variable", "", env.get("name")
                )
            if env.get("value") and env.get("valueFrom"):
                yield error(
                    f"spec.{pods.role}.env",
                    f"{env['name']} has value and valueFrom: the API server refuses the pod",
                )


def _claims(app: Application, pods: Pods, target: Target) -> Iterator[Finding]:
    for volume in pods.spec.get("volumes", []):
        claim = at(volume, "persistentVolumeClaim.claimName")
        if claim is None or claim == ON_DEMAND:
            continue
        if claim == SHUFFLE_CLAIM and target.team.mounts_lustre:
            continue
        if claim in {one.claim for one in target.team.data}:
            continue
        if claim == JARS_CLAIM:
            yield from _jars(app, pods, str(volume["name"]))
        elif not app.has_beside("PersistentVolumeClaim", str(claim)):
            yield unknown(
                "spec.volumes",
                f"the stack creates no claim {claim} in namespace {target.team.name}: without it "
                f"the {pods.role} stays Pending",
                f"{JARS_CLAIM}, if it is the JARs",
                claim,
            )
    for volume in pods.spec.get("volumes", []):
        for kind, key in (("configMap", "name"), ("secret", "secretName")):
            yield from _object(app, pods, volume, kind, key)
    yield from _variables(app, pods)


def _object(
    app: Application, pods: Pods, volume: Mapping[str, object], kind: str, key: str
) -> Iterator[Finding]:
    name = at(volume, f"{kind}.{key}")
    written = {"configMap": "ConfigMap", "secret": "Secret"}[kind]
    if name and not at(volume, f"{kind}.optional") and not app.has_beside(written, str(name)):
        yield unknown(
            "spec.volumes",
            f"whether the {written} {name} exists: without it the {pods.role} stays in "
            "ContainerCreating",
            "",
            name,
        )


def _variables(app: Application, pods: Pods) -> Iterator[Finding]:
    kinds = {
        "secretKeyRef": "Secret",
        "configMapKeyRef": "ConfigMap",
        "secretRef": "Secret",
        "configMapRef": "ConfigMap",
    }
    for container in pods.containers:
        sources = [mapping(one.get("valueFrom")) for one in mappings(container.get("env"))]
        for source in [*sources, *mappings(container.get("envFrom"))]:
            for key, kind in kinds.items():
                name = at(source, f"{key}.name")
                if (
                    name
                    and not at(source, f"{key}.optional")
                    and not app.has_beside(kind, str(name))
                ):
                    yield unknown(
                        f"spec.{pods.role}",
                        f"whether the {kind} {name} exists: without it a container does not start",
                        "",
                        name,
                    )


def _jars(app: Application, pods: Pods, volume: str) -> Iterator[Finding]:
    """The mount of the JARs: read-only, and one that sees a remount."""
    for number, one in enumerate(app.given.get(pods.role, {}).get("volumeMounts", [])):
        if one["name"] != volume:
            continue
        right = {**one, "readOnly": True, "mountPropagation": "HostToContainer"}
        if right != one:
            yield warning(
                f"spec.{pods.role}.volumeMounts[{number}]",
                "running pods see a mount that was restarted on the node with HostToContainer only",
                "readOnly: true, mountPropagation: HostToContainer",
                one,
                [Change(("spec", pods.role, "volumeMounts", number), right)],
            )
