"""The two priorities of Spark's pods, shared by all teams."""

import pulumi
import pulumi_kubernetes as k8s

from components.base import child

DRIVER_CLASS = "spark-driver"
EXECUTOR_CLASS = "spark-executor"


class Priorities(pulumi.ComponentResource):
    """PriorityClasses of the cluster: a driver goes before an executor.

    A driver may push an executor out (where they share nodes at all): a job without its driver
    holds nothing, and a lost executor is made up for. Executors push nobody out: they wait for a
    node, which the autoscaler brings.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("spark-on-eks:spark:Priorities", name, None, opts)
        self.classes: list[pulumi.Resource] = [
            k8s.scheduling.v1.PriorityClass(
                f"{name}-{class_name}",
                metadata={"name": class_name},
                value=value,
                preemption_policy=preemption,
                description=description,
                # Neither can change in place, and Kubernetes has one class of a name.
                opts=child(
                    self,
                    replace_on_changes=["value", "preemptionPolicy"],
                    delete_before_replace=True,
                ),
            )
            for class_name, value, preemption, description in (
                (DRIVER_CLASS, 20_000, "PreemptLowerPriority", "Drivers of Spark jobs"),
                (EXECUTOR_CLASS, 10_000, "Never", "Executors of Spark jobs"),
            )
        ]
        self.register_outputs({})
