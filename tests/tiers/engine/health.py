"""Whether a platform that came up works: what its controllers and pods would run into."""

from collections.abc import Iterator

from . import health_teams
from .providers import aws_references as refs
from .providers import aws_rules, eks_rules, iam, karpenter
from .providers import kubernetes_rules as objects
from .providers.world import Thing, World

CSI_ADDON = "aws-mountpoint-s3-csi-driver"
CSI_ACCOUNT = "system:serviceaccount:kube-system:s3-csi-driver-sa"
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
SENTINEL = ".sentinel"


def complaints(world: World) -> list[str]:
    """A line for everything that does not work; empty for a healthy platform."""
    return sorted(
        {
            *world.troubles,
            *_interruptions(world),
            *_nodes(world),
            *health_teams.complaints(world),
            *(line for claim in world.all(objects.CLAIM) for line in _mount(world, claim)),
        }
    )


def _interruptions(world: World) -> Iterator[str]:
    """EventBridge drops, without a word, what the queue does not let it send."""
    for target in world.all("aws:cloudwatch/eventTarget:EventTarget"):
        queue = world.first("aws:sqs/queue:Queue", arn=target.text("arn"))
        policy = queue and world.get("aws:sqs/queuePolicy:QueuePolicy", queue.id)
        if queue is None or policy is None:
            yield f"{target.text('rule')}: events go nowhere"
        elif not iam.document_allows(
            policy.text("policy"), "sqs:SendMessage", queue.text("arn"), "events.amazonaws.com"
        ):
            yield f"{target.text('rule')}: EventBridge may not send to {queue.text('name')}"


def _nodes(world: World) -> Iterator[str]:
    for pool in world.all(karpenter.POOL):
        if world.first(refs.INSTANCE, pool=pool.id) is None:
            yield f"{pool.id}: no instance was launched"


def _mount(world: World, claim: Thing) -> Iterator[str]:
    volume = world.get(objects.VOLUME, str(claim.inputs["spec"]["volumeName"]))
    if volume is None:
        yield f"{claim.id}: its volume is gone"
    elif "csi" in volume.inputs["spec"]:
        yield from _by_driver(world, claim, volume)
    else:
        yield from _by_node(world, claim, volume)


def _by_driver(world: World, claim: Thing, volume: Thing) -> Iterator[str]:
    spec = volume.inputs["spec"]
    bucket = str(spec["csi"]["volumeAttributes"]["bucketName"])
    options = dict(option.partition(" ")[::2] for option in spec.get("mountOptions", []))
    addon = world.get(eks_rules.ADDON, f"{claim.cluster}:{CSI_ADDON}")
    role = addon and iam.role_by_arn(world, addon.text("serviceAccountRoleArn"))
    if role is None:
        yield f"{claim.id}: no CSI driver with a role"
        return
    owner = world.things[refs.CLUSTER, claim.cluster]
    issuer = owner.state["identities"][0]["oidcs"][0]["issuer"].removeprefix("https://")
    if not iam.may_assume_by_account(world, role, issuer, CSI_ACCOUNT):
        yield f"{claim.id}: {CSI_ACCOUNT} may not assume {role.id}"
    if options.get("expected-bucket-owner") != world.account:
        yield f"{claim.id}: expects a bucket of account {options.get('expected-bucket-owner')}"
    yield from _readable(world, claim, role, bucket, str(options.get("prefix", "")))


def _by_node(world: World, claim: Thing, volume: Thing) -> Iterator[str]:
    """Every node that the volume says it is on can read the JARs and is told to mount them."""
    terms = volume.inputs["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    wanted = {one["key"]: set(one["values"]) for one in terms[0]["matchExpressions"]}
    pools = [pool for pool in world.all(karpenter.POOL) if _carries(pool, wanted)]
    daemons = list(world.all(objects.DAEMON_SET))
    if not pools and not daemons:
        yield f"{claim.id}: no node carries the labels of its volume"
    for pool in pools:
        name = str(pool.inputs["spec"]["template"]["spec"]["nodeClassRef"]["name"])
        node_class = world.get(karpenter.CLASS, name)
        role = node_class and world.get(iam.ROLE, str(node_class.inputs["spec"]["role"]))
        if node_class is None or role is None:
            yield f"{pool.id}: its node class has no role"
            continue
        if not daemons and not node_class.inputs["spec"].get("userData"):
            yield f"{pool.id}: nothing mounts the JARs on its nodes"
        for bucket in _buckets_of(world, role):
            yield from _readable(world, claim, role, bucket, _prefix(world, bucket))
        if not list(_buckets_of(world, role)):
            yield f"{pool.id}: {role.id} may read no set of JARs"


def _carries(pool: Thing, wanted: dict[str, set[str]]) -> bool:
    labels = pool.inputs["spec"]["template"]["metadata"].get("labels") or {}
    return all(labels.get(key) in values for key, values in wanted.items())


def _buckets_of(world: World, role: Thing) -> Iterator[str]:
    for bucket in world.all(refs.BUCKET):
        arn, prefix = bucket.text("arn"), _prefix(world, bucket.id)
        if iam.may(world, role.id, "s3:ListBucket", arn, {"s3:prefix": prefix}):
            yield bucket.id


def _prefix(world: World, bucket: str) -> str:
    """Where the JARs of a bucket begin: beside its sentinel."""
    found = next(
        (one for one in world.all(aws_rules.OBJECT, bucket=bucket) if SENTINEL in one.text("key")),
        None,
    )
    return found.text("key").removesuffix(SENTINEL) if found else ""


def _readable(world: World, claim: Thing, role: Thing, bucket: str, prefix: str) -> Iterator[str]:
    arn, jars = f"arn:aws:s3:::{bucket}", _prefix(world, bucket)
    if not jars or not jars.startswith(prefix):
        yield f"{claim.id}: nothing below {prefix!r} of {bucket} tells a mount from an empty folder"
    if not prefix or not iam.may(world, role.id, "s3:ListBucket", arn, {"s3:prefix": prefix}):
        yield f"{claim.id}: {role.id} may not list {prefix!r} of {bucket}"
    if not iam.may(world, role.id, "s3:GetObject", f"{arn}/{jars}x/y.jar"):
        yield f"{claim.id}: {role.id} may not read {jars}x/y.jar of {bucket}"
    if iam.may(world, role.id, "s3:GetObject", f"{arn}/elsewhere/secret"):
        yield f"{claim.id}: {role.id} may read all of {bucket}"
    for key in _keys(world, bucket):
        if not iam.may(world, role.id, "kms:Decrypt", key):
            yield f"{claim.id}: {role.id} may not decrypt with {key}"


def _keys(world: World, bucket: str) -> Iterator[str]:
    for encryption in world.all(ENCRYPTION, bucket=bucket):
        path = "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId"
        yield from refs.values_at(encryption.inputs, path)
