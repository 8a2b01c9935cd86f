"""The line on jobs that run: affected, not known, or not affected, the last only where each step is
known to leave them alone."""

from collections.abc import Iterator, Sequence

from ops.diff.compare import Change, names
from ops.diff.diff import Diff
from ops.diff.impact import covered
from ops.diff.impact.known import Known, grows, parts, row, speaks_of
from ops.diff.impact.model import Cause, Consequence, Kind
from ops.diff.steps import Operation, Step
from ops.plan.model import STACK_TYPE
from ops.plan.paths import covers

_SHOWN = 4
_ALONE = ("(protect)", "(retainOnDelete)", "tags", "tagsAll")
"""Options that Pulumi alone stores, and tags."""
_RIGHTS = (
    "aws:kms/key:Key",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:sqs/queuePolicy:QueuePolicy",
    *(
        f"kubernetes:rbac.authorization.k8s.io/v1:{kind}"
        for kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
    ),
)
"""Types with rights, beside those of IAM."""
_DONE = {
    Operation.create: "is created",
    Operation.delete: "is deleted",
    Operation.replace: "is replaced",
    Operation.may_replace: "may be replaced",
}


def verdict_on_jobs(diff: Diff, found: Sequence[Consequence]) -> list[Consequence]:
    """Returns what happens to the Spark jobs that run during the update: effects, and changes whose
    effect is not known; `not affected` where there is neither."""
    effects = list(dict.fromkeys(one.jobs for one in found if one.jobs))
    verdict = []
    if effects:
        # The causes are listed with the consequences that these lines come from.
        text = "jobs that run now are affected"
        verdict.append(Consequence(Kind.jobs_affected, text, (), tuple(effects)))
    # All of them end with a replaced cluster.
    ends = any(one.kind is Kind.replaces_cluster for one in found)
    if unknown := [] if ends else list(dict.fromkeys(unknown_changes(diff, found))):
        shown = names((str(cause) for cause in unknown), _SHOWN)
        what = "this change does" if len(unknown) == 1 else f"these {len(unknown)} changes do"
        text = f"what {what} to jobs that run is not known: {shown}"
        verdict.append(Consequence(Kind.jobs_unknown, text, tuple(unknown)))
    if not verdict:
        verdict.append(Consequence(Kind.jobs_unaffected, "jobs that run now are not affected"))
    return verdict


def unknown_changes(diff: Diff, found: Sequence[Consequence]) -> Iterator[Cause]:
    """Yields each change that no row of known.py covers, and each right that becomes narrower
    without a known effect."""
    narrower = {
        cause.resource
        for one in found
        if one.kind is Kind.narrower and not one.jobs and not one.harmless
        for cause in one.causes
    }
    by_another = covered.steps(diff)
    told = {cause for one in found if one.jobs or one.harmless for cause in one.causes}
    for step in diff.steps:
        resource = step.resource
        if resource.type == STACK_TYPE or not (resource.custom or resource.remote):
            continue
        if step.key in by_another:
            continue
        holds_rights = resource.type in _RIGHTS or resource.type.startswith("aws:iam/")
        paths = {cause.path for cause in told if cause.key == step.key}
        if resource.name in narrower and holds_rights and step.old is not None and not paths:
            yield Cause(resource.name, "allows less than before")
        else:
            unknown = _unknown(step, row(resource) or Known(""), paths)
            yield from (Cause(resource.name, what) for what in unknown)


def _unknown(step: Step, known: Known, told: set[str]) -> Iterator[str]:
    if step.operation is not Operation.update:
        replaced = step.operation is Operation.replace
        parts = {"create", "delete"} if replaced else {str(step.operation)}
        must = {*known.judged.split(), *known.told.split()}
        is_judged = bool(told) and str(step.operation) in must
        if not is_judged and not parts <= set(known.alone.split()):
            yield _DONE[step.operation]
        return
    changes = [*step.changes, *(Change(one.path, "", "") for one in step.propagated)]
    yield from sorted({change.path for change in changes if not _is_known(change, known, told)})


def _is_known(change: Change, known: Known, told: set[str]) -> bool:
    if grows(known.grows, change):
        return True
    patterns = f"{known.alone} {known.judged} {known.told if change.path in told else ''}"
    return all(
        any(covers(one, part.path) for one in _ALONE) or speaks_of(patterns, part.path)
        for part in parts(change)
    )
