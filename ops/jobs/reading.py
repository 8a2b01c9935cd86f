"""Reads a file of YAML documents: applications, and what is applied beside them."""

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ops.plan.errors import UserError

GROUP, VERSION = "sparkoperator.k8s.io", "v1beta2"
APPLICATION, SCHEDULE = "SparkApplication", "ScheduledSparkApplication"
_NULL = "tag:yaml.org,2002:null"
_LARGEST = 8 * 1024 * 1024


@dataclass(frozen=True)
class Documents:
    """The documents of a file: those to judge, and the others."""

    applications: list[dict[str, Any]]
    others: list[dict[str, Any]]
    every: list[dict[str, Any]]
    """All of them, in the file's order."""
    text: str = ""

    def has(self, kind: str, name: str) -> bool:
        """Whether the file creates an object beside the applications."""
        return any(
            one.get("kind") == kind and _metadata(one).get("name") == name for one in self.others
        )

    @property
    def names(self) -> list[str]:
        return [str(_metadata(one).get("name")) for one in self.applications]


def read(name: str) -> str:
    """The text of a file, of stdin for `-`. Raises UserError if it cannot be read."""
    if not name:
        raise UserError("FILE= is missing: a file with a SparkApplication, or - for stdin")
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        if len(data) > _LARGEST:
            raise UserError(f"FILE={name} is larger than {_LARGEST // 1024**2} MiB")
        return data.decode("utf-8-sig")
    except OSError as failure:
        raise UserError(f"FILE={name} cannot be read: {failure.strerror}") from failure
    except UnicodeDecodeError as failure:
        raise UserError(f"FILE={name} is not UTF-8 text") from failure


def documents_of(text: str, name: str) -> Documents:
    """The documents of a text. Raises UserError for what is no YAML, or without an application."""
    try:
        found = [_plain(one) for one in yaml.load_all(text, Loader=_Loader) if one is not None]
    except yaml.YAMLError as failure:
        raise UserError(f"FILE={name} is not YAML: {_where(failure)}") from failure
    except (RecursionError, ValueError, OverflowError, TypeError) as failure:
        raise UserError(f"FILE={name} is not YAML that kubectl reads: {failure}") from failure
    every = list(_unpacked(found, name))
    applications = [one for one in every if is_application(one)]
    others = [one for one in every if not is_application(one)]
    for one in others:
        _refuse_relative(one, name)
    if not applications:
        kinds = ", ".join(sorted({str(one.get("kind")) for one in every})) or "nothing"
        raise UserError(
            f"FILE={name} has no {APPLICATION} or {SCHEDULE} of {GROUP}/{VERSION}; it has {kinds}"
        )
    return Documents(applications, others, every, text)


def nodes_of(text: str) -> list[yaml.Node]:
    """The nodes of the documents that `documents_of` finds, with their places in the text."""
    found = yaml.compose_all(text, _Loader)
    return [each for one in found if one.tag != _NULL for each in _unpacked_nodes(one)]


def _unpacked_nodes(node: yaml.Node) -> Iterator[yaml.Node]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    fields = {key.value: value for key, value in pairs}
    items = fields.get("items")
    if getattr(fields.get("kind"), "value", None) == "List" and isinstance(
        items, yaml.SequenceNode
    ):
        for one in items.value:
            yield from _unpacked_nodes(one)
    else:
        yield node


def is_application(document: dict[str, Any]) -> bool:
    """Whether it is one of the two kinds, in the version that is judged."""
    kinds = (APPLICATION, SCHEDULE)
    return document.get("apiVersion") == f"{GROUP}/{VERSION}" and document.get("kind") in kinds


def _metadata(document: dict[str, Any]) -> dict[str, Any]:
    found = document.get("metadata")
    return found if isinstance(found, dict) else {}


def _unpacked(documents: list[Any], name: str) -> Iterator[dict[str, Any]]:
    """The documents, and the items of a List."""
    for number, one in enumerate(documents, start=1):
        if not isinstance(one, dict):
            raise UserError(f"FILE={name}: document {number} is not a mapping of keys")
        if one.get("kind") == "List" and isinstance(one.get("items"), list):
            yield from _unpacked(one["items"], name)
        else:
            yield one


def _refuse_relative(document: dict[str, Any], name: str) -> None:
    """Other kinds and versions of the operator's group have no rules, and are refused."""
    group, _, version = str(document.get("apiVersion")).partition("/")
    if group == GROUP:
        raise UserError(
            f"FILE={name}: {document.get('kind')} of {GROUP}/{version} is not supported: the "
            f"policy spark-kinds refuses all but {APPLICATION} and {SCHEDULE} of {GROUP}/{VERSION}"
        )


class _Loader(yaml.SafeLoader):
    """Refuses a key twice in a mapping, as kubectl does, and keeps times as text. A key beside a
    merge (`<<`) may be one of the merged: it wins."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value} is there twice", key.start_mark
                    )
                seen.add(key.value)
        return node


_Loader.add_constructor(
    "tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node)
)


def _plain(value: Any, depth: int = 0) -> Any:
    """The value as JSON has it: keys are text, and there are no other types."""
    if depth > 100:
        raise ValueError("it is nested too deeply")
    if isinstance(value, dict):
        return {_key(key): _plain(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(inner, depth + 1) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a number of JSON")
    return value if isinstance(value, str | int | float | type(None)) else str(value)


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _where(failure: yaml.YAMLError) -> str:
    mark = getattr(failure, "problem_mark", None)
    problem = getattr(failure, "problem", None) or str(failure)
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)
