"""Limits of AWS and Kubernetes on one resource, which refuse an update half way."""

from collections.abc import Iterator

from ops.plan.limit_counts import Count, over
from ops.plan.model import Plan
from ops.rules.rule import Severity, Violation, rule

_QUOTAS = "https://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html"


@rule(
    reason="The service refuses what is above a limit that it does not raise, and the update stops "
    "half way.",
    source=_QUOTAS,
)
def limits_kept(plan: Plan) -> Iterator[Violation]:
    """No policy, rule, list or object is above a fixed limit of its service."""
    return (_violation(one) for one in over(plan) if not one.limit.code)


@rule(
    reason="Above a default quota the service refuses the resource unless the account has a higher "
    "one: ask for it before the update.",
    source=_QUOTAS,
    severity=Severity.warning,
)
def quotas_raised(plan: Plan) -> Iterator[Violation]:
    """A stack needs no higher quota than AWS gives every account."""
    return (_violation(one) for one in over(plan) if one.limit.code)


def _violation(one: Count) -> Violation:
    limit = one.limit
    raised = f"ask AWS to raise {limit.code}, or " if limit.code else ""
    text = (
        f"has {one.number} {limit.what}, and {limit.service} allows {limit.most}: "
        f"{raised}{limit.way_out} ({limit.source})"
    )
    return Violation(one.subject, limit.what, text)
