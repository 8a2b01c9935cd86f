"""Single changes of real stacks with their consequences for the platform, most serious first.

Some reverse others: the same two plans, compared the other way round.
"""

RUNGS = "default-arm-on-demand, default-arm-spot, default-x86-on-demand and default-x86-spot"
QUIET = "jobs-unaffected: not affected"
EVICTED = f"jobs-affected: on nodes of NodePool {RUNGS}, budget 10% at a time: executors there end"
ROLLED = "rolls-nodes: rolls managed node group system-group: every node is replaced, 1 at a time"
ANEW = "removes-nodes: replaces managed node group system-group"
STAY = f"stays: no drift: the nodes of NodePool {RUNGS} stay"
CLAIMS = "claims-wait: makes claims anew: team-a/spark-jars and team-b/spark-jars"
NO_EXECUTORS = "jobs-affected: a driver that asks for a new executor waits"
OPERATOR = "restarts: restarts the controller of Helm release spark-operator"
TEAMS = "spark.teams=[{name: team-a}, {name: team-b}, {name: team-c}]"
LOG_RECORDS = "/aws/eks/spark-dev/cluster"
Keys = str | tuple[str, ...]


class Row:
    """A change, its consequences, and the same change in the engine tier's table (`knob`)."""

    def __init__(
        self, after: Keys, *expected: str, before: Keys = (), knob: str = "", stack: str = "dev"
    ) -> None:
        self.after, self.before, self.knob, self.stack = _keys(after), _keys(before), knob, stack
        # Running jobs are not affected unless a consequence says so, or that it is not known.
        loud = ("jobs-affected: ", "jobs-unknown: ")
        quiet = not any(one.startswith(loud) for one in expected)
        self.expected = [*expected, *[QUIET] * quiet]


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
