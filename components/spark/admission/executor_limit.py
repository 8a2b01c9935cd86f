"""Admission policy that denies jobs with more executors than their team's `maxExecutors`."""

import pulumi

from components.context import Context
from components.names import MAX_EXECUTORS_ANNOTATION
from components.spark.admission.applications import APPLICATIONS, GROUP, SPEC, VERSION
from components.spark.admission.policy import deny_unless

POLICY = "spark-max-executors"

_MOST = "variables.most"
_CONF = "variables.conf"
_DYNAMIC = "variables.spec.?dynamicAllocation"
_IN_CONF = (
    "spark.executor.instances",
    "spark.dynamicAllocation.initialExecutors",
    "spark.dynamicAllocation.maxExecutors",
    "spark.dynamicAllocation.minExecutors",
)
_WHERE = "the team's maxExecutors (spark.teams[].maxExecutors of the stack)"

_VARIABLES = {
    **SPEC,
    "most": f"int(namespaceObject.metadata.annotations['{MAX_EXECUTORS_ANNOTATION}'])",
}
_RULES = {
    f"spec.executor.instances is above {_WHERE}": (
        # Spark's own default is 2; the operator's, which it sets before, is 1.
        "variables.spec.executor.?instances.orValue("
        f"request.resource.resource == 'sparkapplications' ? 2 : 1) <= {_MOST}"
    ),
    f"spec.dynamicAllocation needs maxExecutors, not above {_WHERE}": (
        f"!{_DYNAMIC}.?enabled.orValue(false)"
        f" || {_DYNAMIC}.?maxExecutors.orValue({2**31 - 1}) <= {_MOST}"
    ),
    f"spec.dynamicAllocation.initialExecutors is above {_WHERE}": (
        f"{_DYNAMIC}.?initialExecutors.orValue(0) <= {_MOST}"
    ),
    # A number that CEL does not read is denied: Spark trims it, and knows other digits.
    f"executors in spec.sparkConf are above {_WHERE}, or no number": (
        f"{list(_IN_CONF)}.all(key, int({_CONF}[?key].orValue('0').trim()) <= {_MOST})"
    ),
    # Spark trims the value and ignores case.
    "spec.sparkConf enables dynamic allocation; use spec.dynamicAllocation, with maxExecutors": (
        f"{_CONF}[?'spark.dynamicAllocation.enabled'].orValue('false').trim().lowerAscii()"
        f" == 'false' || {_DYNAMIC}.?enabled.orValue(false)"
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
            group=GROUP,
            version=VERSION,
            resources=APPLICATIONS,
            variables=_VARIABLES,
            rules=_RULES,
        )
        self.register_outputs({})
