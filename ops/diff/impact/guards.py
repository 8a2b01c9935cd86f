"""Guards that an update takes away or loosens, and roots that running pods stand on."""

from collections.abc import Iterator

from components.names import MAX_EXECUTORS_ANNOTATION
from ops.diff.compare import names
from ops.diff.diff import Diff
from ops.diff.impact.cluster import TYPES
from ops.diff.impact.covered import of_nodes_that_go
from ops.diff.impact.model import Consequence, Kind, causes_of
from ops.diff.impact.objects import key_arn
from ops.diff.impact.wholes import deleted_with
from ops.diff.steps import Operation, Step
from ops.plan.values import each, is_true, mapping

_NOTICE = (
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:sqs/queuePolicy:QueuePolicy",
)
_FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields guards and roots that go, without those of what is deleted as a whole."""
    if any(step.is_deleted for step in diff.of_type(*TYPES)):
        return  # everything in the cluster ends with it
    for step in diff.of_type("aws:eks/accessEntry:AccessEntry"):
        yield from _entry(step, diff)
    for step in diff.steps:
        if step.old is None or _goes_as_a_whole(step, diff):
            continue
        yield from _OF.get(step.resource.type, _nothing)(step)
        if step.resource.type in TYPES:
            yield from _logs(step)
    for step in diff.of_kind("Namespace"):
        if step.old is not None and step.new is not None:
            yield from _executors(step)


def _goes_as_a_whole(step: Step, diff: Diff) -> bool:
    """Whether its outermost component is deleted, or the bucket that the guard is for."""
    if step.operation is not Operation.delete:
        return False
    if bucket := set(step.resource.options.property_dependencies.get("bucket", ())):
        return bool(bucket & diff.deleted)
    return diff.old.component(step.resource) in deleted_with(step, diff)


def _nothing(step: Step) -> Iterator[Consequence]:
    yield from ()


def _entry(step: Step, diff: Diff) -> Iterator[Consequence]:
    if not step.is_deleted or step.old is None:
        return
    role = str(step.old.inputs.get("principalArn")).rpartition("/")[2]
    if step.old.inputs.get("type") in (None, "STANDARD"):
        text = f"narrower permission: {role} no longer has an entry in the cluster"
        yield Consequence(Kind.narrower, text, causes_of(step), harmless=True)
    elif step.key not in of_nodes_that_go(diff):
        text = f"nodes of role {role} lose the API server: no new one joins, running ones turn away"
        jobs = f"on nodes of role {role}: all pods end"
        yield Consequence(Kind.ends_jobs, text, causes_of(step), jobs=jobs)


def _issuer(step: Step) -> Iterator[Consequence]:
    paths = ("url", "clientIdLists", "thumbprintLists")
    if step.is_deleted or (step.touches(*paths) and not _has_more(step)):
        text = "roles of service accounts can no longer be assumed: IAM does not trust the cluster"
        jobs = "their pods lose their AWS rights when their credentials end, within the hour"
        yield Consequence(Kind.ends_jobs, text, causes_of(step), jobs=jobs)


def _has_more(step: Step) -> bool:
    """Whether the provider only accepts more audiences."""
    assert step.old is not None and step.new is not None
    before, after = (set(each(one.inputs, "clientIdLists")) for one in (step.old, step.new))
    return before <= after and not step.touches("url", "thumbprintLists")


def _notice(step: Step) -> Iterator[Consequence]:
    state = [one.inputs.get("state") if one else None for one in (step.old, step.new)]
    off = state[1] == "DISABLED" and state[0] != "DISABLED"
    if step.is_deleted or off or step.touches("eventPattern", "arn"):
        text = f"{step.resource.name}: Karpenter may not learn of Spot interruptions and failures"
        jobs = "executors on Spot nodes end without the notice two minutes before"
        yield Consequence(Kind.guard, text, causes_of(step), jobs=jobs)


def _queue(step: Step) -> Iterator[Consequence]:
    if step.is_deleted:
        text = f"queue {step.resource.name} is deleted: Karpenter learns of no Spot interruption"
        jobs = "executors on Spot nodes end without the notice two minutes before"
        yield Consequence(Kind.guard, text, causes_of(step), jobs=jobs)


def _public(step: Step) -> Iterator[Consequence]:
    new = step.new.inputs if step.new else {}
    old = step.old.inputs if step.old else {}
    gone = [one for one in _FLAGS if is_true(old.get(one)) and not is_true(new.get(one))]
    if gone:
        text = f"{step.resource.name}: S3 no longer blocks public access ({names(gone)})"
        yield Consequence(Kind.guard, text, causes_of(step))


def _encryption(step: Step) -> Iterator[Consequence]:
    before, after = (key_arn(one) for one in (step.old, step.new))
    if before and before != after:
        text = f"{step.resource.name}: new objects are no longer encrypted with {before}"
        yield Consequence(Kind.guard, text, causes_of(step))


def _key(step: Step) -> Iterator[Consequence]:
    if step.old is None or step.new is None:
        return
    if is_true(step.old.inputs.get("enableKeyRotation")) and not is_true(
        step.new.inputs.get("enableKeyRotation")
    ):
        text = f"KMS key {step.resource.name} is no longer rotated"
        yield Consequence(Kind.guard, text, causes_of(step, "enableKeyRotation"))
    before, after = (
        float(one.inputs.get("deletionWindowInDays") or 30) for one in (step.old, step.new)
    )
    if after < before:
        text = f"KMS key {step.resource.name} is deleted {after:g} days after a request, not "
        yield Consequence(Kind.guard, f"{text}{before:g}", causes_of(step, "deletionWindowInDays"))


def _accounts(step: Step) -> Iterator[Consequence]:
    any_account = step.new is not None and not step.new.inputs.get("allowedAccountIds")
    if any_account and step.touches("allowedAccountIds"):
        text = "any account is allowed: credentials of another one would be used"
        yield Consequence(Kind.guard, text, causes_of(step, "allowedAccountIds"))


def _logs(step: Step) -> Iterator[Consequence]:
    if step.old is None or step.new is None:
        return
    gone = set(each(step.old.inputs, "enabledClusterLogTypes"))
    gone -= set(each(step.new.inputs, "enabledClusterLogTypes"))
    for kind in sorted(gone & {"audit", "authenticator"}):
        text = f"the control plane's {kind} log ends: who did what is no longer recorded"
        yield Consequence(Kind.guard, text, causes_of(step, "enabledClusterLogTypes"))


def _executors(step: Step) -> Iterator[Consequence]:
    assert step.old is not None and step.new is not None
    before, after = (
        mapping(one.inputs, "metadata.annotations").get(MAX_EXECUTORS_ANNOTATION)
        for one in (step.old, step.new)
    )
    if before != after:
        text = f"executors of a job of {step.new.object_name}, at most: {before} -> {after}"
        yield Consequence(Kind.quota, text, causes_of(step, "metadata.annotations"))


_OF = {
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _issuer,
    **dict.fromkeys(_NOTICE, _notice),
    "aws:sqs/queue:Queue": _queue,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _public,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        _encryption
    ),
    "aws:kms/key:Key": _key,
    "pulumi:providers:aws": _accounts,
}
