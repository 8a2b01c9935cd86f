"""The folders in S3 that a team's role may read and write, from the plan's policies."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from components.names import DRIVER_ACCOUNT
from ops.jobs.team import Team
from ops.plan.grants import Grant, of_document
from ops.plan.model import Plan, Resource

_OBJECTS = ":s3:::"
_READ, _WRITE = "s3:GetObject", "s3:PutObject"


@dataclass(frozen=True)
class Rights:
    """Patterns of objects, `bucket/key`, that may be read and written."""

    readable: tuple[str, ...]
    writable: tuple[str, ...]
    event_logs: str | None = None
    """A folder that is for event logs and nothing else."""

    def may_read(self, url: str) -> bool:
        """Whether all below `s3a://bucket/folder/` may be read."""
        return _covers(self.readable, url)

    def may_write(self, url: str) -> bool:
        """Whether all below `s3a://bucket/folder/` may be written."""
        return _covers(self.writable, url)

    @property
    def folder(self) -> str | None:
        """The first folder, `s3a://bucket/folder/`, that may be both read and written."""
        for pattern in self.writable:
            url = f"s3a://{pattern.removesuffix('*')}"
            if pattern.endswith("/*") and url != self.event_logs and self.may_read(url):
                return url
        return None


def rights_of(plan: Plan, team: Team) -> Rights:
    """What the policies of the role say that the team's drivers assume."""
    grants = [one for role in _roles(plan, team.name) for one in _grants(plan, role)]
    return Rights(_patterns(grants, _READ), _patterns(grants, _WRITE), team.event_logs)


def _roles(plan: Plan, team: str) -> Iterator[Resource]:
    account = f"system:serviceaccount:{team}:{DRIVER_ACCOUNT}"
    for role in plan.by_type("aws:iam/role:Role"):
        if f'"{account}"' in str(role.inputs["assumeRolePolicy"]):
            yield role


def _grants(plan: Plan, role: Resource) -> Iterator[Grant]:
    """Of the policies that stand beside the role in its component."""
    for policy in plan.by_type("aws:iam/policy:Policy"):
        if policy.parent == role.parent:
            yield from of_document(policy.inputs["policy"], policy.name)


def _patterns(grants: list[Grant], action: str) -> tuple[str, ...]:
    return tuple(
        one.resource.partition(_OBJECTS)[2]
        for one in grants
        if one.effect == "Allow" and one.action == action
    )


def _covers(patterns: tuple[str, ...], url: str) -> bool:
    key = f"{url.removeprefix('s3a://').rstrip('/')}/part"
    return any(fnmatchcase(key, pattern) for pattern in patterns)
