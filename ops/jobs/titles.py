"""Titles that a program gives its job.

Spark writes a title as it is into its page of executors (PrometheusResource.scala of 4.0.4): one
quote in it, and Prometheus cannot read the page.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple

GOOD_TITLE = (
    "a title without double quotes, backslashes and line breaks, or none: then it is the "
    "application's name"
)
_BREAKS = ('"', "\\", "\n")


class Title(NamedTuple):
    """A title, or the part of it that stands in the program."""

    line: int
    text: str

    def lost_in(self, file: str) -> str:
        """What a job loses by it."""
        return (
            f"line {self.line} of {file} gives the job a title that Prometheus cannot read: it "
            "loses the metrics of the job's executors"
        )


def unreadable(program: str) -> Iterator[Title]:
    """Titles in a Python program that Prometheus cannot read. What is computed is not seen."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError):
        return
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and (title := _title(call)) is not None:
            parts = (one.value for one in ast.walk(title) if isinstance(one, ast.Constant))
            texts = (one for one in parts if isinstance(one, str))
            broken = next((one for one in texts if any(sign in one for sign in _BREAKS)), None)
            if broken is not None:
                yield Title(call.lineno, broken)


def _title(call: ast.Call) -> ast.expr | None:
    """`appName("x")`, `setAppName("x")`, `config("spark.app.name", "x")`, `appName="x"`."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    match name, call.args:
        case ("appName" | "setAppName", [title]):
            return title
        case ("config" | "set", [ast.Constant(value="spark.app.name"), title]):
            return title
    return next((one.value for one in call.keywords if one.arg == "appName"), None)
