"""Every rule of a stack: the same data for Prometheus in the cluster and for AWS' workspace."""

from collections.abc import Collection, Sequence

from components.monitoring.rules.api_server import api_server_group
from components.monitoring.rules.cost import cost_groups
from components.monitoring.rules.jobs import job_alerts
from components.monitoring.rules.logs import log_alerts
from components.monitoring.rules.model import Alert, Group, Inputs, Record
from components.monitoring.rules.nodes import node_alerts
from components.monitoring.rules.platform import platform_alerts
from components.monitoring.rules.spark import spark_groups


def groups(inputs: Inputs, disabled: Collection[str] = ()) -> list[Group]:
    """The groups of a stack, without the alerts that it disables."""
    found = [
        *spark_groups(),
        *(cost_groups() if inputs.cost and inputs.karpenter else ()),
        api_server_group(inputs),
        Group("spark-jobs", list(job_alerts(inputs))),
        Group("spark-nodes", list(node_alerts(inputs))),
        Group("spark-platform", list(platform_alerts(inputs))),
        *([Group("spark-logs", list(log_alerts()))] if inputs.logs else []),
    ]
    return [
        Group(one.name, [rule for rule in one.rules if rule.name not in disabled]) for one in found
    ]


def only(kind: type[Record | Alert], found: Sequence[Group]) -> list[Group]:
    """The groups with their records, or with their alerts; none that is empty."""
    kept = [Group(one.name, [r for r in one.rules if isinstance(r, kind)]) for one in found]
    return [one for one in kept if one.rules]


def alerts(found: Sequence[Group]) -> list[Alert]:
    """All alerts of these groups."""
    return [rule for one in found for rule in one.rules if isinstance(rule, Alert)]


ALERT_NAMES = frozenset(one.name for one in alerts(groups(Inputs())))
"""Every alert that a stack can have."""
