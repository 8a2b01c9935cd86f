"""Admission policy for the pods of a team: on its own nodes, with the priority of their role."""

import pulumi

from components.context import Context
from components.names import (
    DRIVER_POOL_ANNOTATION,
    POOL_ANNOTATION,
    POOL_LABEL,
    SYSTEM_TAINT,
)
from components.spark.admission.policy import deny_unless
from components.spark.admission.spark_conf import are_plain_options
from components.spark.priorities import DRIVER_VALUE, EXECUTOR_VALUE
from components.spark.yunikorn import SCHEDULER_USER

POLICY = "team-pods"

_JVM_VARIABLES = (
    *("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"),
    *("SPARK_SUBMIT_OPTS", "SPARK_JAVA_OPTS"),
)
_OF_KUBERNETES = [
    *("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"),
    *("nvidia.com/gpu", "amd.com/gpu", "aws.amazon.com/neuron", "aws.amazon.com/neuroncore"),
]
"""Kubernetes adds the first two tolerations to every pod, and one for each device that it requests.
Not for any requested resource: a pod may request none of `spark-on-eks/pool`."""

_IS_PLACEHOLDER = f"request.userInfo.username == '{SCHEDULER_USER}'"

_VARIABLES = {
    "role": "object.metadata.?labels[?'spark-role'].orValue('')",
    # All that can change is tolerations and labels. What a pod had before, it keeps.
    "kept": (
        "request.operation == 'UPDATE'"
        " && object.spec.?tolerations.orValue([]) == oldObject.spec.?tolerations.orValue([])"
        " && oldObject.metadata.?labels[?'spark-role'].orValue('') == variables.role"
    ),
    "spark": (
        "object.spec.containers.exists(c, c.name == 'spark-kubernetes-driver')"
        " ? object.spec.containers.filter(c, c.name == 'spark-kubernetes-driver')"
        " : object.spec.containers"
    ),
    "annotations": "namespaceObject.metadata.?annotations.orValue({})",
    "pools": (
        f"['{POOL_ANNOTATION}', '{DRIVER_POOL_ANNOTATION}']"
        f".filter(key, key == '{POOL_ANNOTATION}' || variables.role == 'driver'"
        " || variables.placeholder)"
        ".map(key, variables.annotations[?key].orValue(''))"
    ),
    "given": (
        # Nodes that the stack does not create: their taints are not known here.
        f"!('{POOL_ANNOTATION}' in variables.annotations)"
    ),
}
_TOLERATED = (
    f"t.?key.orValue('') in {_OF_KUBERNETES}"
    f" || (t.?key.orValue('') == '{POOL_LABEL}' && t.?operator.orValue('Equal') == 'Equal'"
    " && t.?value.orValue('') in variables.pools)"
    f" || (variables.given && t.?key.orValue('') != '' && t.key != '{SYSTEM_TAINT}'"
    " && !t.key.matches('(^|[.])(kubernetes[.]io|k8s[.]aws|karpenter[.]sh)/'))"
)
_IN_DRIVER = (
    "request.operation == 'UPDATE' || variables.role != 'driver' || variables.spark.all(c, "
)


def _variables(gangs: bool) -> dict[str, str]:
    # Placeholders of drivers and executors have no role, and the priority of their driver.
    return {"placeholder": _IS_PLACEHOLDER if gangs else "false", **_VARIABLES}


def _rules() -> dict[str, str]:
    own = "request.userInfo.username.startsWith('system:serviceaccount:' + request.namespace + ':')"
    plain = are_plain_options("e.value")
    return {
        "spec.nodeName must not be set: the scheduler selects the node": (
            "request.operation == 'UPDATE' || !has(object.spec.nodeName)"
        ),
        f"tolerations must be for the team's pools only ({POOL_LABEL}, operator Equal); the "
        "drivers' pool is for drivers": (
            f"variables.kept || object.spec.?tolerations.orValue([]).all(t, {_TOLERATED})"
        ),
        "the priority is above the one of the pod's role (spark-driver, spark-executor)": (
            "request.operation == 'UPDATE' || object.spec.?priority.orValue(0) <="
            f" (variables.role == 'driver' ? {DRIVER_VALUE} : {EXECUTOR_VALUE})"
            " || variables.placeholder"
        ),
        "a team's pods cannot create drivers (spark-role: driver): apply a SparkApplication": (
            f"variables.role != 'driver' || !{own} || (request.operation == 'UPDATE'"
            " && oldObject.metadata.?labels[?'spark-role'].orValue('') == 'driver')"
        ),
        "volumes must not be inline CSI volumes: claim them": (
            "request.operation == 'UPDATE' || object.spec.?volumes.orValue([]).all(v, !has(v.csi))"
        ),
        "variables of the JVM in a driver must not set Spark's configuration (-Dspark.…)": (
            f"{_IN_DRIVER}c.?env.orValue([]).all(e, !(e.name in {list(_JVM_VARIABLES)})"
            f" || (has(e.value) && {plain})))"
        ),
        "envFrom in a driver needs a prefix that does not begin with J, S or _: variables of the "
        "JVM could be among them": (
            f"{_IN_DRIVER}c.?envFrom.orValue([]).all(e, e.?prefix.orValue('').matches('^[^JS_]')))"
        ),
    }


class TeamPods(pulumi.ComponentResource):
    """One policy for all teams; a team's pools are annotations of its namespace."""

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        gangs: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:spark:TeamPods", name, None, context.options(opts))
        deny_unless(
            name,
            self,
            policy_name=POLICY,
            group="",
            version="v1",
            resources=["pods"],
            variables=_variables(gangs),
            rules=_rules(),
        )
        self.register_outputs({})
