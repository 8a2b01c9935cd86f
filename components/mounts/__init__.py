"""How JARs reach a pod. `select` gives the one way that a stack has; nothing else asks which."""

from components.mounts.contract import JarMountSettings, Mount
from components.mounts.node_daemonset import NodeDaemonSet
from components.mounts.node_userdata import NodeUserData
from components.mounts.pod_level import PodLevel

__all__ = ["JarMountSettings", "Mount", "select"]


def select(settings: JarMountSettings, region: str) -> Mount:
    """The mount that `jarMount` asks for."""
    if settings.level == "pod":
        return PodLevel(settings, region)
    if settings.method == "daemonset":
        return NodeDaemonSet(settings, region)
    return NodeUserData(settings, region)
