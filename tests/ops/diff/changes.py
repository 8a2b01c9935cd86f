"""Single changes of real stacks with their consequences for the platform, most serious first.

Some reverse others: the same two plans, compared the other way round.
"""

from dataclasses import replace

from ops.plan.model import Plan
from tests.ops.rules.changes import Edit, picked
from tests.plans import plan_of

RUNGS = "default-arm-on-demand, default-arm-spot, default-x86-on-demand and default-x86-spot"
QUIET = "jobs-unaffected: not affected"
EVICTED = f"jobs-affected: on nodes of NodePool {RUNGS}, budget 10% at a time: executors there end"
ROLLED = "rolls-nodes: rolls managed node group system-group: every node is replaced, 1 at a time"
ANEW = "removes-nodes: replaces managed node group system-group"
STAY = f"stays: no drift: the nodes of NodePool {RUNGS} stay"
CLAIMS = "claims-wait: makes claims anew: team-a/spark-jars and team-b/spark-jars"
NO_EXECUTORS = "jobs-affected: a driver that asks for a new executor waits"
EBS = "restarts: restarts the pods of add-on aws-ebs-csi-driver, node by node"
OPERATOR = "restarts: restarts the controller of Helm release spark-operator"
TEAMS = "spark.teams=[{name: team-a}, {name: team-b}, {name: team-c}]"
SPOT_ENDS = "executors on Spot nodes end without the notice two minutes before"
LOG_RECORDS = "/aws/eks/spark-dev/cluster"
Keys = str | tuple[str, ...]


class Row:
    """A change, its consequences, and where its documentation says so.

    A change of settings (`after`, also in the engine tier's table as `knob`), or `edit` of the plan
    that the settings make.
    """

    def __init__(
        self,
        after: Keys | Edit,
        *expected: str,
        source: str,
        before: Keys = (),
        knob: str = "",
        stack: str = "dev",
    ) -> None:
        self.edit = after if callable(after) else None
        self.before = _keys(before)
        self.after = self.before if callable(after) else _keys(after)
        self.knob, self.stack, self.source = knob, stack, source
        # Running jobs are not affected unless a consequence says so, or that it is not known.
        loud = ("jobs-affected: ", "jobs-unknown: ")
        quiet = not any(one.startswith(loud) for one in expected)
        self.expected = [*expected, *[QUIET] * quiet]

    def plans(self) -> tuple[Plan, Plan]:
        """The plans before and after."""
        old, new = (plan_of(self.stack, *keys) for keys in (self.before, self.after))
        return old, self.edit(new) if self.edit else new


def _keys(given: Keys) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else given


def team(**more: str) -> str:
    """dev's teams, the first with further keys, as YAML."""
    keys = "".join(f", {key}: {value}" for key, value in more.items())
    return f"spark.teams=[{{name: team-a{keys}}}, {{name: team-b}}]"


def pool(**more: str) -> str:
    """dev's pool with further keys, as YAML."""
    keys = "".join(f", {key}: {value}" for key, value in more.items())
    return f"pools=[{{name: default, limits: {{cpu: 128, memoryGiB: 512}}{keys}}}]"


def drifts(field: str, drivers: bool = False) -> list[str]:
    """Executors' nodes are replaced under the budget, drivers' nodes stay until they are empty."""
    gone = f"drifts-nodes: NodePool {RUNGS} ({field}): its nodes are replaced, budget 10% at a time"
    kept = f"drifts-nodes: NodePool drivers ({field}): its nodes stay until they are empty"
    return [gone, *([kept] if drivers else []), EVICTED]


def renamed(kind: str, name: str, old: str = "") -> Edit:
    """Gives a resource another logical name, and no alias."""

    def edit(plan: Plan) -> Plan:
        one = picked(plan, kind, old)
        urn = f"{one.urn.removesuffix(one.name)}{name}"
        other = replace(one, urn=urn, name=name)
        return replace(
            plan, resources=tuple(other if each is one else each for each in plan.resources)
        )

    return edit
