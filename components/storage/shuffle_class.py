"""The StorageClass of executors' claims: gp3 volumes in one zone, deleted with their claim."""

from typing import Annotated, Literal

import pulumi
import pulumi_kubernetes as k8s

from components.base import Problems, Settings
from components.bucket_formats import KeyArn
from components.context import Context
from components.formats import whole
from components.names import SHUFFLE_CLASS
from components.pools import check_gp3

EBS_DRIVER = "ebs.csi.aws.com"


class ShuffleClassSettings(Settings):
    """`storage.shuffleClass`: gp3 volumes of executors' claims."""

    iops: Annotated[int, whole(3000, 16_000)] = 3000
    """IOPS of a volume."""
    throughput: Annotated[int, whole(125, 1000)] = 250
    """Throughput of a volume, in MiB/s."""
    fs_type: Literal["xfs", "ext4"] = "xfs"
    """File system."""
    kms_key_arn: KeyArn | None = None
    """ARN of the KMS key of the volumes; default: the account's key for EBS."""

    def problems(self) -> Problems:
        yield from check_gp3("throughput", self.throughput, "iops", self.iops)


class ShuffleClass(pulumi.ComponentResource):
    """The StorageClass. Its parameters never change: another value makes it anew, under the same
    name; volumes that exist stay as they are."""

    def __init__(
        self,
        name: str,
        settings: ShuffleClassSettings,
        context: Context,
        *,
        zone: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`zone` is that of the drivers. A driver gives an executor any free volume of its class
        and size, wherever it is: with one zone each of them fits."""
        super().__init__("spark-on-eks:storage:ShuffleClass", name, None, context.options(opts))
        k8s.storage.v1.StorageClass(
            f"{name}-class",
            metadata={"name": SHUFFLE_CLASS},
            provisioner=EBS_DRIVER,
            parameters=_parameters(settings),
            # The volume is made where its pod runs, and goes with its claim.
            volume_binding_mode="WaitForFirstConsumer",
            reclaim_policy="Delete",
            allow_volume_expansion=False,
            allowed_topologies=[
                {
                    "match_label_expressions": [
                        {"key": "topology.kubernetes.io/zone", "values": [zone]}
                    ]
                }
            ],
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=context.after, delete_before_replace=True
            ),
        )
        self.register_outputs({"zone": zone})


def _parameters(settings: ShuffleClassSettings) -> dict[str, str]:
    """Source: github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md."""
    parameters = {
        "type": "gp3",
        "iops": str(settings.iops),
        "throughput": str(settings.throughput),
        "encrypted": "true",
        "csi.storage.k8s.io/fstype": settings.fs_type,
    }
    if settings.kms_key_arn is not None:
        parameters["kmsKeyId"] = settings.kms_key_arn
    return parameters
