"""Objects of a bucket that stays: which expire, who can still decrypt them, how nodes know them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ops.diff.compare import names
from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, causes_of
from ops.diff.steps import Operation, Step, key_of
from ops.plan.graph import inputs_from
from ops.plan.iam import action_matches
from ops.plan.iam_grants import grants
from ops.plan.iam_roles import ROLE, documents_of, role_name
from ops.plan.model import Plan, Resource
from ops.plan.values import at, each

_LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
_ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
_EXPIRIES = ("expiration.days", "noncurrentVersionExpiration.noncurrentDays")
_SENTINEL = "/.sentinel"
"""End of the key of the object by which a node knows that its mount is readable."""


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields objects that expire, that cannot be decrypted, and the one that nodes read."""
    whole = {
        step.key
        for step in diff.of_type("aws:s3/bucket:Bucket")
        if step.operation is not Operation.update
    }
    for step in diff.of_type(_LIFECYCLE, _OBJECT, _ENCRYPTION):
        if not whole & set(_buckets(step, diff)):
            yield from _OF[step.resource.type](step, diff)


def _buckets(step: Step, diff: Diff) -> Iterator[str]:
    plan = diff.new if step.new else diff.old
    for one in inputs_from(step.resource, "bucket", plan):
        yield key_of(one.urn, plan)


class _Expiry(NamedTuple):
    """A rule of a bucket, and what it deletes."""

    rule: str
    prefix: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}, {self.what}"


def _lifecycle(step: Step, diff: Diff) -> Iterator[Consequence]:
    before, after = _days(step.old), _days(step.new)
    new_keys = [
        str(one.resource.inputs.get("key"))
        for one in diff.of_type(_OBJECT)
        if one.operation in (Operation.create, Operation.replace)
    ]
    for one, days in after.items():
        was = before.get(one)
        if was is not None and days >= was:
            continue
        if was is None and any(_is_below(one.prefix, key) for key in new_keys):
            yield _no_loss(step, one)
            continue
        if was is None and _begins_with(step.resource, one.prefix, diff):
            text = (
                f"{step.resource.name} has a rule for {one.prefix}, which the stack's roles write "
                "from now on, and none did before"
            )
            yield Consequence(Kind.stays, text, causes_of(step), harmless=True)
            continue
        text = (
            f"loses data: {step.resource.name} deletes "
            f"{'objects' if one.what == 'expiration' else 'versions'} after {days:g} days"
            f"{'' if was is None else f', not {was:g}'} ({one})"
        )
        jobs = f"objects below {one.prefix or 'its root'} older than {days:g} days are gone"
        read = one.what == "expiration"
        yield Consequence(Kind.loses_data, text, causes_of(step), jobs=jobs if read else "")
    if not before and after and step.old is None:
        text = f"{step.resource.name} is the bucket's first rule on what expires"
        yield Consequence(Kind.stays, text, causes_of(step), harmless=True)
    elif step.old is not None and step.new is not None and not _moved(step.old, step.new):
        text = f"{step.resource.name}: no rule deletes objects sooner, or others"
        yield Consequence(Kind.stays, text, causes_of(step), harmless=True)


def _is_below(prefix: str, key: str) -> bool:
    """Whether what a rule is for begins with a new object, which ends in `/` for a folder."""
    return bool(prefix) and (key.startswith(prefix) or (key[-1:] == "/" and prefix.startswith(key)))


def _begins_with(of: Resource, prefix: str, diff: Diff) -> bool:
    """Whether roles write below a prefix after the update, and none before: people and pipelines,
    which the plan does not know, write elsewhere."""
    writers = [_writers(plan, of, prefix) for plan in (diff.old, diff.new)]
    return bool(prefix) and not writers[0] and bool(writers[1])


def _writers(plan: Plan, of: Resource, prefix: str) -> list[str]:
    """The roles of the plan that may write below a prefix of a bucket."""
    place = f"arn:aws:s3:::{of.inputs.get('bucket')}/{prefix}"
    return [
        role.name
        for role in plan.by_type(ROLE)
        for document in documents_of(plan, role)
        for one in grants(document.statements, role.name)
        if one.allows
        and action_matches(one.action, "s3:PutObject")
        and _overlaps(one.resource, place)
    ]


