"""One stack's configuration, merged from files as the engine does.

The Python SDK never reads Pulumi.yaml: the engine handles types and defaults (pulumi/pulumi
pkg/workspace/config.go), so this module does the same.
"""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ops.plan import paths, yamlfile
from ops.plan.errors import UserError
from ops.plan.overrides import parse_all, set_path
from ops.plan.protobuf import SECRET


@dataclass(frozen=True)
class StackConfig:
    """The configuration of one stack.

    `values` has the engine's full keys (`namespace:key`), `program` is the folder or file to run.
    """

    root: Path
    program: Path
    project: str
    stack: str
    values: Mapping[str, Any]
    secret_keys: tuple[str, ...] = field(default=())

    def engine_values(self) -> dict[str, str]:
        """Returns the argument of `pulumi.runtime.set_all_config`: text, JSON for objects."""
        return {key: _engine_text(value) for key, value in self.values.items()}

    def own(self, key: str) -> Any:
        """Returns the value of `key` in the project's namespace, None when absent."""
        return self.values.get(f"{self.project}:{key}")


def stack_names(root: Path) -> list[str]:
    """Returns the stacks that have a file in the project's stack folder, sorted."""
    return sorted(path.name[7:-5] for path in stack_folder(root).glob("Pulumi.*.yaml"))


def stack_folder(root: Path) -> Path:
    """Returns the folder of the project's stack files."""
    return root / _project(root).get("stackConfigDir", ".")


def project_name(root: Path) -> str:
    """Returns the project's name. Raises UserError for a folder that is no project."""
    return str(_project(root)["name"])


def load(root: Path, stack: str, overrides: Sequence[str] = (), refused: str = "") -> StackConfig:
    """Returns the configuration of `stack` with defaults merged and `overrides` applied.

    `refused` is the program's error message for the same request: an override whose path it names
    is read as text, so that a tag may be `true` and a release `2026`. Raises UserError for an
    unknown stack, an unknown key, a wrong type, malformed YAML or a malformed override.
    """
    project = _project(root)
    name = str(project["name"])
    schema = _schema(project, name)
    path = root / project.get("stackConfigDir", ".") / f"Pulumi.{stack}.yaml"
    if not stack or "/" in stack or not path.is_file():
        known = ", ".join(stack_names(root)) or "none"
        raise UserError(f"there is no stack {stack!r}; the stacks are: {known}")

    values = {
        _full_key(key, name): value
        for key, value in _mapping(yamlfile.read(path).get("config"), f"{path}: config").items()
    }
    for override in parse_all(overrides):
        key = _full_key(override.key, name)
        _refuse_unknown(key, name, schema, override.source)
        # The engine keeps a scalar as text: the account 012345670123 is not an octal number.
        declared_text = not override.path and schema.get(key, {}).get("type") == "string"
        as_text = declared_text or f"{key}{_dotted(override.path)}" in refused
        given = replace(override, value=override.text) if as_text else override
        values[key] = set_path(values.get(key), given)
    for key in values:
        _refuse_unknown(key, name, schema, str(path))

    secret_keys: list[str] = []
    for key, value in sorted(values.items()):
        values[key], is_secret = _without_ciphertext(value)
        if is_secret or schema.get(key, {}).get("secret"):
            secret_keys.append(key)
    for key, declared in schema.items():
        if key not in values:
            values[key] = _default(key, declared, stack, path)
        _require_type(key, values[key], declared, path)
    ordered = {key: values[key] for key in sorted(values)}
    program = root / project.get("main", ".")
    return StackConfig(root, program, name, stack, ordered, tuple(sorted(secret_keys)))


def _dotted(path: paths.Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def _project(root: Path) -> dict[str, Any]:
    path = root / "Pulumi.yaml"
    if not path.is_file():
        raise UserError(f"{root} is not a Pulumi project: it has no Pulumi.yaml")
    project = yamlfile.read(path)
    if not project.get("name"):
        raise UserError(f"{path}: name is missing")
    return project


def _schema(project: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    declared = _mapping(project.get("config"), "Pulumi.yaml: config")
    return {
        # A bare value is the engine's short form of {value: …}.
        _full_key(key, name): entry if isinstance(entry, dict) else {"value": entry}
        for key, entry in declared.items()
    }


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UserError(f"{what} must be a mapping of keys to values")
    return value


def _full_key(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _refuse_unknown(key: str, project: str, schema: Mapping[str, Any], where: str) -> None:
    if key in schema or not key.startswith(f"{project}:"):
        return
    close = difflib.get_close_matches(key, schema, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; the keys are: {', '.join(schema)}"
    raise UserError(f"{where}: {key} is not a configuration key of this project{hint}")


def _default(key: str, declared: Mapping[str, Any], stack: str, path: Path) -> Any:
    for source in ("default", "value"):
        if source in declared:
            return declared[source]
    raise UserError(f"{path}: stack {stack!r} is missing configuration value {key}")


def _without_ciphertext(value: Any) -> tuple[Any, bool]:
    """Returns the value with every `secure:` part replaced, and whether there was one."""
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return SECRET, True
        parts = {key: _without_ciphertext(item) for key, item in value.items()}
        return {key: item for key, (item, _) in parts.items()}, any(s for _, s in parts.values())
    if isinstance(value, list):
        items = [_without_ciphertext(item) for item in value]
        return [item for item, _ in items], any(secret for _, secret in items)
    return value, False


def _require_type(key: str, value: Any, declared: Mapping[str, Any], path: Path) -> None:
    wanted = declared.get("type")
    if wanted is None or value == SECRET:
        return
    if not _has_type(value, wanted):
        raise UserError(f"{path}: {key} must be of type {wanted}, not {_shown(value)}")
    items = declared.get("items")
    if wanted == "array" and isinstance(items, dict):
        for index, item in enumerate(value):
            _require_type(f"{key}[{index}]", item, items, path)


def _has_type(value: Any, wanted: str) -> bool:
    # The engine keeps scalars of a stack file as text, so "5" is an integer there
    # and 1.33 a string.
    scalar = value is not None and not isinstance(value, dict | list)
    match wanted:
        case "string":
            return scalar
        case "integer":
            return (
                scalar and not isinstance(value, bool) and str(value).removeprefix("-").isdecimal()
            )
        case "boolean":
            return scalar and _engine_text(value) in ("true", "false")
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
    return True


def _engine_text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
