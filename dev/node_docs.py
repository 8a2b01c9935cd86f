"""Writes the sizes of user data in docs/testing-node.md from the stacks' plans."""

import re

from tests.plans import ROOT
from tests.user_data import sizes

PAGE = ROOT / "docs" / "testing-node.md"
_TABLE = re.compile(r"(<!-- made by `make docs`: sizes -->\n).*?(<!-- end -->)", re.DOTALL)


def render(page: str) -> str:
    """The page with a new table and the same text around it."""
    rows = ["| node | bytes | base64 |", "|---|---|---|"]
    rows += [f"| {name} | {size} | {encoded} |" for name, (size, encoded) in sizes().items()]
    table = "\n".join(rows)
    return _TABLE.sub(lambda found: f"{found[1]}{table}\n{found[2]}", page)


def main() -> None:
    """Writes the page."""
    PAGE.write_text(render(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
