"""YAML as the engine reads it: YAML 1.2 booleans, no dates, no duplicate keys."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ops.plan.errors import UserError

if TYPE_CHECKING:
    from yaml import SafeLoader as _SafeLoader
else:
    # libyaml's parser, if PyYAML has it: ten times as fast.
    _SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class StackFileLoader(_SafeLoader):
    """PyYAML reads YAML 1.1, in which `yes`, `on` and `2026-01-01` are not strings."""


class SettingLoader(_SafeLoader):
    """Scalars typed as `pulumi config set --path` types them: `true`, `false` and integers without
    a leading zero; anything else is text, so that `1.30` stays `1.30`.

    Source: adjustObjectValue in pulumi/pulumi sdk/go/common/resource/config/value.go. An empty
    value, `null` and `~` are null.
    """


class TextLoader(_SafeLoader):
    """Every scalar is text, as written."""


_BOOL, _DATE = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"
# Resolvers are indexed by the first character; only true and false remain as booleans.
StackFileLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != _DATE and (tag != _BOOL or first in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
SettingLoader.yaml_implicit_resolvers = {}
TextLoader.yaml_implicit_resolvers = {}
for _kind, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"-?[1-9][0-9]*|0", "-0123456789"),
    ("null", r"null|~|", ["n", "~", ""]),
):
    SettingLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern})\Z"), list(_first)
    )


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is duplicate", key_node.start_mark
            )
        seen.add(key)
    return yaml.constructor.SafeConstructor.construct_mapping(loader, node, deep=True)


for _loader in (StackFileLoader, SettingLoader, TextLoader):
    _loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def parse(source: str, what: str, loader: type[yaml.SafeLoader] = StackFileLoader) -> Any:
    """Returns the value that `source` writes. Raises UserError, naming `what`, for bad YAML."""
    try:
        value = yaml.load(source, Loader=loader)  # a SafeLoader
        json.dumps(value)
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{what}{line}: malformed YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{what}: malformed YAML: {error}") from None
    except (TypeError, ValueError, RecursionError):
        # For example `!!set`, an alias inside its own anchor, a list as a key, 5000 digits.
        raise UserError(f"{what}: is no text, number, list or mapping of these") from None
    return value


def read(path: Path, loader: type[yaml.SafeLoader] = StackFileLoader) -> dict[str, Any]:
    """Returns the mapping in the file. Raises UserError when there is no such file or mapping."""
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise UserError(f"{path}: cannot be read: {reason}") from None
    value = parse(source, str(path), loader)
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise UserError(f"{path}: expected a mapping at the top")
    return value
