"""The tables of docs/configuration.md: all keys of a stack file, from the settings."""

import json
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ops.plan.command import table
from settings import StackSettings


def keys() -> str:
    """One table for each top-level object, scalars first."""
    fields = sorted(StackSettings.model_fields.items(), key=lambda one: _model(one[1]) is not None)
    scalars = [(name, field) for name, field in fields if _model(field) is None]
    parts = [_table(line for name, field in scalars for line in _rows(name, field, ""))]
    for name, field in fields:
        model = _model(field)
        # Each add-on documents its own keys: docs/adding-an-addon.md.
        if model is None or name == "addons":
            continue
        key = _key(name, field)
        title = f"{key}[]" if _is_list(field) else key
        intro = _sentence(field.description or model.__doc__ or "")
        intro = intro.split(": ", 1)[-1]
        parts.append(f"## {title}\n\n{intro[0].upper()}{intro[1:]}\n\n{_table(_inside(model, ''))}")
    return "\n".join(parts)


def _inside(model: type[BaseModel], path: str) -> Iterator[tuple[str, str, str, str]]:
    for name, field in model.model_fields.items():
        yield from _rows(name, field, path)


def _rows(name: str, field: FieldInfo, path: str) -> Iterator[tuple[str, str, str, str]]:
    key = f"{path}{_key(name, field)}"
    yield key, _kind(field.annotation), _default(field), _sentence(field.description or "")
    model = _model(field)
    if model is not None and name != "jar_bucket":
        yield from _inside(model, f"{key}[]." if _is_list(field) else f"{key}.")


def _table(rows: Iterator[tuple[str, str, str, str]]) -> str:
    cells = ([f"`{key}`", *rest] for key, *rest in rows)
    return table(["key", "type", "default", "meaning"], cells)


def _key(name: str, field: FieldInfo) -> str:
    return field.alias or name


def _sentence(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _plain(annotation: Any) -> Any:
    """The type without Annotated and without `| None`."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        (inner,) = [one for one in get_args(annotation) if one is not type(None)]
        return _plain(inner)
    return annotation


def _model(field: FieldInfo) -> type[BaseModel] | None:
    annotation = _plain(field.annotation)
    if get_origin(annotation) is list:
        annotation = _plain(get_args(annotation)[0])
    return (
        annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    )


def _is_list(field: FieldInfo) -> bool:
    return get_origin(_plain(field.annotation)) is list


def _kind(annotation: Any) -> str:
    annotation = _plain(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is list:
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return "map of text" if _plain(arguments[1]) is str else "object"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "object"
    return {str: "text", int: "number", float: "number", bool: "true, false"}[annotation]


def _default(field: FieldInfo) -> str:
    if isinstance(field.json_schema_extra, dict):
        return f"`{field.json_schema_extra['default']}`"
    if field.is_required():
        return "must be set"
    value = field.default
    if value is None:
        return ""
    if isinstance(value, list) and value and isinstance(value[0], BaseModel):
        value = [one.model_dump(by_alias=True, exclude_unset=True) for one in value]
    if isinstance(value, BaseModel):
        value = value.model_dump(by_alias=True, exclude_unset=True)
        return f"`{json.dumps(value)}`" if value else ""
    return f"`{json.dumps(value)}`"
