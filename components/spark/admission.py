"""Admission policies over the teams' namespaces: rules in CEL that the API server itself asks."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.base import child
from components.pools import LABEL_DOMAIN

TEAM_LABEL = f"{LABEL_DOMAIN}/team"
"""Label of a team's namespace; its value is the team's name."""
MOST_EXECUTORS = f"{LABEL_DOMAIN}/max-executors"
"""Annotation of a team's namespace."""


def deny_unless(
    name: str,
    parent: pulumi.Resource,
    *,
    policy_name: str,
    group: str,
    version: str,
    resources: Sequence[str],
    rules: Mapping[str, str],
    conditions: Mapping[str, str] | None = None,
) -> pulumi.Resource:
    """A policy, bound to the namespaces of teams; returns the binding.

    What breaks one of `rules` (message to expression) is refused with its message; so is what a
    rule cannot be asked about. `conditions` (name to expression) say whom it is asked of.
    """
    spec: k8s.admissionregistration.v1.ValidatingAdmissionPolicySpecArgsDict = {
        "failure_policy": "Fail",
        "match_constraints": {
            "resource_rules": [
                {
                    "api_groups": [group],
                    "api_versions": [version],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": list(resources),
                }
            ]
        },
        "validations": [{"expression": rule, "message": says} for says, rule in rules.items()],
    }
    if conditions:
        spec["match_conditions"] = [
            {"name": label, "expression": rule} for label, rule in conditions.items()
        ]
    policy = k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
        f"{name}-policy", metadata={"name": policy_name}, spec=spec, opts=child(parent)
    )
    return k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
        f"{name}-binding",
        metadata={"name": policy_name},
        spec={
            "policy_name": policy_name,
            "validation_actions": ["Deny"],
            "match_resources": {
                "namespace_selector": {
                    "match_expressions": [{"key": TEAM_LABEL, "operator": "Exists"}]
                }
            },
        },
        opts=child(parent, depends_on=[policy]),
    )
