"""The EBS CSI driver's configuration: throttles, tags of volumes, attachments that are taken."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from components.base import Settings
from components.formats import whole
from components.identity import Statement

_THROTTLES = {"large": ("--kube-api-qps=100", "--kube-api-burst=200", "--worker-threads=100")}
"""Of the attacher and the provisioner. One of the three alone would drop the defaults of the other
two: charts/aws-ebs-csi-driver/templates/_helpers.tpl. The driver's own are 20, 100 and 100."""


class EbsCsiSettings(Settings):
    """`storage.ebsCsi`: the EBS CSI driver."""

    scale: Literal["small", "large"] = "small"
    """`large` calls the API server five times as often, for hundreds of claims a minute; EC2's own
    limits of the account stay as they are."""
    reserved_attachments: Annotated[int, whole(0, 64)] | None = None
    """Attachments of a node that no claim may take: its own volumes and further network interfaces.
    Default: the volumes of the nodes with the most. The driver's pods reach no metadata service
    and would count one."""


def configuration(
    settings: EbsCsiSettings,
    *,
    tags: Mapping[str, str],
    volumes: int,
    placement: Mapping[str, Any],
) -> dict[str, Any]:
    """The add-on's configuration. `tags` are those of the volumes of claims, by which they are
    found when a cluster is gone; `volumes` is the largest number of volumes that a node has by
    itself."""
    reserved = settings.reserved_attachments
    throttles = _THROTTLES.get(settings.scale)
    sidecars = {
        name: {"additionalArgs": list(throttles)}
        for name in ("attacher", "provisioner")
        if throttles
    }
    return {
        "controller": {"replicaCount": 2, "extraVolumeTags": dict(tags), **placement},
        "node": {
            "tolerateAllTaints": True,
            "reservedVolumeAttachments": volumes if reserved is None else reserved,
        },
        "defaultStorageClass": {"enabled": True},
        **({"sidecars": sidecars} if sidecars else {}),
    }


def key_policies(keys: Mapping[str, str | None]) -> Mapping[str, Sequence[Statement]]:
    """Policies of the driver's role for volumes with keys of the user's, by the name of the policy;
    none for a key that is None.

    Source: docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html, "encryption".
    """
    return {
        name: [
            Statement("UseKey", ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"], [key_arn]),
            Statement(
                "LetVolumesUseKey",
                ["kms:CreateGrant"],
                [key_arn],
                conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
        ]
        for name, key_arn in keys.items()
        if key_arn is not None
    }
