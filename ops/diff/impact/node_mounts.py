"""The JARs' mount that a DaemonSet keeps on nodes: its settings, and the nodes that it selects."""

from collections.abc import Iterator

from components.names import MOUNT_NAMESPACE
from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, causes_of
from ops.plan.workloads import namespace_of

_SELECTS = (
    "spec.template.spec.nodeSelector",
    "spec.template.spec.affinity",
    "spec.template.spec.tolerations",
)
_FILES = "spec.template.spec.volumes"


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields what changes on the nodes. A pod leaves the mount as it is when it ends, and applies
    new settings when no pod of its node uses the JARs (docs/node-mount.md; the node tier)."""
    for step in diff.of_kind("ConfigMap", "DaemonSet"):
        if namespace_of(step.resource) != MOUNT_NAMESPACE or not (step.old and step.new):
            continue
        if step.touches(*_SELECTS):
            text = (
                f"{step.resource.object_name} selects other nodes: one that it leaves keeps the "
                "mount and its label, and nothing repairs them; way out: sudo "
                "/usr/local/sbin/spark-jars uninstall on it"
            )
            jobs = (
                "on nodes that the DaemonSet no longer selects, jobs read no JARs once the mount "
                "fails"
            )
            yield Consequence(Kind.guard, text, causes_of(step, *_SELECTS), jobs=jobs)
        files = causes_of(step, "data", _FILES)
        if files:
            text = "a node takes new settings of the mount when no pod there uses the JARs"
            yield Consequence(Kind.stays, text, files, harmless=True)
