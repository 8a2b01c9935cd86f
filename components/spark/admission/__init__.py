"""What a team may create in its namespace: admission policies, evaluated by the API server."""

import pulumi

from components.context import Context
from components.spark.admission.applications import Applications
from components.spark.admission.drain import Drain
from components.spark.admission.executor_limit import ExecutorLimit
from components.spark.admission.objects import TeamObjects
from components.spark.admission.pod_security import PodSecurity
from components.spark.admission.pods import TeamPods

__all__ = ["Drain", "create_policies"]


def create_policies(context: Context, *, gangs: bool) -> list[pulumi.Resource]:
    """Creates the policies for all teams' namespaces, and returns them.

    With `gangs` they admit YuniKorn's placeholders.
    """
    policies: list[pulumi.Resource] = [
        ExecutorLimit("spark-max-executors", context),
        Applications("spark-applications", context),
        TeamPods("team-pods", context, gangs=gangs),
        TeamObjects("team-objects", context),
    ]
    if gangs:
        policies.append(PodSecurity("pod-security", context))
    return policies
