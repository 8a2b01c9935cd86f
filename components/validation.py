"""Validation of a stack's settings: every problem at once, in plain words.

pydantic stops at the first stage that fails. Here a value that is refused leaves its field out, so
that the checks of the other fields still run.
"""

import json
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from components.base import Problems, Settings, below, key_of, sound

Loc = tuple[str | int, ...]
Model = TypeVar("Model", bound=Settings)

_SAYS = {
    "missing": "is not set",
    "bool_type": "is not true or false",
    "bool_parsing": "is not true or false",
    "list_type": "is not a list",
    "dict_type": "is not an object",
    "model_type": "is not an object",
    "model_attributes_type": "is not an object",
    "string_type": "is not text",
    "string_unicode": "is not text",
    "int_type": "is not a whole number",
    "int_parsing": "is not a whole number",
    "int_parsing_size": "is not a whole number",
    "int_from_float": "is not a whole number",
    "finite_number": "is not a whole number",
    "greater_than_equal": "is below {ge}",
    "less_than_equal": "is above {le}",
    "too_short": "has too few entries: at least {min_length} are needed",
    "too_long": "has too many entries: at most {max_length} are allowed",
}
"""pydantic's types of errors; formats.py raises the others, in words of their own."""
_LONGEST = 80
_DEEPEST = 50


class Problem(NamedTuple):
    """A problem with one key of a stack file."""

    key: str
    text: str


def validate(model: type[Model], raw: Mapping[str, Any]) -> tuple[Model, list[Problem]]:
    """The settings, and the problems with single values and with keys of one object.

    With problems the settings lack the fields that have one.
    """
    try:
        settings, problems = model.model_validate(raw), []
    except ValidationError as error:
        details = error.errors(include_url=False)
        settings = _partial(model, raw, {tuple(one["loc"]) for one in details})
        problems = [_problem(one, raw) for one in details]
    return settings, problems + [Problem(*one) for one in _inner(settings)]


def is_deep(value: Any, levels: int = _DEEPEST) -> bool:
    """Whether a value is nested more deeply than any setting: Python's stack would end."""
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return False
    return levels == 0 or any(is_deep(one, levels - 1) for one in inner)


def message(stack: str, problems: Sequence[Problem]) -> str:
    """The problems of a stack file as one text."""
    lines = [f"  {problem.key}: {problem.text}" for problem in problems]
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    return "\n".join([f"{count} in stacks/Pulumi.{stack}.yaml:", *lines])


def _inner(settings: Settings) -> Problems:
    """The problems that each object reports itself."""
    yield from sound(settings.problems)
    for field, value in settings.__dict__.items():
        key = key_of(type(settings), field)
        for suffix, item in _items(value):
            if isinstance(item, Settings):
                yield from below(f"{key}{suffix}", _inner(item))


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        yield from ((f"[{index}]", item) for index, item in enumerate(value))
    else:
        yield "", value


def _partial(model: type[Model], raw: Any, bad: set[Loc]) -> Model:
    """The settings without the fields that have a problem; `bad` are where the problems are."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items() if isinstance(raw, dict) else ():
        key = field.alias or name
        inside = {loc[1:] for loc in bad if loc[:1] == (key,)}
        if key not in raw:
            if not field.is_required():
                values[name] = field.default
        elif not inside:
            values[name] = _valid(field, raw[key])
        elif (found := _inside(field.annotation, raw[key], inside)) is not None:
            values[name] = found
    given = {name for name in values if key_of(model, name) in raw}
    settings = model.model_construct(_fields_set=given)
    settings.__dict__.clear()
    settings.__dict__.update(values)
    return settings


def _valid(field: FieldInfo, raw: Any) -> Any:
    annotation: Any = field.annotation
    if field.metadata:
        annotation = Annotated[annotation, *field.metadata]
    return TypeAdapter(annotation).validate_python(raw)


def _inside(annotation: Any, raw: Any, bad: set[Loc]) -> Any:
    """The object, map or list of objects without what has a problem; None for another value."""
    annotation = plain(annotation)
    if get_origin(annotation) is list and isinstance(raw, list):
        (of,) = get_args(annotation)
        if _is_settings(of):
            return [
                _partial(of, item, {loc[1:] for loc in bad if loc[:1] == (index,)})
                for index, item in enumerate(raw)
            ]
    if _is_settings(annotation) and isinstance(raw, dict):
        return _partial(annotation, raw, bad)
    if get_origin(annotation) is dict and isinstance(raw, dict):
        wrong = {loc[0] for loc in bad if loc}
        good = {name: value for name, value in raw.items() if name not in wrong}
        return TypeAdapter(annotation).validate_python(good)
    return None


def _is_settings(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Settings)


def plain(annotation: Any) -> Any:
    """The type without Annotated and without `| None`."""
    if get_origin(annotation) is Annotated:
        return plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [one for one in get_args(annotation) if one is not type(None)]
        return plain(inner[0])
    return annotation


def _problem(details: Any, raw: Any) -> Problem:
    key, value, kind = "", raw, details["type"]
    for part in details["loc"]:
        if part == "[key]":  # pydantic's mark for the name of an entry
            value = details["input"]
            break
        key += f"[{part}]" if isinstance(part, int) else f".{part}"
        value = _at(value, part)
    key = key.removeprefix(".")
    if kind == "extra_forbidden":
        return Problem(key, f"{_shown(value)}: there is no such key")
    if kind == "missing":
        return Problem(key, "is not set")
    if kind == "literal_error":
        allowed = details["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return Problem(key, f"{_shown(value)} is not one of {allowed}")
    text = _SAYS.get(kind, "is not allowed here").format_map(details.get("ctx", {}))
    if kind == "value_error":
        text = str(details["ctx"]["error"])
        if isinstance(value, dict) or (isinstance(value, str) and f"'{value}'" in text):
            return Problem(key, text)
    return Problem(key, f"{_shown(value)} {text}")


def _shown(value: Any) -> str:
    shown = json.dumps(value) if isinstance(value, dict | list | bool | None) else repr(value)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


def _at(value: Any, part: str | int) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None
