"""Fleets, their diffs and where a run went, as text, Markdown and JSON."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ops.fleet.checks import Problem
from ops.fleet.facts import Facts
from ops.fleet.publish import Copy, Everywhere
from ops.fleet.settings import Accepts, Fleet
from ops.fleet.submit import Sent
from ops.fleet.upgrade import Condition
from ops.plan.command import Format, table
from ops.plan.markdown import escape
from ops.plan.text import columns

_HEAD = ["roll-out", "member", "Region", "VPC", "Kubernetes", "takes jobs", "weight", "teams"]
_LIMIT = 65_000
"""Characters of a comment; GitHub takes 65,536."""
_LEVELS = ("danger", "disruption", "attention", "note")
"""Of `make diff`, the gravest first."""


def fleet_text(
    style: Format, fleet: Fleet, facts: Sequence[Facts], problems: Sequence[Problem]
) -> str:
    """Returns the members in the order of a roll-out, and the problems."""
    if style is Format.json:
        members = [dict(zip(_HEAD, row, strict=True)) for row in _members(fleet, facts)]
        listed = [one._asdict() for one in problems]
        return _json({"members": members, "problems": listed})
    text = aligned(_HEAD, _members(fleet, facts), style)
    if not problems:
        return f"{text}\nno problem between members\n"
    rows = [[one.check, one.where, one.text] for one in problems]
    count = "1 problem" if len(rows) == 1 else f"{len(rows)} problems"
    return f"{text}\n{count} between members\n\n{_listed(rows, style)}"


def _members(fleet: Fleet, facts: Sequence[Facts]) -> list[list[str]]:
    by_name = {one.name: one for one in facts}
    rows = []
    for position, name in enumerate(fleet.order, 1):
        member, one = fleet.members[name], by_name.get(name)
        teams = [team for team in fleet.teams if name in fleet.of_team(team)]
        rows.append([
            str(position),
            name,
            (one.region if one else "") or "not known",
            (one.block or "given") if one else "not known",
            (one.kubernetes or "given") if one else "not known",
            {Accepts.yes: "yes", Accepts.no: "no"}.get(member.accept_jobs, "standby"),
            str(member.weight),
            ", ".join(teams) or "none",
        ])  # fmt: skip
    return rows


def diff_text(style: Format, name: str, base: str, found: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns what a change does to each member, in the order of the roll-out: a line each, then
    each consequence with the members that have it. Markdown is a comment for a pull request:
    its first line is the marker by which a workflow finds it again, and the least serious
    consequences are left out where it would be longer than GitHub allows."""
    if style is Format.json:
        return _json({"base": base, "members": dict(found)})
    as_comment = style is Format.markdown
    safe = escape if as_comment else str
    rows = [
        [str(i), *map(safe, (member, *_line(one)))]
        for i, (member, one) in enumerate(found.items(), 1)
    ]
    head = ["roll-out", "member", "gravest", "jobs that run", "changes"]
    parts = [table(head, rows) if as_comment else aligned(head, rows, style)]
    if as_comment:
        parts.insert(0, f"<!-- spark-on-eks: fleet {name} -->\n## Fleet {name}\n")
    for level, lines in _by_level(found):
        heading = f"**{level}**" if as_comment else level
        parts.append("\n".join([heading, *(f"- {safe(line)}" for line in lines)]) + "\n")
    text = "\n".join(parts)
    if not as_comment or len(text) <= _LIMIT:
        return text
    kept = text[:_LIMIT].rpartition("\n")[0]
    left = text.count("\n") - kept.count("\n") - 1
    return f"{kept}\n\n{left} more lines: make fleet-diff FLEET={name} BASE=...\n"


