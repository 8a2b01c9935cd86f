"""The Kubernetes objects of a plan as YAML files, and the values of its Helm releases."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ops.plan.model import Plan, Resource, generated_name
from ops.plan.packages import RELEASE

_FIRST_KEYS = ("apiVersion", "kind", "metadata", "spec")


class _Dumper(yaml.SafeDumper):
    """Writes multi-line texts as blocks, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


# Plain text for PyYAML, but not for other parsers: Go's reads y as true and 1e3 as 1000.
_NO_TEXT_ELSEWHERE = re.compile(r"[yYnN]|[-+]?(0o[0-7]+|[0-9][0-9_.]*[eE][-+]?[0-9]+)")


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    if _NO_TEXT_ELSEWHERE.fullmatch(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def documents(plan: Plan) -> dict[str, str]:
    """Returns file names and contents, sorted by name: one Kubernetes object or release each."""
    found: dict[str, str] = {}
    for resource in plan.resources:
        for stem, content in _documents(resource):
            name, number = stem, 2
            while name in found:
                name, number = stem.replace(".", f"-{number}.", 1), number + 1
            found[name] = content
    return dict(sorted(found.items()))


def write(plan: Plan, folder: Path) -> list[Path]:
    """Creates `folder`, writes the documents into it, and returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    found = documents(plan)
    for name, content in found.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / name for name in found]


def manifest(resource: Resource) -> dict[str, Any]:
    """Returns the object as it is sent, apiVersion, kind, metadata and spec first."""
    inputs = resource.inputs
    metadata = dict(inputs.get("metadata") or {})
    metadata.setdefault("name", generated_name(resource.name))
    ordered = {key: inputs[key] for key in _FIRST_KEYS if key in inputs}
    rest = {key: inputs[key] for key in sorted(inputs) if key not in ordered}
    return {**ordered, "metadata": _named_first(metadata), **rest}


def _documents(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type == RELEASE:
        yield _release(resource)
    elif resource.is_kubernetes_object and not resource.external:
        content = manifest(resource)
        metadata = content["metadata"]
        parts = [content["kind"], metadata.get("namespace"), metadata["name"]]
        stem = "-".join(_file_word(str(part)) for part in parts if part)
        yield f"{stem}.yaml", to_yaml(content)


def _release(resource: Resource) -> tuple[str, str]:
    inputs = resource.inputs
    repository = (inputs.get("repositoryOpts") or {}).get("repo", "")
    header = {
        "chart": inputs.get("chart"),
        "version": inputs.get("version", "not pinned"),
        "repository": repository,
        "namespace": inputs.get("namespace", "default"),
    }
    comments = "".join(f"# {key}: {value}\n" for key, value in header.items() if value)
    name = _file_word(str(inputs.get("name") or resource.name))
    return f"helm-{name}.values.yaml", comments + to_yaml(inputs.get("values") or {})


def _named_first(metadata: dict[str, Any]) -> dict[str, Any]:
    first = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    return {**first, **{key: metadata[key] for key in sorted(metadata) if key not in first}}


def to_yaml(value: Mapping[str, Any]) -> str:
    """Returns the value as YAML that every parser reads alike, keys in their order."""
    return yaml.dump(dict(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def flow(value: Any) -> str:
    """Returns the value as YAML on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{flow(key)}: {flow(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    plain = isinstance(value, str) and _PLAIN.fullmatch(value) and _is_text(value)
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")


def _is_text(word: str) -> bool:
    return yaml.safe_load(word) == word and not _NO_TEXT_ELSEWHERE.fullmatch(word)


def _file_word(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")
