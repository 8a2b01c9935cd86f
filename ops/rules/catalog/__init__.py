"""All rules, in the order in which they are shown."""

from ops.rules.catalog import (
    admission,
    cluster,
    data,
    destroy,
    iam,
    network,
    nodes,
    owner,
    pins,
    platform,
    pods,
    pools,
    rbac,
    scheduling,
    teams,
    trust,
)
from ops.rules.rule import Rule

_MODULES = (
    iam,
    trust,
    rbac,
    cluster,
    network,
    nodes,
    data,
    pods,
    platform,
    teams,
    admission,
    scheduling,
    pools,
    pins,
    owner,
    destroy,
)
RULES: tuple[Rule, ...] = tuple(
    value for module in _MODULES for value in vars(module).values() if isinstance(value, Rule)
)
