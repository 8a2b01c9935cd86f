"""Changes a YAML text in place: the rest stays as it was written, comments and order too.

Each document is compared with what it shall be, and only the lines that differ are written anew.
The result is read again: a document that does not come out as it shall (an anchor whose value
differs by place, for example) is written anew as a whole.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import yaml

from ops.plan.errors import UserError
from ops.plan.manifests import flow, to_yaml

_MERGE = "tag:yaml.org,2002:merge"
_PLAIN = re.compile(r"key: ([^,\[\]{}\n]*)")
"""A scalar that may also stand in a flow collection."""
_COMMENTS = re.compile(r"(\s|\n\s*#.*)*\Z")


@dataclass(frozen=True)
class Edit:
    """Replaces a part of the text, from `start` to before `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Spliced:
    """The changed text, and the numbers of the documents, from 0, that were written anew."""

    text: str
    anew: tuple[int, ...] = ()


def spliced(
    text: str,
    nodes: Callable[[str], Sequence[yaml.Node]],
    read: Callable[[str], Sequence[Any]],
    wanted: Sequence[Any],
) -> Spliced | None:
    """The text with its documents as wanted; None if that is not possible in place. `nodes` and
    `read` give nodes and values of a text's documents."""
    before, found = read(text), nodes(text)
    if not len(before) == len(found) == len(wanted):
        return None
    anew: list[int] = []
    # From the last one: the places of those before it stay.
    for number in reversed(range(len(wanted))):
        old, new = before[number], wanted[number]
        if old == new:
            continue
        edits = list(_Text(text).edits(found[number], old, new))
        changed = _applied(text, edits)
        if _value(changed, read, number) != new:
            anew.append(number)
            changed = _applied(text, [_Text(text).whole(found[number], new)])
            if _value(changed, read, number) != new:
                return None
        text = changed
    return Spliced(text, tuple(sorted(anew)))


def _value(text: str, read: Callable[[str], Sequence[Any]], number: int) -> Any:
    try:
        found = read(text)
    except (yaml.YAMLError, ValueError, UserError):
        return None
    return found[number] if number < len(found) else None


def _applied(text: str, edits: Sequence[Edit]) -> str:
    # Of two that add lines at the same place, the first belongs to the inner block.
    order = sorted(enumerate(edits), key=lambda each: (each[1].start, each[1].end, each[0]))
    for _, one in reversed(order):
        text = text[: one.start] + one.text + text[one.end :]
    return text


class _Text:
    """A text whose nodes have marks in it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def edits(self, node: yaml.Node, old: Any, new: Any) -> Iterator[Edit]:
        """What makes the node's value, `old`, a new one."""
        if old == new and type(old) is type(new):
            return
        same = isinstance(node, yaml.MappingNode) and isinstance(new, dict)
        same = same or (isinstance(node, yaml.SequenceNode) and isinstance(new, list))
        if not same or not new or not node.value or (_is_flow(node) and not _alike(old, new)):
            yield self.whole(node, new)
        elif isinstance(node, yaml.MappingNode):
            yield from self._mapping(node, old, new)
        elif isinstance(node, yaml.SequenceNode):
            yield from self._sequence(node, old, new)

    def whole(self, node: yaml.Node, value: Any) -> Edit:
        """Writes a node anew, below its first column. In a flow collection it is one line."""
        start, column = node.start_mark.index, node.start_mark.column
        scalar = not isinstance(value, dict | list) or not value
        if scalar or isinstance(node, yaml.ScalarNode) or _is_flow(node):
            return Edit(start, self._end(node), flow(value))
        return Edit(start, self._end(node), _indented(_block(value), column).strip())

    def _mapping(self, node: yaml.MappingNode, old: Any, new: Any) -> Iterator[Edit]:
        column = node.start_mark.column
        own = {key.value: (key, value) for key, value in node.value if key.tag != _MERGE}
        for name, (key, value) in own.items():
            if name not in new:
                if not self._is_first(key):
                    yield self.whole(node, new)
                    return
                yield self._lines(key, value)
        for name, (key, value) in own.items():
            if name in new and name in old:
                yield from self._entry(key, value, old[name], new[name], column)
        added = {
            name: value
            for name, value in new.items()
            if name not in old or (name not in own and old[name] != value)
        }
        if added:
            yield self._after(node, _indented(to_yaml(added), column))

    def _entry(
        self, key: yaml.Node, value: yaml.Node, old: Any, new: Any, column: int
    ) -> Iterator[Edit]:
        """A key's value. One of another shape is written below the key."""
        if isinstance(new, dict | list) and new and isinstance(value, yaml.ScalarNode):
            inner = column + 2 if isinstance(new, dict) else column
            written = _indented(_block(new), inner).rstrip("\n")
            yield Edit(key.end_mark.index, self._end(value), f":\n{written}")
        elif isinstance(new, dict | list) and not new and not _is_flow(value):
            yield Edit(key.end_mark.index, self._end(value), f": {flow(new)}")
        elif isinstance(value, yaml.ScalarNode) and old != new:
            line = to_yaml({"key": new}).rstrip("\n")
            plain = _PLAIN.fullmatch(line)
            text = plain[1] if plain else flow(new)
            yield Edit(key.end_mark.index, self._end(value), f": {text}")
        else:
            yield from self.edits(value, old, new)

    def _sequence(self, node: yaml.SequenceNode, old: Any, new: Any) -> Iterator[Edit]:
        items, column = node.value, node.start_mark.column
        texts = [[json.dumps(one, sort_keys=True) for one in each] for each in (old, new)]
        for kind, i1, i2, j1, j2 in SequenceMatcher(None, *texts, autojunk=False).get_opcodes():
            if kind == "equal":
                continue
            both = min(i2 - i1, j2 - j1)
            for number in range(both):
                yield from self.edits(items[i1 + number], old[i1 + number], new[j1 + number])
            for one in items[i1 + both : i2]:
                if self._text[self._line(node.start_mark.index) : node.start_mark.index].strip():
                    yield self.whole(node, new)
                    return
                yield self._lines(one, one)
            if rest := new[j1 + both : j2]:
                written = _indented(_block(rest), column)
                if i1 + both:
                    yield self._after(items[i1 + both - 1], written)
                else:
                    place = self._line(items[0].start_mark.index)
                    yield Edit(place, place, written)

    def _is_first(self, key: yaml.Node) -> bool:
        """Whether nothing is before the key on its line, such as the dash of a list."""
        start = key.start_mark.index
        return not self._text[self._line(start) : start].strip()

    def _lines(self, first: yaml.Node, last: yaml.Node) -> Edit:
        """Removes whole lines."""
        return Edit(self._line(first.start_mark.index), self._next_line(self._end(last)), "")

    def _after(self, node: yaml.Node, written: str) -> Edit:
        """Adds lines after those of the node."""
        place = self._next_line(self._end(node))
        complete = place == 0 or self._text[place - 1] == "\n"
        return Edit(place, place, written if complete else f"\n{written}")

    def _end(self, node: yaml.Node) -> int:
        """Where the node's own text ends: the mark of a block is after the comments below it."""
        start, end = node.start_mark.index, node.end_mark.index
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            pair = isinstance(node, yaml.MappingNode)
            last = node.value[-1][1] if pair else node.value[-1]
            before = node.value[-1][0] if pair else [node, *node.value][-2]
            if last.start_mark.index >= before.start_mark.index:
                return self._end(last)
            # An alias has the marks of its anchor.
            return start + len(_COMMENTS.sub("", self._text[start:end]))
        return start + len(self._text[start:end].rstrip())

    def _line(self, place: int) -> int:
        return self._text.rfind("\n", 0, place) + 1

    def _next_line(self, place: int) -> int:
        end = self._text.find("\n", place)
        return len(self._text) if end < 0 else end + 1


def _block(value: dict[str, Any] | list[Any]) -> str:
    """The lines of a collection. A list below a key has the key's column."""
    if isinstance(value, dict):
        return to_yaml(value)
    return to_yaml({"key": value}).partition("\n")[2]


def _alike(old: Any, new: Any) -> bool:
    """Whether two collections differ in scalars only."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_alike(old[one], new[one]) for one in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_alike, old, new))
    return not isinstance(old, dict | list) and not isinstance(new, dict | list)


def _is_flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _indented(text: str, column: int) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(f"{' ' * column}{one}" if one.strip() else one for one in lines)
