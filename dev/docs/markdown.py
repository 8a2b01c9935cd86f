"""Markdown tables."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: int = 0) -> str:
    """The lines of a table. After the first column, `right` columns are aligned to the right."""
    sides = ["---", *["--:"] * right, *["---"] * (len(head) - 1 - right)]
    first, *others = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return "\n".join([first, f"|{'|'.join(sides)}|", *others]) + "\n"
