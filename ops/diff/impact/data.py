"""Data that an update deletes: buckets and their versions, volumes, logs, keys, namespaces."""

from collections.abc import Iterator

from components.names import TEAM_LABEL
from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, causes_of, forcing_causes, merged
from ops.diff.steps import Operation, Step
from ops.plan.model import Plan, Resource
from ops.plan.values import at, each, mapping

_BUCKET = "aws:s3/bucket:Bucket"
_LOGS = "aws:cloudwatch/logGroup:LogGroup"
_KEY = "aws:kms/key:Key"
_FILES = {
    "aws:efs/fileSystem:FileSystem": "file system",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "file system",
    "aws:ebs/volume:Volume": "volume",
    "aws:ecr/repository:Repository": "image repository",
}
_HELD = (
    "fails after 10 minutes if a finalizer holds something in it; way out: end its applications "
    "and claims first, or see what is left with kubectl api-resources --namespaced"
)
_WAITS = "a driver that asks for a new executor waits while claims are made anew: {}"


_NO_CLAIM = "a driver that asks for a new executor gets none: claim {} is gone"
_OTHER_FILES = "executors that start from now on see other files in volume {} than their driver"


def rules(diff: Diff) -> Iterator[Consequence]:
    """Yields data that an update deletes permanently, and resources that it orphans."""
    for step in diff.of_type(_BUCKET):
        yield from _bucket(step)
    for step in diff.of_type("aws:s3/bucketVersioning:BucketVersioning"):
        yield from _versioning(step)
    for step in diff.of_type(_LOGS):
        yield from _logs(step)
    for step in diff.of_type(_KEY):
        yield from _key(step)
    for step in diff.of_type(*_FILES):
        if step.is_deleted and not kept(step):
            what = f"loses data: {_FILES[step.resource.type]} {step.resource.name} is deleted"
            yield Consequence(Kind.loses_data, what, forcing_causes(step))
    yield from merged(_namespaces(diff))
    yield from merged(_claims(diff))
    yield from merged(_volumes(diff))
    for step in diff.steps:
        is_part = step.resource.type.endswith("Patch")  # of an object with a step of its own
        forgotten = step.old is not None and step.old.options.retain_on_delete
        if step.operation is Operation.delete and forgotten and not is_part:
            text = f"{step.resource.name} stays in the cloud, Pulumi only forgets it"
            yield Consequence(Kind.stays, text, causes_of(step))


def kept(step: Step) -> bool:
    """Returns whether a deletion leaves it in the cloud: Pulumi forgets it, or refuses."""
    options = step.old.options if step.old is not None else None
    return options is not None and (options.retain_on_delete or options.protect)


def _bucket(step: Step) -> Iterator[Consequence]:
    old, new = step.old, step.new
    if old is None:
        return
    name = str(old.inputs.get("bucket") or old.name)
    if step.is_deleted and not kept(step):
        if old.inputs.get("forceDestroy"):
            text = f"loses data: bucket {name} is deleted with every object in it"
            jobs = f"what they read from bucket {name} is gone"
            yield Consequence(Kind.loses_data, text, forcing_causes(step), jobs=jobs)
        else:
            text = (
                f"fails: S3 does not delete bucket {name} while it holds objects; way out: empty "
                "it, or set forceDestroy first"
            )
            yield Consequence(Kind.fails, text, forcing_causes(step))
    elif new and new.inputs.get("forceDestroy") and not old.inputs.get("forceDestroy"):
        text = f"a destroy would delete the objects of bucket {name} too"
        yield Consequence(Kind.guard, text, causes_of(step, "forceDestroy"))


def _versioning(step: Step) -> Iterator[Consequence]:
    status = "versioningConfiguration.status"
    before = step.old and at(step.old.inputs, status)
    after = step.new and at(step.new.inputs, status)
    if before == "Enabled" and after != "Enabled":
        text = f"{step.resource.name}: what is overwritten or deleted can no longer be brought back"
        yield Consequence(Kind.guard, text, causes_of(step))


def _logs(step: Step) -> Iterator[Consequence]:
    was = step.old or step.resource
    name = str(was.inputs.get("name") or was.name)
    if step.is_deleted and not kept(step) and not step.resource.inputs.get("skipDestroy"):
        text = f"loses data: log group {name} is deleted with its logs"
        yield Consequence(Kind.loses_data, text, forcing_causes(step))
    elif step.old is not None and step.new is not None:
        # 0 days means no expiry.
        was, now = (
            float(one.inputs.get("retentionInDays") or 0) or float("inf")
            for one in (step.old, step.new)
        )
        if now < was:
            text = f"loses data: logs in {name} older than {now:g} days are deleted"
            yield Consequence(Kind.loses_data, text, causes_of(step, "retentionInDays"))


