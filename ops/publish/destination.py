"""Destination of releases: an export of the stack, or an explicit S3 location."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ops.plan import aws
from ops.plan.errors import UserError

if TYPE_CHECKING:
    from ops.plan.model import Plan

ROOT = Path(__file__).resolve().parents[2]

_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/((?:[A-Za-z0-9!_.*'()-]+/)*)")


@dataclass(frozen=True)
class Destination:
    """The folder of releases. `prefix` is empty or ends with a slash, `owner` is the account that
    the bucket must belong to."""

    bucket: str
    prefix: str
    region: str
    owner: str

    def key(self, release: str, name: str = "") -> str:
        """The key of an object of a release; without a name, the prefix of all objects."""
        return f"{self.prefix}{release}/{name}"

    def url(self, release: str, name: str = "") -> str:
        """The same as an s3:// URL."""
        return f"s3://{self.bucket}/{self.key(release, name)}"


def destination(stack: str, jar_set: str, url: str, region: str, owner: str) -> Destination:
    """The stack's location or the explicit one; empty text stands for an option that is not set.

    Raises UserError for a wrong request, Failed for an error of AWS.
    """
    if bool(stack) == bool(url):
        raise UserError("no destination: use --stack or --to")
    if stack and (region or owner):
        raise UserError("--region and --bucket-owner need --to; a stack has its own")
    if stack:
        return of_stack(stack, jar_set)
    region = region or aws.default_region()
    place = from_url(url, region, owner)
    return place if owner else replace(place, owner=aws.account_in(region))


def from_url(url: str, region: str, owner: str) -> Destination:
    """The explicit location. Raises UserError unless it is `s3://bucket/prefix/jars/`."""
    bucket, prefix = _split(url if url.endswith("/") else f"{url}/")
    if not f"/{prefix}".endswith("/jars/"):
        raise UserError(f"--to {url}: mounts read releases below jars/ only, s3://bucket/.../jars/")
    return Destination(bucket, prefix, region, owner)


def of_stack(stack: str, jar_set: str) -> Destination:
    """The location of one of a stack's sets of JARs. Raises UserError for an unknown set, and as
    `sets_of`."""
    found = sets_of(stack)
    if jar_set not in found:
        raise UserError(
            f"stack {stack} has no set of JARs {jar_set!r}; it has: {', '.join(sorted(found))}"
        )
    return found[jar_set]


def sets_of(stack: str, team: str = "", root: Path = ROOT) -> dict[str, Destination]:
    """The locations that the stack exports as `jarBuckets` by set, or the one that a team's jobs
    mount, for the account of the credentials.

    The program runs as in a preview, so neither the Pulumi CLI nor the stack's state is needed.
    Raises UserError for an unknown stack or team, a wrong configuration, or when the stack belongs
    to another account, PlanError when the program could not be deployed.
    """
    # Pulumi's SDKs take a second to import, and `--to` does not need them.
    from ops.plan.teams import team_jar_set  # noqa: PLC0415

    plan, account = _plan_of(stack, root)
    wanted = team_jar_set(plan, team) if team else ""
    return {
        name: Destination(*_split(url), plan.exports["region"], account)
        for name, url in plan.exports["jarBuckets"].items()
        if wanted in ("", name)
    }


def image_of(stack: str) -> str:
    """Spark's image in a stack's jobs. Raises UserError without a stack, and as `sets_of`."""
    if not stack:
        raise UserError("--archive with --to trains in an image that you name: --image")
    return str(_plan_of(stack, ROOT)[0].exports["sparkImage"])


def _plan_of(stack: str, root: Path) -> "tuple[Plan, str]":
    from ops.plan.record import record  # noqa: PLC0415
    from ops.plan.stack import load  # noqa: PLC0415

    config = load(root, stack)
    account = aws.account_in(str(config.values.get("aws:region") or "us-east-1"))
    named = str(config.own("account") or account)
    if named != account:
        raise UserError(
            f"stack {stack} belongs to account {named}, and the credentials are of {account}"
        )
    return record(root, stack, [f'account="{account}"']), account


def _split(url: str) -> tuple[str, str]:
    match = _URL.fullmatch(url)
    if not match:
        raise UserError(f"{url} is not an S3 location such as s3://bucket/spark/jars/")
    return match[1], match[2]
