"""Places the boxes of a graph in rows, so that every edge leads down and few cross.

A small layered layout (Sugiyama): rows by the longest way down, a place kept free in every row
that an edge passes, rows ordered by the middle of their neighbours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_SWEEPS = 8


Point = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """A box to place: its name, tier, width, height and the names above it."""

    name: str
    tier: int
    width: float
    height: float
    above: tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    """The upper left corner of every box, the edges as points, the bands of the tiers."""

    boxes: Mapping[str, Point]
    edges: tuple[tuple[Point, ...], ...]
    bands: Mapping[int, tuple[float, float]]
    width: float
    height: float


@dataclass(frozen=True)
class Spacing:
    """The distances of a drawing; a row has at most `per_row` boxes."""

    per_row: int = 4
    column: float = 28
    row: float = 34
    band: float = 44
    lane: float = 18
    margin: float = 40


@dataclass(frozen=True)
class _Ends:
    """Where rows and boxes begin and end."""

    tops: Sequence[float]
    heights: Sequence[float]
    row_of: Mapping[str, int]
    nodes: Mapping[str, Node]

    def bottom_of(self, name: str) -> float:
        return self.tops[self.row_of[name]] + self.nodes[name].height


def place(nodes: Sequence[Node], spacing: Spacing, top: float) -> Placed:
    """Returns where everything goes. `nodes` come after those above them."""
    by_name = {node.name: node for node in nodes}
    row_of = _rows(nodes, spacing.per_row)
    rows, chains = _with_lanes(nodes, row_of)
    _untangle(rows, chains)
    sizes = {name: by_name[name].width if name in by_name else spacing.lane for name in _all(rows)}
    lefts = _lefts(rows, sizes, spacing)

    tier_of_row = {row_of[node.name]: node.tier for node in nodes}
    heights = [max(by_name[name].height for name in row if name in by_name) for row in rows]
    tops: list[float] = []
    bands: dict[int, tuple[float, float]] = {}
    y = top
    for index, height in enumerate(heights):
        tier = tier_of_row[index]
        if tier not in bands:
            y += spacing.band if bands else 0
        tops.append(y)
        first = bands[tier][0] if tier in bands else y
        bands[tier] = (first, y + height)
        y += height + spacing.row
    right = max(lefts[name] + sizes[name] for name in lefts)
    boxes = {node.name: (lefts[node.name], tops[row_of[node.name]]) for node in nodes}
    ends = _Ends(tops, heights, row_of, by_name)
    edges = tuple(_chain_points(chain, lefts, sizes, ends) for chain in chains)
    return Placed(boxes, edges, bands, right + spacing.margin, y - spacing.row + spacing.margin)


def _rows(nodes: Sequence[Node], per_row: int) -> dict[str, int]:
    """Returns the row of every node: below everything above it, tiers never side by side."""
    row_of: dict[str, int] = {}
    start = 0
    for tier in sorted({node.tier for node in nodes}):
        for node in nodes:
            if node.tier == tier:
                row = max([start, *(row_of[name] + 1 for name in node.above)])
                while sum(other == row for other in row_of.values()) >= per_row:
                    row += 1
                row_of[node.name] = row
        start = max(row_of.values()) + 1
    return row_of


def _with_lanes(
    nodes: Sequence[Node], row_of: Mapping[str, int]
) -> tuple[list[list[str]], list[list[str]]]:
    """Returns the rows with lanes for passing edges, and every edge as a chain of places."""
    rows: list[list[str]] = [[] for _ in range(max(row_of.values()) + 1)]
    for node in nodes:
        rows[row_of[node.name]].append(node.name)
    chains: list[list[str]] = []
    for node in nodes:
        for above in node.above:
            chain = [above]
            for row in range(row_of[above] + 1, row_of[node.name]):
                lane = f"{above}>{row}"  # edges from one box share their lane
                if lane not in rows[row]:
                    rows[row].append(lane)
                chain.append(lane)
            chains.append([*chain, node.name])
    return rows, chains


def _untangle(rows: list[list[str]], chains: list[list[str]]) -> None:
    """Orders every row by the middle of its neighbours in the row before, down and up again."""
    upward: dict[str, set[str]] = {}
    downward: dict[str, set[str]] = {}
    for chain in chains:
        for above, below in pairwise(chain):
            upward.setdefault(below, set()).add(above)
            downward.setdefault(above, set()).add(below)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        neighbours = upward if down else downward
        indices = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for index in indices:
            nearby = rows[index - 1 if down else index + 1]
            fixed = {name: place for place, name in enumerate(nearby)}
            places = {name: place for place, name in enumerate(rows[index])}
            rows[index].sort(key=lambda name: _middle(name, neighbours, fixed, places))


def _middle(
    name: str,
    neighbours: Mapping[str, set[str]],
    fixed: Mapping[str, int],
    places: Mapping[str, int],
) -> float:
    near = [fixed[other] for other in neighbours.get(name, ()) if other in fixed]
    return sum(near) / len(near) if near else float(places[name])


def _lefts(rows: list[list[str]], sizes: Mapping[str, float], spacing: Spacing) -> dict[str, float]:
    """Returns the left edge of every place; rows are centred."""
    widths = [sum(sizes[n] for n in row) + spacing.column * (len(row) - 1) for row in rows]
    whole = max(widths)
    lefts: dict[str, float] = {}
    for row, width in zip(rows, widths, strict=True):
        x = spacing.margin + (whole - width) / 2
        for name in row:
            lefts[name] = round(x, 1)
            x += sizes[name] + spacing.column
    return lefts


def _chain_points(
    chain: list[str], lefts: Mapping[str, float], sizes: Mapping[str, float], ends: _Ends
) -> tuple[Point, ...]:
    above, *lanes, below = chain
    points = [(lefts[above] + sizes[above] / 2, ends.bottom_of(above))]
    for lane in lanes:
        row = int(lane.rsplit(">", 1)[1])
        middle = lefts[lane] + sizes[lane] / 2
        points += [(middle, ends.tops[row]), (middle, ends.tops[row] + ends.heights[row])]
    return (*points, (lefts[below] + sizes[below] / 2, ends.tops[ends.row_of[below]]))


def _all(rows: list[list[str]]) -> list[str]:
    return [name for row in rows for name in row]
