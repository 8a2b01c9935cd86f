"""Updates the outputs in README.md and docs/: those of `make preview`, `make diff` and `make
picture`."""

import io
import re
import shlex

from ops.diff import text as show_diff
from ops.diff.diff import compare
from ops.diff.mermaid import chart_of, to_mermaid
from ops.plan import tree
from tests.plans import ROOT, plan_of

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
"""The pages with outputs."""

SHOWN = re.compile(
    r"^\$ make (?P<command>preview|diff) (?P<arguments>.*)\n(?P<output>(?:(?!\$ |```).*\n)+)```$",
    re.MULTILINE,
)
"""The last command of a block, with its output: a command without output does not match."""
PICTURES = re.compile(
    r"(?P<head>^<!-- make picture STACK=(?P<stack>[a-z-]+) -->\n\n```mermaid\n)(?P<chart>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
"""A Mermaid chart, after a comment with the command that prints it."""


def output(command: str, arguments: str) -> str:
    """The output of `make preview` or `make diff` with arguments such as `STACK=dev
    SET='drivers.zone=b'`."""
    given = dict(word.split("=", 1) for word in shlex.split(arguments))
    after = plan_of(given["STACK"], *([given["SET"]] if "SET" in given else []))
    stream = io.StringIO()
    if command == "preview":
        tree.render(after, stream, int(given.get("DEPTH", 0)))
    else:
        show_diff.render(compare(plan_of(given["STACK"]), after), stream)
    return stream.getvalue()


def render(page: str) -> str:
    """The page with current outputs; the rest is unchanged."""
    page = SHOWN.sub(_renewed, page)
    return PICTURES.sub(lambda shown: f"{shown['head']}{picture(shown['stack'])}```", page)


def picture(stack: str) -> str:
    """The output of `make picture` for a stack."""
    return to_mermaid(chart_of(plan_of(stack)))


def _renewed(shown: re.Match[str]) -> str:
    command, arguments = shown["command"], shown["arguments"]
    return f"$ make {command} {arguments}\n{output(command, arguments)}```"


def main() -> None:
    """Writes the pages."""
    for page in PAGES:
        page.write_text(render(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
