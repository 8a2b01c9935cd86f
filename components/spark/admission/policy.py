"""Validating admission policies for the teams' namespaces."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.names import TEAM_LABEL


def deny_unless(
    name: str,
    parent: pulumi.Resource,
    *,
    policy_name: str,
    group: str,
    version: str,
    resources: Sequence[str],
    rules: Mapping[str, str],
    details: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    conditions: Mapping[str, str] | None = None,
    operations: Sequence[str] = ("CREATE", "UPDATE"),
) -> pulumi.Resource:
    """A policy bound to the namespaces of teams; returns the binding.

    Requests that violate one of `rules` (message to expression), or that it cannot evaluate
    (failurePolicy: Fail), are denied. `details` (message to expression) are a rule's message with
    what it found; `variables` (name to expression) are what the rules share; `conditions` (name to
    expression) select the requests.
    """
    found = details or {}
    spec: k8s.admissionregistration.v1.ValidatingAdmissionPolicySpecArgsDict = {
        "failure_policy": "Fail",
        "match_constraints": {
            "resource_rules": [
                {
                    "api_groups": [group],
                    "api_versions": [version],
                    "operations": list(operations),
                    "resources": list(resources),
                }
            ]
        },
        "validations": [
            {
                "expression": rule,
                "message": says,
                **({"message_expression": found[says]} if says in found else {}),
            }
            for says, rule in rules.items()
        ],
    }
    if variables:
        spec["variables"] = [
            {"name": label, "expression": rule} for label, rule in variables.items()
        ]
    if conditions:
        spec["match_conditions"] = [
            {"name": label, "expression": rule} for label, rule in conditions.items()
        ]
    policy = k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
        f"{name}-policy",
        metadata={"name": policy_name},
        spec=spec,
        opts=pulumi.ResourceOptions(parent=parent),
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
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[policy]),
    )
