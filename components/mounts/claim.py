"""A namespace's claim on its JARs: the same name and path for a job, whatever mounts them."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import child
from components.jar_bucket import JarBucket
from components.mounts.contract import CLAIM, Mount

_SIZE = "1Gi"
"""Kubernetes wants a size and S3 has none. It never changes: a claim's request cannot."""


class Claim(pulumi.ComponentResource):
    """A persistent volume over one set of JARs, and the claim that alone may bind it.

    `after` is the namespace, and what must outlive the volume: what mounts it, and the nodes.
    """

    def __init__(
        self,
        name: str,
        *,
        namespace: str,
        mount: Mount,
        jars: JarBucket,
        jars_name: str,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:mounts:Claim", name, None, opts)
        # The mode in the volume's name lets both exist for the moment of a switch.
        volume_name = f"{CLAIM}-{namespace}-{mount.mode}"
        volume = mount.volume(jars, jars_name, handle=volume_name)
        spec: k8s.core.v1.PersistentVolumeSpecArgsDict = {
            "capacity": {"storage": _SIZE},
            "access_modes": ["ReadOnlyMany"],
            "persistent_volume_reclaim_policy": "Retain",
            "storage_class_name": "",
            "claim_ref": {"namespace": namespace, "name": CLAIM},
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
            opts=child(self, depends_on=after),
        )
        self.claim = k8s.core.v1.PersistentVolumeClaim(
            f"{name}-claim",
            metadata={"name": CLAIM, "namespace": namespace},
            spec={
                "access_modes": ["ReadOnlyMany"],
                "storage_class_name": "",
                "volume_name": persistent_volume.metadata.name,
                "resources": {"requests": {"storage": _SIZE}},
            },
            opts=child(self, delete_before_replace=True),
        )
        self.register_outputs({"claim": CLAIM, "volume": volume_name})


def _on_nodes(labels: Mapping[str, str]) -> k8s.core.v1.VolumeNodeAffinityArgsDict:
    """The volume is on nodes with all of these labels."""
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
