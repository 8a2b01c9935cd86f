"""The rules as a Pulumi policy pack: `pulumi preview --policy-pack ops/rules/pack`."""

import sys
from pathlib import Path

# The pack runs in its own environment, from its own folder.
sys.path[:0] = [str(Path(__file__).resolve().parents[3]), str(Path(__file__).resolve().parent)]

from adapter import plan_of, remember  # noqa: E402
from pulumi_policy import (  # noqa: E402
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from ops.rules.catalog import RULES  # noqa: E402
from ops.rules.check import check  # noqa: E402
from ops.rules.rule import Rule, Severity  # noqa: E402

_LEVELS = {
    Severity.error: EnforcementLevel.MANDATORY,
    Severity.warning: EnforcementLevel.ADVISORY,
}


def policy(rule: Rule) -> StackValidationPolicy:
    """One rule as a stack policy: an error stops the update, a warning is shown."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for finding in check(plan_of(args.resources), rules=[rule]).findings:
            report(f"{finding.name} {finding.broken.message}", finding.urn or None)

    return StackValidationPolicy(
        name=rule.id,
        description=f"{rule.reason} {rule.source}",
        validate=validate,
        enforcement_level=_LEVELS[rule.severity],
        url=rule.source,
    )


def remembered(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Reports nothing: the rules validate the stack as a whole."""
    remember(args)


INPUTS = ResourceValidationPolicy(
    name="inputs",
    description="Records each resource's inputs for the stack policies.",
    validate=remembered,
)

PolicyPack(
    name="spark-on-eks",
    policies=[INPUTS, *(policy(rule) for rule in RULES if not rule.offline_only)],
)
