"""Admission policy that denies jobs with more executors than their team's `maxExecutors`."""

import pulumi

from components.context import Context
from components.names import MAX_EXECUTORS_ANNOTATION
from components.spark.admission import deny_unless

POLICY = "spark-max-executors"

_MOST = f"int(namespaceObject.metadata.annotations['{MAX_EXECUTORS_ANNOTATION}'])"
_CONF = "object.spec.?sparkConf.orValue({})"
_DYNAMIC = "object.spec.?dynamicAllocation"
_IN_CONF = ("spark.executor.instances", "spark.dynamicAllocation.maxExecutors")
_WHERE = "the team's maxExecutors (spark.teams[].maxExecutors of the stack)"

_RULES = {
    f"spec.executor.instances is above {_WHERE}": (
        f"object.spec.executor.?instances.orValue(1) <= {_MOST}"
    ),
    f"spec.dynamicAllocation needs maxExecutors, not above {_WHERE}": (
        f"!{_DYNAMIC}.?enabled.orValue(false)"
        f" || {_DYNAMIC}.?maxExecutors.orValue({2**31 - 1}) <= {_MOST}"
    ),
    f"executors in spec.sparkConf are above {_WHERE}": (
        f"{list(_IN_CONF)}.all(key, int({_CONF}[?key].orValue('1')) <= {_MOST})"
    ),
    "spec.sparkConf enables dynamic allocation; use spec.dynamicAllocation, with maxExecutors": (
        f"{_CONF}[?'spark.dynamicAllocation.enabled'].orValue('false') != 'true'"
        f" || {_DYNAMIC}.?enabled.orValue(false)"
    ),
}


class ExecutorLimit(pulumi.ComponentResource):
    """One policy for all teams; the limit is an annotation of each namespace."""

    def __init__(
        self, name: str, context: Context, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("spark-on-eks:spark:ExecutorLimit", name, None, context.options(opts))
        deny_unless(
            name,
            self,
            policy_name=POLICY,
            group="sparkoperator.k8s.io",
            version="v1beta2",
            resources=["sparkapplications"],
            rules=_RULES,
        )
        self.register_outputs({})
