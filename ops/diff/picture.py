"""The platform as an SVG picture: components, what is in them, and what stands on what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from ops.diff import picture_diff
from ops.diff.diff import Diff
from ops.diff.layout import Node, Placed, Point, Spacing, place
from ops.diff.text import summary
from ops.plan.components import Component, Tier, components
from ops.plan.model import Plan

_FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
_INK, _QUIET, _LINE = "#1f2937", "#6b7280", "#9ca3af"
_BOX = 400.0
_HEAD, _LINE_HEIGHT, _FOOT = 34.0, 17.0, 10.0
_LINES, _LINE_LENGTH = 2, 60
_TOP = 134.0
_BAND_PAD = 20.0


@dataclass(frozen=True)
class _Look:
    """The title of a tier and its colours: the band's, the accent's."""

    title: str
    band: str
    accent: str


_LOOKS = {
    Tier.network: _Look("Network", "#ecfdf5", "#047857"),
    Tier.cloud: _Look("Cluster and nodes, on AWS", "#fff7ed", "#c2410c"),
    Tier.cluster: _Look("In the cluster, on Kubernetes", "#eff6ff", "#1d4ed8"),
}


@dataclass(frozen=True)
class _Box:
    """Components of one kind with the same contents and the same changes, drawn once."""

    name: str
    names: tuple[str, ...]
    component: Component
    change: picture_diff.Change = picture_diff.NONE

    @property
    def lines(self) -> list[str]:
        """What is in it, the most telling first, as far as there is room."""
        lines = [""]
        for kind, count in self.component.contents:
            item = _plural(kind, count)
            joined = f"{lines[-1]} · {item}" if lines[-1] else item
            if len(joined) <= _LINE_LENGTH:
                lines[-1] = joined
            elif len(lines) < _LINES:
                lines.append(item)
            else:
                lines[-1] += " …"
                break
        return lines

    @property
    def height(self) -> float:
        """As much as its lines need."""
        return _HEAD + _LINE_HEIGHT * (len(self.lines) + bool(self.change.words)) + _FOOT


def draw(plan: Plan, diff: Diff | None = None) -> str:
    """Returns the SVG, the same bytes for the same plan.

    With a diff it is before and after in one: what goes is still there, and each part has the
    colour of the gravest thing that happens in it. It stands on a white card, so that it reads on
    a light page and on a dark one.
    """
    changed = picture_diff.by_component(diff) if diff else {}
    boxes = _boxes(components(picture_diff.together(diff) if diff else plan), changed)
    if not boxes:
        return _svg(420, 140, _header(plan, diff))
    by_name = {name: box.name for box in boxes for name in box.names}
    nodes = [
        Node(
            box.name,
            box.component.tier,
            _BOX,
            box.height,
            tuple(sorted({by_name[name] for name in box.component.stands_on} - {box.name})),
        )
        for box in boxes
    ]
    placed = place(nodes, Spacing(per_row=2), _TOP)
    parts = [
        *_header(plan, diff),
        *(picture_diff.legend(_text) if diff else ()),
        *_bands(placed),
        *(_arrow(points) for points in placed.edges),
        *(part for box in boxes for part in _box(box, placed.boxes[box.name])),
    ]
    return _svg(placed.width, placed.height + _BAND_PAD, parts)


def _boxes(found: Sequence[Component], changed: Mapping[str, picture_diff.Change]) -> list[_Box]:
    alike: dict[tuple[object, ...], list[Component]] = {}
    for component in found:
        change = changed.get(component.name, picture_diff.NONE)
        key = (component.kind, component.tier, component.contents, component.stands_on, change)
        alike.setdefault(key, []).append(component)
    return [
        _Box(
            same[0].name,
            tuple(one.name for one in same),
            same[0],
            changed.get(same[0].name, picture_diff.NONE),
        )
        for same in alike.values()
    ]


def _svg(width: float, height: float, parts: Iterable[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="{_FONT}" role="img">\n'
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0.5 7.5 4 0 7.5z" fill="{_LINE}"/>'
        "</marker></defs>\n"
        f'<rect x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="12" '
        'fill="#ffffff" stroke="#e5e7eb"/>\n'
        f"{body}\n</svg>\n"
    )


def _header(plan: Plan, diff: Diff | None) -> list[str]:
    made = sum(1 for resource in plan.resources if resource.custom and not resource.is_provider)
    title = f"{plan.project}, stack {plan.stack}"
    subtitle = f"{made} resources; an arrow leads to what needs the part above it"
    if diff:
        title, subtitle = f"{title}: what changes", summary(diff)
    return [
        f"<title>{escape(title)}</title>",
        _text(40, 46, title, size=22, weight=600),
        _text(40, 70, subtitle, size=13, colour=_QUIET),
    ]


def _bands(placed: Placed) -> list[str]:
    parts = []
    for tier, (top, bottom) in sorted(placed.bands.items()):
        look = _LOOKS[Tier(tier)]
        y, height = top - _BAND_PAD - 8, bottom - top + 2 * _BAND_PAD
        parts += [
            f'<rect x="18" y="{y:.1f}" width="{placed.width - 36:.1f}" height="{height:.1f}" '
            f'rx="10" fill="{look.band}"/>',
            _text(32, y + 18, look.title, size=12, colour=look.accent, weight=600),
        ]
    return parts


def _box(box: _Box, corner: Point) -> list[str]:
    x, y = corner
    look = _LOOKS[box.component.tier]
    edge = picture_diff.edge(box.change) or (
        f'fill="#ffffff" stroke="{look.accent}" stroke-opacity="0.45"'
    )
    several = len(box.names) > 1
    title = _plural(box.component.kind, len(box.names)) if several else box.name
    subtitle = ", ".join(box.names) if several else box.component.kind
    return [
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{_BOX:.0f}" height="{box.height:.1f}" rx="8" '
        f"{edge}/>",
        f'<rect x="{x:.1f}" y="{y + 10:.1f}" width="3" height="16" rx="1.5" fill="{look.accent}"/>',
        _text(x + 14, y + 23, _cut(title, 24), size=14, weight=600),
        _text(x + _BOX - 12, y + 23, _cut(subtitle, 32), size=11, colour=_QUIET, anchor="end"),
        *(
            _text(x + 14, y + _HEAD + 10 + index * _LINE_HEIGHT, line, size=12)
            for index, line in enumerate(box.lines)
        ),
        *picture_diff.words(box.change, x + 14, y + box.height - _FOOT - 4, _text),
    ]


def _arrow(points: Sequence[Point]) -> str:
    x, y = points[0]
    path = [f"M{x:.1f} {y:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 == x1:
            path.append(f"L{x1:.1f} {y1:.1f}")
            continue
        bend = (y1 - y0) / 2
        path.append(f"C{x0:.1f} {y0 + bend:.1f} {x1:.1f} {y1 - bend:.1f} {x1:.1f} {y1:.1f}")
    return (
        f'<path d="{" ".join(path)}" fill="none" stroke="{_LINE}" stroke-width="1.4" '
        'marker-end="url(#head)"/>'
    )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int,
    colour: str = _INK,
    weight: int = 400,
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
    )


def _plural(kind: str, count: int) -> str:
    if count == 1:
        return kind
    if kind.endswith("y") and kind[-2] not in "aeo":
        return f"{count} {kind[:-1]}ies"
    return f"{count} {kind}{'es' if kind.endswith('s') else 's'}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
