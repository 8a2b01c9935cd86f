"""Claims of a namespace on read-only volumes that are made for them: on its JARs, with the same
name and path with every mount, and on cached data."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components.context import Context
from components.mounts.base import Mount, Volume
from components.names import JARS_CLAIM

_SIZE = "1Gi"
"""Kubernetes requires a size and S3 has none. A claim's request cannot be changed."""


def claim_jars(
    name: str,
    context: Context,
    *,
    namespace: str,
    mount: Mount,
    jar_set: str,
    opts: pulumi.ResourceOptions | None = None,
) -> "Claim":
    """The claim of a namespace on one set of JARs."""
    return Claim(
        name,
        context,
        namespace=namespace,
        claim=JARS_CLAIM,
        part=mount.mode,
        # A volume's source cannot change, so its name carries the set of JARs and the mode: both
        # volumes exist while a team moves to another pool or a stack to another level. The dot,
        # which no name of a team or pool has, keeps `a-b` with `jars` apart from `a` with `b-jars`.
        volume_name=f"{JARS_CLAIM}-{namespace}.{jar_set}-{mount.mode}",
        volume=mount.volume(jar_set),
        opts=opts,
    )


class Claim(pulumi.ComponentResource):
    """A PersistentVolume, reserved for one claim, and the claim.

    `context.after` are the namespace, the mount and the nodes: they outlive the volume.
    """

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        namespace: str,
        claim: str,
        part: str,
        volume_name: str,
        volume: Volume,
        annotations: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`part` is the part of the volume's name in Pulumi."""
        super().__init__("spark-on-eks:mounts:Claim", name, None, opts)
        spec: k8s.core.v1.PersistentVolumeSpecArgsDict = {
            "capacity": {"storage": _SIZE},
            "access_modes": ["ReadOnlyMany"],
            "persistent_volume_reclaim_policy": "Retain",
            "storage_class_name": "",
            "claim_ref": {"namespace": namespace, "name": claim},
        }
        if volume.csi_driver is not None:
            spec["csi"] = {
                "driver": volume.csi_driver,
                # Unique in the cluster.
                "volume_handle": volume_name,
                "volume_attributes": volume.attributes,
            }
        if volume.host_path is not None:
            spec["host_path"] = volume.host_path
        if volume.mount_options:
            spec["mount_options"] = list(volume.mount_options)
        if volume.node_labels:
            spec["node_affinity"] = _on_nodes(volume.node_labels)
        persistent_volume = k8s.core.v1.PersistentVolume(
            f"{name}-{part}",
            metadata={"name": volume_name},
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=context.after),
        )
        # Its binding waits for the volume, below.
        not_awaited = {"pulumi.com/skipAwait": "true"}
        self.claim = k8s.core.v1.PersistentVolumeClaim(
            f"{name}-claim",
            metadata={
                "name": claim,
                "namespace": namespace,
                "annotations": {**not_awaited, **(annotations or {})},
            },
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
            f"{name}-{part}-binding",
            metadata={"name": volume_name, "annotations": {"pulumi.com/patchForce": "true"}},
            spec={"claim_ref": {"uid": self.claim.metadata.uid}},
            # Without the uid a bound claim would be Lost; the patch goes with the volume.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[persistent_volume], retain_on_delete=True
            ),
        )
        self.register_outputs({"claim": claim, "volume": volume_name})


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
