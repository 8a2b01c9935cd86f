"""Expressions as Prometheus' own parser reads them."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.tiers.programs import ROOT, built

HOW_TO_GET = "needs Go 1.26 and a Go module proxy to build Prometheus"


@cache
def tools() -> Path:
    """The folder that dev/metrics/build prints. Raises RuntimeError when it cannot be built."""
    return built(ROOT / "dev" / "metrics" / "build", HOW_TO_GET)


@dataclass(frozen=True)
class Matcher:
    """One of a selector's conditions: `op` is =, !=, =~ or !~."""

    name: str
    op: str
    value: str


@dataclass(frozen=True)
class Node:
    """A node of an expression's tree; what its kind does not have is empty."""

    kind: str
    """selector, call, aggregate, binary, unary, number, string."""
    name: str = ""
    """Of the metric, function or operator."""
    text: str = ""
    """Of a string."""
    matchers: tuple[Matcher, ...] = ()
    labels: tuple[str, ...] = ()
    """Of by, without, on or ignoring."""
    without: bool = False
    on: bool = False
    card: str = ""
    """How many elements of the sides match: one-to-one, many-to-one, one-to-many, many-to-many."""
    include: tuple[str, ...] = ()
    """Of group_left or group_right."""
    children: tuple["Node", ...] = ()


def parsed(expressions: Sequence[str]) -> list[Node]:
    """The tree of each. Raises ValueError with the expression and what the parser says."""
    command = [tools() / "exprs"]
    done = subprocess.run(
        command, input=json.dumps(list(expressions)), capture_output=True, text=True, check=True
    )
    return [
        _node(one, text) for one, text in zip(json.loads(done.stdout), expressions, strict=True)
    ]


def _node(read: dict[str, Any], text: str) -> Node:
    if "error" in read:
        raise ValueError(f"{text}: {read['error']}")
    matchers = tuple(Matcher(**one) for one in read.pop("matchers", []))
    children = tuple(_node(one, text) for one in read.pop("children", []))
    lists = {key: tuple(read.pop(key)) for key in ("labels", "include") if key in read}
    return Node(**read, **lists, matchers=matchers, children=children)
