"""A plan as a tree by component: one line per resource, no inputs."""

import io
import json
import math
from collections import Counter
from typing import IO, Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from ops.plan.command import fenced
from ops.plan.model import Plan, Resource

_WIDE = 10_000
"""A width that no line exceeds."""


class _Console(Console):
    """Raises BrokenPipeError for a closed pipe, for which rich would exit with code 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(stream: IO[str]) -> Console:
    """Returns a console that colours a terminal and writes plain unwrapped text into a pipe."""
    if stream.isatty():
        return _Console(file=stream, highlight=False)
    return _Console(file=stream, highlight=False, no_color=True, width=_WIDE, force_terminal=False)


def render(plan: Plan, stream: IO[str], depth: int = 0) -> None:
    """Writes the tree of the plan, then its exports and notes; `depth` limits the levels, and the
    deepest ones show the number of resources below them."""
    out = console(stream)
    root = Tree(_headline(plan), guide_style="dim")
    for resource in _ordered(plan.children()):
        _add(root, plan, resource, depth or math.inf)
    out.print(root, soft_wrap=True)
    for title, lines in (("exports", sorted(plan.exports)), ("notes", plan.notes)):
        if lines:
            out.print(Text(f"\n{title}", style="bold"))
            for line in lines:
                out.print(Text(f"  {line}"), soft_wrap=True)


def markdown(plan: Plan, depth: int = 0) -> str:
    """Returns the tree as a code block, under a heading."""
    stream = io.StringIO()
    render(plan, stream, depth)
    return f"### {plan.project}/{plan.stack}\n\n{fenced(stream.getvalue(), 'text')}"


def to_json(plan: Plan, depth: int = 0) -> str:
    """Returns the tree as JSON: each resource with its flags and children, without inputs."""
    content = {
        "project": plan.project,
        "stack": plan.stack,
        "resources": len(plan.resources),
        "packages": counts(plan),
        "tree": [_as_data(plan, one, depth or math.inf) for one in _ordered(plan.children())],
        "exports": sorted(plan.exports),
        "notes": list(plan.notes),
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def flags(resource: Resource) -> list[str]:
    """Returns words for a resource's options that differ from the defaults."""
    options = resource.options
    words = {
        "read": resource.external,
        "remote": resource.remote,
        "import": bool(options.import_id) and not resource.external,
        "protect": options.protect,
        "retain": options.retain_on_delete,
        "delete-before-replace": options.delete_before_replace,
    }
    found = [word for word, present in words.items() if present]
    if options.ignore_changes:
        found.append(f"ignores {','.join(options.ignore_changes)}")
    return found


def counts(plan: Plan) -> dict[str, int]:
    """Returns how many resources each provider package has, components and providers apart."""
    found: Counter[str] = Counter()
    for resource in plan.resources:
        if resource.is_provider:
            found["providers"] += 1
        elif resource.custom or resource.remote:
            found[resource.package] += 1
        else:
            found["components"] += 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _headline(plan: Plan) -> Text:
    text = Text.assemble((f"{plan.project}/{plan.stack}", "bold"))
    by_package = ", ".join(f"{package} {count}" for package, count in counts(plan).items())
    text.append(f"  {plural(len(plan.resources), 'resource')}")
    if by_package:
        text.append(f" ({by_package})", style="dim")
    return text


def _as_data(plan: Plan, resource: Resource, depth: float) -> dict[str, Any]:
    children = plan.children(resource.urn)
    data: dict[str, Any] = {"name": resource.name, "type": resource.type, "flags": flags(resource)}
    if children:
        data["below"] = _below(plan, resource)
    if children and depth > 1:
        data["children"] = [_as_data(plan, one, depth - 1) for one in _ordered(children)]
    return data


def _add(tree: Tree, plan: Plan, resource: Resource, depth: float) -> None:
    children = plan.children(resource.urn)
    branch = tree.add(_line(resource, _below(plan, resource) if children else 0))
    for child in _ordered(children) if depth > 1 else ():
        _add(branch, plan, child, depth - 1)


def _line(resource: Resource, below: int) -> Text:
    is_component = not resource.custom
    text = Text(resource.name, style="bold cyan" if is_component else "")
    text.append(f"  {resource.short_type}", style="dim")
    for word in flags(resource):
        text.append(f"  {word}", style="yellow")
    if below:
        text.append(f"  {plural(below, 'resource')}", style="green")
    return text


def _below(plan: Plan, resource: Resource) -> int:
    return sum(1 + _below(plan, child) for child in plan.children(resource.urn))


def _ordered(resources: tuple[Resource, ...]) -> list[Resource]:
    """Components first, then by type and name."""
    return sorted(resources, key=lambda r: (r.custom, r.short_type if r.custom else "", r.name))


def plural(count: int, what: str) -> str:
    """Returns `1 resource`, `2 resources`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