def _key(step: Step) -> Iterator[Consequence]:
    is_off = step.new is not None and step.new.inputs.get("isEnabled") in (False, "false")
    if step.operation is Operation.update and step.touches("isEnabled") and is_off:
        text = f"KMS key {step.resource.name} is disabled: nothing can be read or written with it"
        jobs = f"reads of what KMS key {step.resource.name} encrypted fail"
        yield Consequence(Kind.ends_jobs, text, causes_of(step, "isEnabled"), jobs=jobs)
    if not step.is_deleted or kept(step) or step.old is None:
        return
    # docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html: 30 days by default.
    days = float(step.old.inputs.get("deletionWindowInDays") or 30)
    text = (
        f"loses data: KMS key {step.old.name} is scheduled for deletion in {days:g} days; "
        "nothing can read what it encrypted from now on"
    )
    jobs = f"reads of what KMS key {step.old.name} encrypted fail"
    yield Consequence(Kind.loses_data, text, forcing_causes(step), jobs=jobs)


def _namespaces(diff: Diff) -> Iterator[tuple[str, Consequence]]:
    for step in diff.of_kind("Namespace"):
        if step.is_deleted and not kept(step) and step.old is not None:
            text = "deletes namespace {} with everything in it"
            ends, causes = "all pods in namespace {} end", forcing_causes(step)
            if TEAM_LABEL in mapping(step.old.inputs, "metadata.labels"):
                one = Consequence(Kind.ends_jobs, text, causes, (_HELD,), jobs=ends)
            else:
                one = Consequence(Kind.removes, f"{text}, which no team has: {ends}", causes)
            yield step.resource.object_name, one


def _claims(diff: Diff) -> Iterator[tuple[str, Consequence]]:
    gone = {step.resource.object_name for step in diff.of_kind("Namespace") if step.is_deleted}
    for step in diff.of_kind("PersistentVolumeClaim"):
        if step.old is None or not step.is_deleted:
            continue
        namespace = str(at(step.old.inputs, "metadata.namespace") or "default")
        name = f"{namespace}/{step.old.object_name}"
        lost = _volume_is_deleted(step.old, diff.old)
        if lost:
            text = f"loses data: the volume of claim {{}} is deleted ({lost})"
            yield name, Consequence(Kind.loses_data, text, forcing_causes(step))
        if step.operation is Operation.replace:
            # Kubernetes keeps a claim while a pod uses it; new pods cannot use a claim in deletion.
            text = (
                "makes claims anew: {}; the update waits until no pod uses them, and new pods "
                "cannot start meanwhile"
            )
            yield name, Consequence(Kind.claims_wait, text, forcing_causes(step), jobs=_WAITS)
        elif namespace not in gone:
            text = "removes claims: {}; the update waits until no pod uses them"
            yield name, Consequence(Kind.claims_wait, text, causes_of(step), jobs=_NO_CLAIM)


def _volumes(diff: Diff) -> Iterator[tuple[str, Consequence]]:
    for step in diff.of_kind("PersistentVolume"):
        if step.operation is not Operation.update or step.old is None or step.new is None:
            continue
        name, policy = step.resource.object_name, "spec.persistentVolumeReclaimPolicy"
        if step.touches("spec.mountOptions", "spec.csi", "spec.hostPath"):
            text = "new pods mount volume {} as it is now; pods that run keep what they have"
            jobs = "" if _source(step.old) == _source(step.new) else _OTHER_FILES
            yield name, Consequence(Kind.new_pods, text, causes_of(step), jobs=jobs)
        if step.touches(policy) and at(step.new.inputs, policy) == "Delete":
            text = "the data of volume {} is deleted with its claim from now on"
            yield name, Consequence(Kind.guard, text, causes_of(step, policy))


def _source(volume: Resource) -> list[str]:
    """What decides which files a volume of S3 shows: its bucket, region and prefix."""
    options = [str(one) for one in each(volume.inputs, "spec.mountOptions")]
    named = [one for one in options if one.removeprefix("--").startswith(("prefix", "region"))]
    return [*sorted(named), str(at(volume.inputs, "spec.csi.volumeAttributes.bucketName"))]


def _volume_is_deleted(claim: Resource, plan: Plan) -> str:
    """Returns why the volume is deleted with its claim; empty if it is retained."""
    spec = mapping(claim.inputs, "spec")
    for volume in plan.of_kind("PersistentVolume"):
        if volume.object_name == spec.get("volumeName"):
            policy = at(volume.inputs, "spec.persistentVolumeReclaimPolicy")
            return "reclaim policy Delete" if policy == "Delete" else ""
    class_name = spec.get("storageClassName")
    if class_name == "" or spec.get("volumeName"):
        return ""
    for found in plan.of_kind("StorageClass"):
        if found.object_name == class_name:
            policy = found.inputs.get("reclaimPolicy", "Delete")
            return f"class {class_name} has reclaim policy Delete" if policy == "Delete" else ""
    return f"class {class_name or 'of the cluster'} is not in the plan, the usual policy is Delete"
