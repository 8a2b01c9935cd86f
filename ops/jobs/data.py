"""The folders in S3 that a team's role may read and write, from the plan's policies."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from components.names import DRIVER_ACCOUNT
from ops.jobs.team import Team
from ops.plan.iam import action_matches
from ops.plan.iam_grants import Grant, grants
from ops.plan.iam_roles import assumed_by, documents_of
from ops.plan.model import Plan

_OBJECTS = ":s3:::"
_READ, _WRITE = "s3:GetObject", "s3:PutObject"


@dataclass(frozen=True)
class Rights:
    """Patterns of objects, `bucket/key`, that may be read and written."""

    readable: tuple[str, ...]
    writable: tuple[str, ...]
    event_logs: str | None = None
    """A folder that contains only event logs."""

    def may_read(self, url: str) -> bool:
        """Whether all below `s3a://bucket/folder/` may be read."""
        return _covers(self.readable, url)

    def may_write(self, url: str) -> bool:
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
    """Returns what the policies of the role that the team's drivers assume allow."""
    found = [
        grant
        for role in assumed_by(plan, f"system:serviceaccount:{team.name}:{DRIVER_ACCOUNT}")
        for document in documents_of(plan, role)
        for grant in grants(document.statements, document.resource.name)
    ]
    return Rights(_patterns(found, _READ), _patterns(found, _WRITE), team.event_logs)


def _patterns(grants: list[Grant], action: str) -> tuple[str, ...]:
    return tuple(
        one.resource.partition(_OBJECTS)[2]
        for one in grants
        if one.allows
        and action_matches(one.action, action)
        and _OBJECTS in one.resource
        and not one.resource.startswith("!")
    )


def _covers(patterns: tuple[str, ...], url: str) -> bool:
    key = f"{url.removeprefix('s3a://').rstrip('/')}/part"
    return any(fnmatchcase(key, pattern) for pattern in patterns)
