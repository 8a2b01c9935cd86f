"""All rules, in the order in which they are shown."""

from importlib import import_module

from ops.rules.rule import Rule

_MODULES = (
    "iam", "trust", "rbac", "roles", "cluster", "network", "joining", "nodes", "groups", "pools",
    "lifetimes", "capacity", "data", "pods", "platform", "teams", "team_access", "admission",
    "scheduling", "complete", "storage", "shuffle", "served", "references", "replicas", "pins",
    "images", "owner", "destroy", "aws_limits", "drills",
)  # fmt: skip
RULES: tuple[Rule, ...] = tuple(
    value
    for name in _MODULES
    for value in vars(import_module(f"{__name__}.{name}")).values()
    if isinstance(value, Rule)
)
