"""The claim of a namespace on its JARs: the same name and path with every mount."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.context import Context
from components.mounts.base import Mount
from components.names import JARS_CLAIM

_SIZE = "1Gi"
"""Kubernetes requires a size and S3 has none. A claim's request cannot be changed."""


class Claim(pulumi.ComponentResource):
    """A PersistentVolume over one set of JARs, reserved for one claim.

    `context.after` are the namespace, the mount and the nodes: they outlive the volume.
    """

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        namespace: str,
        mount: Mount,
        jar_set: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:mounts:Claim", name, None, opts)
        # A volume's source cannot change, so its name carries the set of JARs and the mode: both
        # volumes exist while a team moves to another pool or a stack to another level. The dot,
        # which no name of a team or pool has, keeps `a-b` with `jars` apart from `a` with `b-jars`.
        volume_name = f"{JARS_CLAIM}-{namespace}.{jar_set}-{mount.mode}"
        volume = mount.volume(jar_set, volume_name)
        spec: k8s.core.v1.PersistentVolumeSpecArgsDict = {
            "capacity": {"storage": _SIZE},
            "access_modes": ["ReadOnlyMany"],
            "persistent_volume_reclaim_policy": "Retain",
            "storage_class_name": "",
            "claim_ref": {"namespace": namespace, "name": JARS_CLAIM},
        }
        if volume.csi is not None:
            spec["csi"] = volume.csi
        if volume.host_path is not None:
            spec["host_path"] = volume.host_path
        if volume.mount_options:
            spec["mount_options"] = list(volume.mount_options)
        if volume.node_labels:
            spec["node_affinity"] = _on_nodes(volume.node_labels)
        persistent_volume = k8s.core.v1.PersistentVolume(
            f"{name}-{mount.mode}",
            metadata={"name": volume_name},
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=context.after),
        )
        # Its binding waits for the volume, below.
        not_awaited = {"pulumi.com/skipAwait": "true"}
        self.claim = k8s.core.v1.PersistentVolumeClaim(
            f"{name}-claim",
            metadata={"name": JARS_CLAIM, "namespace": namespace, "annotations": not_awaited},
            spec={
                "access_modes": ["ReadOnlyMany"],
                "storage_class_name": "",
                "volume_name": persistent_volume.metadata.name,
                "resources": {"requests": {"storage": _SIZE}},
            },
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        # A volume remembers the uid of its claim. When the claim is created again, the volume is
        # Released until it has the new uid; no field of the volume itself would change.
        k8s.core.v1.PersistentVolumePatch(
            f"{name}-{mount.mode}-binding",
            metadata={"name": volume_name, "annotations": {"pulumi.com/patchForce": "true"}},
            spec={"claim_ref": {"uid": self.claim.metadata.uid}},
            # Without the uid a bound claim would be Lost; the patch goes with the volume.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[persistent_volume], retain_on_delete=True
            ),
        )
        self.register_outputs({"claim": JARS_CLAIM, "volume": volume_name})


def _on_nodes(labels: Mapping[str, str]) -> k8s.core.v1.VolumeNodeAffinityArgsDict:
    """Node affinity to all of these labels."""
    return {
        "required": {
            "node_selector_terms": [
                {
                    "match_expressions": [
                        {"key": key, "operator": "In", "values": [value]}
                        for key, value in sorted(labels.items())
                    ]
                }
            ]
        }
    }
