"""Volumes of executors' claims: their class, and the EBS driver that makes them."""

from collections.abc import Iterator

from components.names import SHUFFLE_CLASS
from ops.plan.model import Plan
from ops.plan.packages import packages
from ops.plan.storage_classes import allowed_zones
from ops.plan.values import UNKNOWN, at, each, mapping
from ops.rules.rule import Violation, rule

_DRIVER = "aws-ebs-csi-driver"
_SOURCE = "https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master"
_THROTTLES = ("--kube-api-qps", "--kube-api-burst", "--worker-threads")


@rule(
    reason="An executor's volume is scratch: it is made where its pod runs, is encrypted, and goes "
    "with its claim. A driver hands a free volume to any executor: all must be in one zone.",
    source="https://kubernetes.io/docs/concepts/storage/storage-classes/",
)
def shuffle_class_fits(plan: Plan) -> Iterator[Violation]:
    """A StorageClass of EBS volumes waits for its pod and encrypts; that of executors also deletes,
    and names one zone."""
    for one in plan.of_kind("StorageClass"):
        if one.inputs.get("provisioner") != "ebs.csi.aws.com":
            continue
        if one.inputs.get("volumeBindingMode") != "WaitForFirstConsumer":
            yield Violation(one, "binding", "makes volumes before it is known where the pod runs")
        of_executors = one.object_name == SHUFFLE_CLASS
        if of_executors and one.inputs.get("reclaimPolicy") not in (None, "Delete"):
            yield Violation(one, "reclaim", "keeps volumes whose claims are gone")
        if mapping(one.inputs, "parameters").get("encrypted") != "true":
            yield Violation(one, "encryption", "makes volumes without encryption")
        zones = allowed_zones(one)
        if of_executors and zones is not None and len(zones) != 1:
            yield Violation(one, "zone", "makes volumes in any zone: an executor of another waits")


@rule(
    reason="One throttle alone drops the defaults of the other two, and a driver that reaches no "
    "metadata service counts fewer attachments than a node has: pods hang at their volumes.",
    source=f"{_SOURCE}/docs/options.md",
)
def ebs_driver_fits(plan: Plan) -> Iterator[Violation]:
    """The EBS driver's throttles are set together, and attachments of nodes are reserved."""
    for package in packages(plan):
        if package.name != _DRIVER or package.values == UNKNOWN:
            continue
        for sidecar in ("attacher", "provisioner"):
            given = {
                str(argument).partition("=")[0]
                for argument in each(package.values, f"sidecars.{sidecar}.additionalArgs")
            }
            missing = [name for name in _THROTTLES if name not in given]
            if missing and len(missing) < len(_THROTTLES):
                text = f"{sidecar} has no {missing[0]}, and loses its default"
                yield Violation(package.resource, sidecar, text)
        node = at(package.values, "node")
        if not mapping(node).get("hostNetwork") and at(node, "reservedVolumeAttachments") is None:
            yield Violation(package.resource, "attachments", "reserves no attachments of a node")