def _overlaps(pattern: str, place: str) -> bool:
    """Whether a pattern of ARNs matches something that begins with `place`; also where it is not
    known."""
    fixed = pattern.partition("*")[0].partition("?")[0]
    return pattern.startswith("!") or fixed.startswith(place) or place.startswith(fixed)


def _no_loss(step: Step, one: _Expiry) -> Consequence:
    text = f"{step.resource.name} has a rule for {one.prefix}, which is new: nothing is there yet"
    return Consequence(Kind.stays, text, causes_of(step), harmless=True)


def _moved(old: Resource, new: Resource) -> bool:
    before, after = _days(old), _days(new)
    return any(one not in before or days < before[one] for one, days in after.items())


def _days(resource: Resource | None) -> Mapping[_Expiry, float]:
    """Returns the days after which each rule deletes something."""
    found: dict[_Expiry, float] = {}
    for rule in each(resource.inputs, "rules") if resource else []:
        for key in _EXPIRIES:
            days = at(rule, key)
            if days is not None and rule.get("status") == "Enabled":
                prefix = str(at(rule, "filter.prefix") or rule.get("prefix") or "")
                what = key.partition(".")[0]
                found[_Expiry(str(rule.get("id")), prefix, what)] = float(days)
    return found


def _object(step: Step, diff: Diff) -> Iterator[Consequence]:
    old = step.old
    if old is None or not step.is_deleted or old.options.retain_on_delete:
        return
    key = str(old.inputs.get("key"))
    on_nodes = any(at(one.inputs, "spec.hostPath") for one in diff.old.of_kind("PersistentVolume"))
    if key.endswith(_SENTINEL) and on_nodes:
        text = f"{step.resource.name} is deleted: nodes no longer see that their mount is readable"
        jobs = "new executors find no node with a mount that answers; pods that run keep it"
        yield Consequence(Kind.removes, text, causes_of(step), jobs=jobs)
    elif key.endswith((_SENTINEL, "/")):
        text = f"no pod reads {step.resource.name}; what is below {key} stays"
        yield Consequence(Kind.stays, text, causes_of(step), harmless=True)


def _encryption(step: Step, diff: Diff) -> Iterator[Consequence]:
    if step.new is None:
        return
    before, after = (key_arn(one) for one in (step.old, step.new))
    if after == before:
        return
    cannot = _without(diff.new, step.new, after) if after else []
    bucket = step.new.inputs.get("bucket")
    if not cannot:
        text = f"new objects of bucket {bucket} are encrypted with {after or 'the key of S3'}"
        yield Consequence(Kind.stays, text, causes_of(step), harmless=True)
        return
    text = f"{names(cannot)} cannot use {after}, with which new objects of {bucket} are encrypted"
    jobs = f"reads and writes of objects that are new in bucket {bucket} fail for {names(cannot)}"
    yield Consequence(Kind.narrower, text, causes_of(step), jobs=jobs)


def key_arn(encryption: Resource | None) -> str:
    """Returns the ARN of the KMS key of new objects; empty for S3's own."""
    found = each(encryption.inputs, "rules") if encryption else []
    return str(at(found[0], _KEY) or "") if found else ""


_KEY = "applyServerSideEncryptionByDefault.kmsMasterKeyId"


def _without(plan: Plan, encryption: Resource, key: str) -> list[str]:
    """The roles of the plan that may read the bucket's objects and may not decrypt with the key."""
    arn = f"arn:aws:s3:::{encryption.inputs.get('bucket')}/"
    found = []
    for role in plan.by_type(ROLE):
        held = [
            one
            for document in documents_of(plan, role)
            for one in grants(document.statements, role.name)
            if one.allows
        ]
        reads = any(one.action == "s3:GetObject" and one.resource.startswith(arn) for one in held)
        if reads and not any(_decrypts(one.action, one.resource, key) for one in held):
            found.append(f"role {role_name(role)}")
    return sorted(found)


def _decrypts(action: str, resource: str, key: str) -> bool:
    return action.lower() in ("kms:decrypt", "kms:*") and resource in (key, "*")


_OF: Mapping[str, Any] = {_LIFECYCLE: _lifecycle, _OBJECT: _object, _ENCRYPTION: _encryption}
