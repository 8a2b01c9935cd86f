"""Whose data a role of the stack reaches: JARs, event logs and shuffle files of a team."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from components.names import HISTORY_NAMESPACE, SHUFFLE_FALLBACK_ANNOTATION
from ops.plan.graph import inputs_from
from ops.plan.iam import Statement
from ops.plan.iam_roles import ROLE, documents_of, trusted_accounts
from ops.plan.model import Plan, Resource, parent_types
from ops.plan.packages import RELEASE, Package, packages
from ops.plan.values import at, each, known, mapping
from ops.plan.workloads import team_namespaces
from ops.rules.rule import Violation, rule

_BUCKET = "aws:s3/bucket:Bucket"
_JARS, _LOGS = "spark-on-eks:jars:JarBucket", "spark-on-eks:spark:EventLogs"
_LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_EXPIRIES = (
    "expiration.days",
    "noncurrentVersionExpiration.noncurrentDays",
    "abortIncompleteMultipartUpload.daysAfterInitiation",
)
_WRITES = ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutBucketPolicy")
_PRACTICE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html"


def roles_of_packages(plan: Plan) -> Iterator[tuple[Package, Resource]]:
    """Charts and add-ons with the roles that their accounts assume."""
    for package in packages(plan):
        for role in roles_of(plan, package):
            yield package, role


def roles_of(plan: Plan, package: Package) -> list[Resource]:
    """The roles that the accounts of a chart or add-on assume."""
    key = "values" if package.resource.type == RELEASE else "serviceAccountRoleArn"
    return [one for one in inputs_from(package.resource, key, plan) if one.type == ROLE]


def _buckets(plan: Plan, component: str) -> list[str]:
    return [
        str(one.inputs["bucket"])
        for one in plan.by_type(_BUCKET)
        if component in parent_types(one.urn) and known(one.inputs.get("bucket"))
    ]


def _allowed(plan: Plan, role: Resource) -> Iterator[Statement]:
    """What a role may do in S3."""
    for document in documents_of(plan, role):
        yield from (
            one
            for one in document.statements
            if one.allows and any(a.lower().startswith(("s3:", "*")) for a in one.actions)
        )


@rule(
    reason="Every job runs what the JARs hold: who writes them runs code in every team.",
    source=f"{_PRACTICE}#least-privilege",
)
def jars_not_written(plan: Plan) -> Iterator[Violation]:
    """No role of the stack may write or delete JARs: they are published from outside."""
    for bucket in _buckets(plan, _JARS):
        for role in plan.by_type(ROLE):
            for one in _allowed(plan, role):
                actions = [action for action in _WRITES if one.names_action(action)]
                if actions and any(_is_in(bucket, arn) for arn in one.resources):
                    yield Violation(role, one.sid, f"{one.sid} may {actions[0]} in {bucket}")


def _is_in(bucket: str, arn: str) -> bool:
    """Whether a pattern of resources includes the bucket or objects of it."""
    own = arn.partition(":s3:::")[2].partition("/")[0] or arn
    return fnmatchcase(bucket, own.replace("[", "[[]"))


@rule(
    reason="Event logs have a job's settings, queries and paths, and shuffle files its data: "
    "another team must not read them.",
    source=f"{_PRACTICE}#least-privilege",
)
def logs_apart(plan: Plan) -> Iterator[Violation]:
    """A team's jobs and its History Server reach that team's event logs only, and its jobs that
    team's shuffle files."""
    teams = {one.object_name for one in team_namespaces(plan)}
    for bucket in _buckets(plan, _LOGS):
        for urn, accounts in trusted_accounts(plan).items():
            role = plan.get(urn)
            owners = {team for account in accounts if (team := _team(account, teams))}
            for one in _allowed(plan, role) if role else ():
                for place in _places(one, bucket):
                    if not owners & set(place.split("*")[0].split("/")):
                        text = f"{one.sid} reaches files of others: {place or 'all'}"
                        yield Violation(role, one.sid, text)


@rule(
    reason="A History Server shows logs: one that may change them can hide what a job did.",
    source=f"{_PRACTICE}#least-privilege",
)
def history_reads_only(plan: Plan) -> Iterator[Violation]:
    """History Servers read, and change nothing in AWS."""
    for urn, accounts in trusted_accounts(plan).items():
        role = plan.get(urn)
        if role is None or not any(f":{HISTORY_NAMESPACE}:" in account for account in accounts):
            continue
        for one in _allowed(plan, role):
            for action in one.actions:
                verb = action.partition(":")[2]
                if not verb.startswith(("Get", "List", "Describe", "Decrypt")):
                    yield Violation(role, action, f"{one.sid} allows {action}")


def _team(account: str, teams: set[str]) -> str:
    """The team of a service account: of a job by its namespace, of a History Server by its name."""
    *_, namespace, name = account.split(":")
    team = name if namespace == HISTORY_NAMESPACE else namespace
    return team if team in teams else ""


def _places(statement: Statement, bucket: str) -> Iterator[str]:
    """The keys of the bucket that a statement reaches, as patterns."""
    for arn in statement.resources:
        own, slash, key = arn.partition(":s3:::")[2].partition("/")
        if not fnmatchcase(bucket, (own or arn).replace("[", "[[]")):
            continue
        listed = [one for one in statement.conditions if one.key.lower() == "s3:prefix"]
        if slash or own != bucket:
            yield key
        elif statement.names_action("s3:ListBucket"):
            yield from (value for one in listed for value in one.values) if listed else ("",)


@rule(
    reason="Spark deletes a job's shuffle files in S3 when its driver ends by itself; those of a "
    "driver that is killed stay, and are paid.",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html",
)
def fallback_expires(plan: Plan) -> Iterator[Violation]:
    """Shuffle files in S3 expire, and so do their old versions and unfinished uploads."""
    rules = [
        item
        for one in plan.by_type(_LIFECYCLE)
        if _LOGS in parent_types(one.urn)
        for item in each(one.inputs, "rules")
        if item.get("status") == "Enabled"
    ]
    for team in team_namespaces(plan):
        annotations = mapping(team.inputs, "metadata.annotations")
        folder = str(annotations.get(SHUFFLE_FALLBACK_ANNOTATION) or "")
        key = folder.removeprefix("s3a://").partition("/")[2]
        over = [item for item in rules if key.startswith(str(at(item, "filter.prefix") or ""))]
        for path in _EXPIRIES if folder else ():
            if not any(at(item, path) for item in over):
                yield Violation(team, path, f"no lifecycle rule has {path} for {folder}")


@rule(
    reason="A lifecycle rule that expires objects deletes JARs that jobs still read.",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html",
)
def jars_not_expired(plan: Plan) -> Iterator[Violation]:
    """No lifecycle rule expires or moves the current JARs."""
    for one in plan.by_type(_LIFECYCLE):
        if _JARS not in parent_types(one.urn):
            continue
        for item in each(one.inputs, "rules"):
            for key in ("expiration", "transitions", "transition"):
                days = item.get(key) if item.get("status") == "Enabled" else None
                if days and days != {"expiredObjectDeleteMarker": True}:
                    yield Violation(one, str(item.get("id")), f"{item.get('id')} has {key}")
