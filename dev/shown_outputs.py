"""Writes the outputs of `make preview` and `make diff` in README.md and docs/, and the picture of
stack dev."""

import io
import re
import shlex

from ops.diff import text as show_diff
from ops.diff.diff import compare
from ops.diff.picture import draw
from ops.plan import tree
from tests.plans import ROOT, plan_of

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PICTURE = ROOT / "docs" / "platform.svg"

SHOWN = re.compile(
    r"^\$ make (?P<command>preview|diff) (?P<arguments>.*)\n(?P<output>(?:(?!\$ |```).*\n)+)```$",
    re.MULTILINE,
)
"""The last command of a block and its output. A command without output does not match."""


def output(command: str, arguments: str) -> str:
    """The output of `make preview` or `make diff` with `STACK=dev SET='drivers.zone=b'`."""
    given = dict(word.split("=", 1) for word in shlex.split(arguments))
    after = plan_of(given["STACK"], *([given["SET"]] if "SET" in given else []))
    stream = io.StringIO()
    if command == "preview":
        tree.render(after, stream, int(given.get("DEPTH", 0)))
    else:
        show_diff.render(compare(plan_of(given["STACK"]), after), stream)
    return stream.getvalue()


def render(page: str) -> str:
    """The page with current outputs and the same text around them."""
    return SHOWN.sub(_renewed, page)


def picture() -> str:
    """The platform as README.md shows it: `make picture STACK=dev`."""
    return draw(plan_of("dev"))


def _renewed(shown: re.Match[str]) -> str:
    command, arguments = shown["command"], shown["arguments"]
    return f"$ make {command} {arguments}\n{output(command, arguments)}```"


def main() -> None:
    """Writes the pages and the picture."""
    PICTURE.write_text(picture(), encoding="utf-8")
    for page in PAGES:
        page.write_text(render(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
