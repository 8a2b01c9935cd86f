"""YAML as the engine reads it: YAML 1.2 booleans, no dates, no key twice."""

from pathlib import Path
from typing import Any

import yaml

from ops.plan.errors import UserError


class _Loader(yaml.SafeLoader):
    """PyYAML reads YAML 1.1, where `yes`, `on` and `2026-01-01` are no strings."""


_BOOL, _DATE = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"
# Resolvers are kept by the first character: the booleans left are true and false.
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != _DATE and (tag != _BOOL or first in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is there twice", key_node.start_mark
            )
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def parse(source: str, what: str) -> Any:
    """Returns the value that `source` writes. Raises UserError, naming `what`, for bad YAML."""
    try:
        return yaml.load(source, Loader=_Loader)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{what}{line}: malformed YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{what}: malformed YAML: {error}") from None


def read(path: Path) -> dict[str, Any]:
    """Returns the mapping in the file. Raises UserError when it is not one."""
    value = parse(path.read_text(encoding="utf-8"), str(path))
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UserError(f"{path}: expected a mapping at the top")
    return value
