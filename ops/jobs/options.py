"""Options that the commands on jobs share, and the plan that they name."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.jobs.team import NO_ACCOUNT
from ops.plan.command import (
    complete_teams,
    option,
    project_root,
    recorded,
    require_stack,
    without_empty,
)
from ops.plan.errors import UserError

if TYPE_CHECKING:
    from ops.plan.archives import Archive
    from ops.plan.model import Plan

_ACCOUNT = re.compile(r"[0-9]{12}")

TeamOption = Annotated[
    str,
    option(
        "--team", "NAME", "A team of the stack: spark.teams[].name.", autocompletion=complete_teams
    ),
]
ReleaseOption = Annotated[str, option("--release", "NAME", "A published release of JARs.")]
ArchiveOption = Annotated[
    str,
    option("--archive", "FILE", "The archive.json of the release's class-data archive."),
]
AccountOption = Annotated[
    str, typer.Option("--account", help="The AWS account, if the stack names none.")
]


def plan_for(stack: str, sets: list[str] | None, root: str, account: str) -> "Plan":
    """The stack's plan, for the stack's account, else `account`, else a placeholder."""
    from ops.plan.stack import load  # noqa: PLC0415  keeps the start of a command fast

    require_stack(stack, root, "STACK=")
    if account and not _ACCOUNT.fullmatch(account):
        raise UserError(f"ACCOUNT={account} is not an AWS account: it has 12 digits")
    overrides = without_empty(sets)
    named = str(load(project_root(root), stack, overrides).own("account") or "")
    if account and named and account != named:
        raise UserError(f"ACCOUNT={account}: stack {stack} belongs to account {named}")
    if not named:
        overrides.append(f'account="{account or NO_ACCOUNT}"')
    return recorded(stack, overrides, root)


def archive_in(file: str) -> "Archive | None":
    """The archive that a file describes; None without one. Raises UserError."""
    from ops.plan.archives import Archive  # noqa: PLC0415

    if not file:
        return None
    try:
        return Archive.from_json(Path(file).read_bytes(), file)
    except OSError as error:
        raise UserError(f"ARCHIVE={file}: {error.strerror}") from None


def refuse_placeholder(text: str, what: str, stack: str) -> None:
    """Raises UserError if the text has the placeholder of an account."""
    if NO_ACCOUNT in text:
        raise UserError(
            f"{what} needs the account id for a bucket's name, and stack {stack} "
            f"sets none: ACCOUNT=, or spark-on-eks:account in stacks/Pulumi.{stack}.yaml"
        )
