"""Imports are acyclic: every tool imports ops.plan and no other tool."""

import ast
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import ops
from tests.plans import ROOT

TOOLS = ("capacity", "diff", "drill", "fleet", "jobs", "publish", "rules")
SHARED = {"ops", "components", "components.names"}


def files() -> Iterator[Path]:
    """The files of the program and of ops."""
    yield from (ROOT / f"{name}.py" for name in ("__main__", "settings", "versions"))
    yield from ROOT.glob("settings_*.py")
    for folder in ("components", "userdata", "ops"):
        # Without the packages that `make policy-pack` installs below ops/rules/pack.
        found = (ROOT / folder).rglob("*.py")
        yield from sorted(path for path in found if "venv" not in path.parts)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


PROGRAM = {module_of(path): path for path in files()}


def imports_of(module: str) -> set[str]:
    """The modules of the program and of ops that a module imports when it is loaded, or for its
    types (`if TYPE_CHECKING`)."""
    found: set[str] = set()
    path = PROGRAM[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    waiting: list[ast.stmt] = list(ast.parse(path.read_text()).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            names = {f"{base}.{alias.name}" for alias in node.names}
            inside = names & set(PROGRAM)
            found |= inside | ({base} if inside != names else set())
        elif isinstance(node, ast.If | ast.Try):
            waiting += [*node.body, *node.orelse]
    return found & set(PROGRAM)


def circles() -> list[str]:
    """Modules that import each other, directly or through others."""
    edges = {module: imports_of(module) for module in PROGRAM}
    # Without a cycle, removing modules without imports removes all modules.
    while leaves := [module for module, found in edges.items() if not found & set(edges)]:
        for module in leaves:
            del edges[module]
    while tops := [one for one in edges if not any(one in found for found in edges.values())]:
        for module in tops:
            del edges[module]
    return sorted(edges)


def strangers(tool: str, modules: set[str]) -> set[str]:
    allowed = ("ops.plan", f"ops.{tool}")
    return {
        one
        for one in modules - SHARED
        if one not in allowed and not one.startswith(tuple(f"{name}." for name in allowed))
    }


def test_every_package_of_ops_is_looked_at() -> None:
    packages = {one.name for one in pkgutil.iter_modules(ops.__path__) if one.ispkg}
    assert packages == {"plan", *TOOLS}


@pytest.mark.parametrize("tool", ["plan", *TOOLS])
def test_a_tool_names_no_other_tool_in_its_files(tool: str) -> None:
    inside = [one for one in PROGRAM if f"{one}.".startswith(f"ops.{tool}.")]
    assert strangers(tool, {name for one in inside for name in imports_of(one)}) == set()


def test_no_modules_import_each_other() -> None:
    assert circles() == []