def _by_level(found: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """Consequences by level, the gravest first, each with its members."""
    shared: dict[tuple[str, str], dict[str, str]] = {}
    for member, one in found.items():
        name = re.compile(rf"(?<![A-Za-z0-9]){re.escape(member)}(?![A-Za-z0-9])")
        # What a new member has says nothing of a change.
        for consequence in () if one.get("note") else one.get("consequences", ()):
            text = consequence["text"]
            alike = name.sub("<member>", text)
            shared.setdefault((consequence["level"], alike), {})[member] = text
    for level in _LEVELS:
        lines = [
            # Where all say the same, a word that is also a member's name stays.
            f"{alike if len({*texts.values()}) > 1 else next(iter(texts.values()))} "
            f"({', '.join(texts)})"
            for (of, alike), texts in shared.items()
            if of == level
        ]
        if lines:
            yield level, lines


def _line(one: Mapping[str, Any]) -> list[str]:
    if "error" in one:
        return ["cannot be compared", "not known", _one_line(str(one["error"]))[:120]]
    consequences = one["consequences"]
    changes = sum(one["summary"].values())
    if not changes:
        return ["no change", "not affected", "0"]
    kinds = {each["kind"] for each in consequences}
    jobs = "affected" if "jobs-affected" in kinds else "not known"
    if not kinds & {"jobs-affected", "jobs-unknown"}:
        jobs = "not affected" if "jobs-unaffected" in kinds else "not known"
    elif {"jobs-affected", "jobs-unknown"} <= kinds:
        jobs = "affected, in part not known"
    if one.get("note") == "a new stack":
        return ["new", "not affected: there are none", str(changes)]
    gravest = min((_LEVELS.index(each["level"]) for each in consequences), default=3)
    return [_LEVELS[gravest], jobs, str(changes)]


def sent_text(style: Format, sent: Sent, verb: str = "is on") -> str:
    """Returns where a run is, or would go, and why."""
    if style is Format.json:
        return _json(vars(sent))
    lines = [f"{sent.name} {verb} {sent.member}: {sent.reason}", *sent.notes]
    return "".join(f"{line}\n" for line in lines)


def copies_text(style: Format, release: str, copies: Sequence[Copy]) -> str:
    """Returns which members have a release."""
    if style is Format.json:
        return _json({"release": release, "members": [vars(one) for one in copies]})
    rows = [
        [one.member, f"not published: {_one_line(one.error)}" if one.error else "has it"]
        for one in copies
    ]
    return aligned(["member", f"release {release}"], rows, style)


def releases_text(style: Format, found: Everywhere) -> str:
    """Returns a line for each release with its state on each member, and why one is not known."""
    if style is Format.json:
        return _json([
            {"member": one.member, "releases": dict(one.releases), "error": one.error}
            for one in found.members
        ])  # fmt: skip
    head = ["release", *(one.member for one in found.members)]
    rows = [[name, *(found.state(one, name) for one in found.members)] for name in found.names]
    unknown = [
        f"{one.member} is not known: {_one_line(one.error)}\n" for one in found.members if one.error
    ]
    listed = aligned(head, rows, style) if rows else "no release\n"
    if not unknown:
        return listed
    return "\n".join([*([listed] if rows else []), "".join(unknown)])


def upgrade_text(
    style: Format, step: str, conditions: Sequence[Condition], commands: Sequence[str]
) -> str:
    """Returns what must hold before a step, and how it is taken if it does."""
    ready = all(one.lets_go_on for one in conditions)
    if style is Format.json:
        listed = [vars(one) for one in conditions]
        return _json({"step": step, "ready": ready, "conditions": listed, "commands": [*commands]})
    words = {True: "yes", False: "no", None: "not known"}
    rows = [
        [
            "not known, accepted" if one.holds is None and one.accepted else words[one.holds],
            one.what,
            _one_line(one.seen),
        ]
        for one in conditions
    ]
    table_ = aligned(["holds", "condition", "seen"], rows, style)
    if ready:
        return f"{table_}\n{step}: may be taken\n" + "".join(f"- {one}\n" for one in commands)
    wait = sum(not one.lets_go_on for one in conditions)
    count = "1 condition does" if wait == 1 else f"{wait} conditions do"
    return f"{table_}\n{step}: not yet, {count} not hold\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]], style: Format) -> str:
    """Returns a Markdown table, or columns of text."""
    if style is Format.markdown:
        return table(head, [[cell.replace("|", "\\|") for cell in row] for row in rows])
    return "".join(f"{line[2:]}\n" for line in columns([head, *rows]))


def _listed(rows: Sequence[Sequence[str]], style: Format) -> str:
    if style is Format.markdown:
        return aligned(["check", "where", "problem"], rows, style)
    return "".join(f"{check}  {where}\n  {text}\n" for check, where, text in rows)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
