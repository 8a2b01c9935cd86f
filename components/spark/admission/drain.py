"""Admission policy of a cluster that takes no new jobs: those that run end, with their retries."""

from collections.abc import Sequence

import pulumi

from components.context import Context
from components.names import (
    DRAIN_POLICY,
    OPERATOR_ACCOUNT,
    SPARK_APPLICATIONS,
    SPARK_GROUP,
    SPARK_OPERATOR_NAMESPACE,
    TAKES_NO_JOBS,
)
from components.spark.admission.applications import VERSION
from components.spark.admission.policy import deny_unless

_OPERATOR = f"system:serviceaccount:{SPARK_OPERATOR_NAMESPACE}:{OPERATOR_ACCOUNT}"
_IS_APPLICATION = "request.resource.resource == 'sparkapplications'"

_VARIABLES = {
    "changed": (
        "request.operation != 'UPDATE' ? [] :"
        " object.spec.filter(k, !(k in oldObject.spec) || object.spec[k] != oldObject.spec[k])"
        " + oldObject.spec.filter(k, !(k in object.spec))"
    ),
    "suspended": "request.operation == 'UPDATE' && object.spec.?suspend.orValue(false)",
}


def _rules(submit_to: Sequence[str]) -> dict[str, str]:
    """The operator retries an application itself: it sets the status and runs spark-submit again.

    It starts an application anew whose spec changes, but for two fields (its event_filter.go,
    2.5.2). A schedule with `concurrencyPolicy: Replace` deletes the run that is there before it
    creates the next one (its scheduledsparkapplication/controller.go).
    """
    where = (
        f"submit to {' or '.join(submit_to)}" if submit_to else "its stack has acceptJobs: false"
    )
    takes_none = f"this cluster {TAKES_NO_JOBS}: {where}"
    return {
        takes_none: "request.operation != 'CREATE'",
        f"{takes_none}; one that is changed or resumed starts again": (
            "variables.changed.all(k, k == 'suspend' ? variables.suspended :"
            f" !({_IS_APPLICATION}) || k == 'timeToLiveSeconds')"
        ),
        f"{takes_none}; the run of a schedule that is there is not replaced": (
            f"request.operation != 'DELETE' || !({_IS_APPLICATION})"
            f" || request.userInfo.username != '{_OPERATOR}'"
            " || oldObject.metadata.?ownerReferences.orValue([])"
            ".all(owner, owner.kind != 'ScheduledSparkApplication')"
            " || oldObject.?status.?applicationState.?state.orValue('')"
            " in ['COMPLETED', 'FAILED']"
        ),
    }


class Drain(pulumi.ComponentResource):
    """One policy for all teams. It reads no pods: drivers and executors start as before."""

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        submit_to: Sequence[str],
        exempt_group: str | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`submit_to` are the clusters of the message; members of `exempt_group` are admitted."""
        super().__init__("spark-on-eks:spark:Drain", name, None, context.options(opts))
        exempt = f"!('{exempt_group}' in request.userInfo.?groups.orValue([]))"
        deny_unless(
            name,
            self,
            policy_name=DRAIN_POLICY,
            group=SPARK_GROUP,
            version=VERSION,
            resources=SPARK_APPLICATIONS,
            variables=_VARIABLES,
            rules=_rules(submit_to),
            conditions={"not-exempt": exempt} if exempt_group else None,
            operations=["CREATE", "UPDATE", "DELETE"],
        )
        self.register_outputs({})
