"""The two PriorityClasses of Spark pods, shared by all teams."""

import pulumi
import pulumi_kubernetes as k8s

from components.context import Context
from components.names import DRIVER_PRIORITY, EXECUTOR_PRIORITY

DRIVER_VALUE = 20_000
EXECUTOR_VALUE = 10_000


class Priorities(pulumi.ComponentResource):
    """Drivers may preempt executors: Spark replaces a lost executor, not a lost driver. Executors
    never preempt: they wait for the autoscaler."""

    def __init__(
        self, name: str, context: Context, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("spark-on-eks:spark:Priorities", name, None, context.options(opts))
        for class_name, value, preemption, description in (
            (DRIVER_PRIORITY, DRIVER_VALUE, "PreemptLowerPriority", "Drivers of Spark jobs"),
            (EXECUTOR_PRIORITY, EXECUTOR_VALUE, "Never", "Executors of Spark jobs"),
        ):
            k8s.scheduling.v1.PriorityClass(
                f"{name}-{class_name}",
                metadata={"name": class_name},
                value=value,
                preemption_policy=preemption,
                description=description,
                # Both fields are immutable, and the cluster has one class of a name.
                opts=pulumi.ResourceOptions(
                    parent=self,
                    replace_on_changes=["value", "preemptionPolicy"],
                    delete_before_replace=True,
                ),
            )
        self.register_outputs({})
