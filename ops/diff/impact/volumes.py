"""Classes of volumes that executors' claims name: volumes that exist stay as they are."""

from collections.abc import Iterator

from components.names import MONITORING_NAMESPACE
from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, forcing_causes
from ops.diff.steps import Operation


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields what becomes of claims of a class that is replaced or deleted.

    kubernetes.io/docs/concepts/storage/storage-classes: a volume is made with the parameters that
    its class has then. A claim of a class that does not exist waits, and is tried again.
    """
    for step in diff.of_kind("StorageClass"):
        name = step.resource.object_name
        if name == MONITORING_NAMESPACE:
            continue  # of Prometheus' volume alone: rule monitoring
        if step.operation is Operation.replace:
            text = f"makes class {name} of volumes anew: volumes that exist stay as they are"
            jobs = f"an executor whose volume of class {name} is not made yet waits meanwhile"
            yield Consequence(Kind.claims_wait, text, forcing_causes(step), jobs=jobs)
        if step.operation is Operation.delete:
            text = f"class {name} of volumes is gone: those that exist stay until their claim goes"
            jobs = f"executors that claim a new volume of class {name} wait for ever"
            yield Consequence(Kind.removes, text, forcing_causes(step), jobs=jobs)
