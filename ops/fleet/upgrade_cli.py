"""The command: upgrade."""

import sys
from typing import Annotated

import typer

from ops.plan.command import (
    FormatOption,
    RootOption,
    chosen_format,
    command_errors,
    option,
    project_root,
)
from ops.plan.errors import UserError
from ops.plan.waiting import waiting


def upgrade(  # noqa: PLR0917  the command's options
    fleet: Annotated[str, option("--fleet", "NAME", "The fleet.")] = "",
    old: Annotated[str, option("--from", "MEMBER", "The member of the old version.")] = "",
    new: Annotated[str, option("--to", "MEMBER", "The member of the new version.")] = "",
    step: Annotated[
        str, option("--next", "STEP", "weight, drain or destroy. Default: the next by the file.")
    ] = "",
    hours: Annotated[
        int, typer.Option("--hours", help="Runs of so many hours are compared.", min=1, max=720)
    ] = 24,
    accept: Annotated[
        list[str] | None,
        option("--accept", "WHAT", "start or cost: go on where it is not known."),
    ] = None,
    prometheus: Annotated[
        str, option("--prometheus", "NAMESPACE/SERVICE:PORT", "Of both members.")
    ] = "",
    root: RootOption = "",
    format_: FormatOption = "",
) -> None:
    """Whether the next step of a move from one member to another, of a newer Kubernetes version,
    may be taken, and how. Changes nothing. Exit code 1: it may not yet."""
    with command_errors():
        style, folder = chosen_format(format_), project_root(root)
        from ops.fleet import show, stacks, tools  # noqa: PLC0415
        from ops.fleet.clusters import Kubectl  # noqa: PLC0415
        from ops.fleet.facts import Failure, facts_of  # noqa: PLC0415
        from ops.fleet.live import PROMETHEUS, Cluster  # noqa: PLC0415
        from ops.fleet.settings import load  # noqa: PLC0415
        from ops.fleet.upgrade import Compared, Step, Upgrade  # noqa: PLC0415

        found = load(folder, fleet)
        kubectl = Kubectl()
        clusters = {
            name: Cluster(kubectl, one.context or name, prometheus or PROMETHEUS)
            for name, one in found.members.items()
        }
        for name, given, kind in (("next", [step], Step), ("accept", accept or [], Compared)):
            if wrong := [one for one in given if one and one not in list(kind)]:
                raise UserError(f"--{name} {wrong[0]}: is not one of {', '.join(kind)}")
        with waiting(f"recording {len(found.order)} members"):
            facts = facts_of(folder, found.order)
        if failed := [one for one in facts if isinstance(one, Failure)]:
            raise UserError("\n".join(one.message for one in failed))
        move = Upgrade(
            found,
            old,
            new,
            {one.name: one for one in facts if not isinstance(one, Failure)},
            stacks.default_teams(folder, found),
            clusters,
            lambda member: tools.releases(folder, member),
            hours,
            frozenset(Compared(one) for one in accept or []),
        )
        step_ = Step(step) if step else move.next_step()
        with waiting(f"asking {old} and {new}"):
            conditions = move.conditions(step_)
        sys.stdout.write(show.upgrade_text(style, step_, conditions, move.commands(step_, fleet)))
        if not all(one.lets_go_on for one in conditions):
            raise typer.Exit(1)
