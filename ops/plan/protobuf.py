"""Values as the SDK sends them to the engine: protobuf structs with marked secrets and unknowns."""

from collections.abc import Iterator
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from ops.plan.paths import Path

# protobuf creates its classes at import time, so type checkers do not see them.
Struct: Any = vars(struct_pb2)["Struct"]

SECRET = "[secret]"
UNKNOWN: str = rpc.UNKNOWN

_MARK: str = rpc._special_sig_key
_SECRET_MARK: str = rpc._special_secret_sig
_OUTPUT_MARK: str = rpc._special_output_value_sig
_REFERENCE_MARK: str = rpc._special_resource_sig
_ASSET_MARKS: dict[str, str] = {
    rpc._special_asset_sig: "asset",
    rpc._special_archive_sig: "archive",
}


def masked(struct: Any) -> dict[str, Any]:
    """Returns the struct as plain data in which every secret is `[secret]`."""
    return {key: _value(value, reveal=False) for key, value in sorted(struct.fields.items())}


def revealed(struct: Any) -> dict[str, Any]:
    """Returns the struct as plain data with readable secrets: for checks, never for a plan."""
    return {key: _value(value, reveal=True) for key, value in sorted(struct.fields.items())}


def secrets(struct: Any) -> Iterator[str]:
    """Yields every text that is marked as secret, or is inside a secret value."""
    for value in struct.fields.values():
        yield from _secrets(value, inside=False)


def secrets_inside(value: Any) -> Iterator[str]:
    """Yields every text of a value that is secret as a whole."""
    yield from _secrets(value, inside=True)


def unknowns(struct: Any) -> Iterator[Path]:
    """Yields the path of every value that the preview does not know."""
    for key, value in struct.fields.items():
        yield from _unknowns(value, (key,))


def struct(values: dict[str, Any]) -> Any:
    """Returns plain data as a protobuf struct."""
    result = Struct()
    result.update(values)
    return result


def fill(struct: Any, made: dict[str, Any]) -> None:
    """Adds missing keys to the struct; existing values, secret marks included, stay."""
    for key, value in made.items():
        if key not in struct.fields:
            struct.update({key: value})
        elif (below := _plain_object(struct, key)) is not None and isinstance(value, dict):
            fill(below, value)


def fill_unknown(struct: Any, made: dict[str, Any]) -> None:
    """Marks keys as unknown that `made` has inside objects of the struct and the struct lacks.

    At the top level a missing value is unknown; inside an object the SDK reads a missing key as
    a known None.
    """
    for key, value in made.items():
        below = _plain_object(struct, key)
        if below is not None and isinstance(value, dict):
            below.update({name: UNKNOWN for name in value if name not in below.fields})
            fill_unknown(below, value)


def _plain_object(struct: Any, key: str) -> Any:
    if key not in struct.fields or struct.fields[key].WhichOneof("kind") != "struct_value":
        return None
    found = struct.fields[key].struct_value
    return None if _MARK in found.fields else found


def _value(value: Any, reveal: bool) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "list_value":
            return [_value(item, reveal) for item in value.list_value.values]
        case "struct_value":
            return _object(value.struct_value, reveal)
    return None


def _object(struct: Any, reveal: bool) -> Any:
    fields = struct.fields
    mark = fields[_MARK].string_value if _MARK in fields else ""
    if mark == _SECRET_MARK:
        return _value(fields["value"], reveal) if reveal else SECRET
    if mark == _OUTPUT_MARK:
        if "secret" in fields and fields["secret"].bool_value and not reveal:
            return SECRET
        return _value(fields["value"], reveal) if "value" in fields else UNKNOWN
    if mark == _REFERENCE_MARK:
        return fields["urn"].string_value
    plain = {key: _value(item, reveal) for key, item in sorted(fields.items()) if key != _MARK}
    return {_ASSET_MARKS[mark]: plain} if mark in _ASSET_MARKS else plain


def _secrets(value: Any, inside: bool) -> Iterator[str]:
    kind = value.WhichOneof("kind")
    if kind == "string_value" and inside and value.string_value != UNKNOWN:
        yield value.string_value
    elif kind == "list_value":
        for item in value.list_value.values:
            yield from _secrets(item, inside)
    elif kind == "struct_value":
        fields = value.struct_value.fields
        mark = fields[_MARK].string_value if _MARK in fields else ""
        marked = mark == _SECRET_MARK or (
            mark == _OUTPUT_MARK and "secret" in fields and fields["secret"].bool_value
        )
        for key, item in fields.items():
            if key != _MARK:
                yield from _secrets(item, inside or marked)


def _unknowns(value: Any, path: Path) -> Iterator[Path]:
    kind = value.WhichOneof("kind")
    if kind == "string_value" and value.string_value == UNKNOWN:
        yield path
    elif kind == "list_value":
        for index, item in enumerate(value.list_value.values):
            yield from _unknowns(item, (*path, index))
    elif kind == "struct_value":
        fields = value.struct_value.fields
        if _MARK in fields and fields[_MARK].string_value in (_SECRET_MARK, _OUTPUT_MARK):
            if "value" in fields:
                yield from _unknowns(fields["value"], path)
            else:
                yield path
            return
        for key, item in fields.items():
            yield from _unknowns(item, (*path, key))
