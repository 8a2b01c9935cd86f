"""Settings of the mount: `jarMount` of a stack file, and their checks."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, field_validator, model_validator

from components.base import Problems, Settings
from components.formats import Folder, LabelKey, LabelValue, RoleName, entries, text, whole
from components.pools import NodeShape, Pool

OS_LABEL = "kubernetes.io/os"
COMPUTE_LABEL, AUTO_MODE = "eks.amazonaws.com/compute-type", "auto"
"""Nodes of EKS Auto Mode: docs.aws.amazon.com/eks/latest/userguide/associate-workload.html."""

_FLAGS = (
    r"--((dual-stack|force-path-style|log-metrics|requester-pays|debug)"
    r"|(endpoint-url|otlp-endpoint)=https?://[\w.:/-]+|ca-bundle=/[\w./-]+"
    r"|(maximum-throughput-gbps|max-threads|read-part-size|otlp-export-interval)=[1-9][0-9]{0,9})"
)
"""Mountpoint flags that users may set; the others are the platform's (read-only, cache)."""


_OWN_FLAGS = {
    "cache": "jarMount.cacheMiB",
    "max-cache-size": "jarMount.cacheMiB",
    "memory-target": "jarMount.node.memoryMiB",
}
"""Flags that follow from a key of their own."""


def _no_own_flag(flag: str) -> str:
    """Refuses a flag that the platform sets from another key, and names that key."""
    name = str(flag).removeprefix("--").partition("=")[0]
    if name in _OWN_FLAGS:
        raise ValueError(f"the platform sets --{name}; use {_OWN_FLAGS[name]}")
    return flag


class DaemonSetSettings(Settings):
    """`jarMount.daemonset`: the existing nodes."""

    node_selector: dict[LabelKey, LabelValue] = {}
    """Labels of the existing nodes that run Spark; default: every Linux node."""
    node_roles: Annotated[list[RoleName], entries()] = []
    """Names of the existing nodes' IAM roles: each gets read access to the JARs' prefix."""
    check_seconds: Annotated[int, whole(5, 3600)] = 60
    """Seconds between two checks of the mount."""

    @field_validator("node_selector")
    @classmethod
    def _nodes_can_mount(cls, value: dict[str, str]) -> dict[str, str]:
        for key, allowed, nodes in (
            (COMPUTE_LABEL, value.get(COMPUTE_LABEL) != AUTO_MODE, "EKS Auto Mode nodes"),
            (OS_LABEL, value.get(OS_LABEL, "linux") == "linux", "nodes that do not run Linux"),
        ):
            if not allowed:
                raise ValueError(
                    f"{key}: {value[key]} selects {nodes}, which cannot mount JARs at node level; "
                    "select others, or use jarMount.level: pod"
                )
        return value


class NodeMountSettings(Settings):
    """`jarMount.node`: mount-s3 on a node, by either method."""

    memory_mib: Annotated[int, whole(1024, 1_048_576)] = 1024
    """Memory limit of mount-s3 in MiB, set by systemd; its own target is half of that. Measured: 70
    to 590 MiB."""
    fill_releases: Annotated[int, whole(1, 20)] = 2
    """Newest releases that a node copies to its disk before a job needs them."""
    fill_seconds: Annotated[int, whole(10, 1800)] = 120
    """Time limit for copying one release, in seconds."""
    mountpoint_version: (
        Annotated[str, text(r"[0-9]+\.[0-9]+\.[0-9]+", "a release of Mountpoint: 1.24.0")] | None
    ) = None
    """Release of Mountpoint, from its download site with the signature verified. Default: the
    package of the machine image's repository, whose version the image pins."""
    flags: Annotated[
        list[
            Annotated[
                str,
                BeforeValidator(_no_own_flag),
                text(_FLAGS, "a flag of mount-s3 that may be set, with its value"),
            ]
        ],
        entries(),
    ] = []
    """Additional flags of mount-s3, as --flag or --flag=value."""
    metrics_dir: Folder = "/var/lib/node_exporter/textfile_collector"
    """Folder of node-exporter's textfile collector."""


class JarMountSettings(Settings):
    """`jarMount`: where the JARs are mounted."""

    level: Literal["pod", "node"] = "pod"
    """Mount for each pod by the Mountpoint CSI driver, or once on each node, where every pod can
    read the JARs of all teams that share the set."""
    method: Literal["userdata", "daemonset"] = "userdata"
    """At node level: at boot by user data, or by a DaemonSet on running nodes."""
    cache_mib: Annotated[int, whole(512, 16_777_216)] = 10240
    """Disk space for JARs in MiB: at pod level of each cache; at node level of a node, four fifths
    for copies of releases and the rest for the cache. Use 1.25 times the JARs in use, and twice
    that while two releases are live: with less, each start reads all JARs again."""
    wait_seconds: Annotated[int, whole(30, 1800)] = 300
    """Seconds that a booting node waits for its mount before it is powered off."""
    daemonset: DaemonSetSettings = DaemonSetSettings()
    """With `method: daemonset`."""
    node: NodeMountSettings = NodeMountSettings()
    """With `level: node`."""

    @model_validator(mode="after")
    def _pods_need_no_node(self) -> "JarMountSettings":
        if self.node != NodeMountSettings() and self.level != "node":
            raise ValueError("node has an effect only with level: node")
        return self

    @model_validator(mode="after")
    def _given_nodes_need_daemonset(self) -> "JarMountSettings":
        if self.daemonset != DaemonSetSettings() and not (
            self.level == "node" and self.method == "daemonset"
        ):
            raise ValueError("daemonset has an effect only with level: node, method: daemonset")
        return self


def check_mount(
    settings: JarMountSettings, shapes: Mapping[str, NodeShape], *, autoscaler: str
) -> Problems:
    """The cache and copies need disk space; node level needs nodes that the stack or a DaemonSet
    can reach, with AL2023.

    `shapes` are the stack's Spark nodes by key; with `autoscaler: none` it creates none.
    """
    made = shapes if autoscaler != "none" else {}
    for key, shape in made.items():
        # At pod level the cache is an emptyDir on the same disk. Exactly half is too much, because
        # the file system takes some of the disk.
        if settings.cache_mib >= shape.disk_gib * 1024 // 2:
            text = f"{settings.cache_mib} is over half of {key}.diskGiB ({shape.disk_gib} GiB)"
            yield "jarMount.cacheMiB", text
    if settings.level != "node":
        return
    for key, shape in made.items():
        if shape.os == "bottlerocket":
            way_out = "use al2023, or jarMount.level: pod"
            yield f"{key}.os", f"'bottlerocket' cannot mount JARs at node level; {way_out}"
    if settings.method == "daemonset":
        for key, shape in shapes.items():
            if isinstance(shape, Pool) and shape.jar_bucket is not None:
                text = "needs jarMount.level: pod or method: userdata; a DaemonSet mounts one set"
                yield f"{key}.jarBucket", text
    elif autoscaler == "none":
        yield "jarMount.method", "'userdata' reaches no existing node; use daemonset or level: pod"
