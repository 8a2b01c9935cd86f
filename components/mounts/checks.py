"""Keys of `jarMount` that have no effect."""

from components.base import Problems, key_of
from components.mounts.settings import JarMountSettings

_OF_NODES = ("method", "wait_seconds")


def check_effects(settings: JarMountSettings) -> Problems:
    """At pod level nothing runs on a node; the defaults may stay, for a change of the level."""
    if settings.level != "pod":
        return
    for field in _OF_NODES:
        if getattr(settings, field) != JarMountSettings.model_fields[field].default:
            key = f"jarMount.{key_of(JarMountSettings, field)}"
            yield key, "has no effect with jarMount.level: pod; remove it"
