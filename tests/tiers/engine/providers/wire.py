"""Values as the engine sends them: protobuf structs with marked secrets and unknowns."""

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

Struct: Any = vars(struct_pb2)["Struct"]
Path = tuple[str | int, ...]

UNKNOWN: str = rpc.UNKNOWN
_MARK: str = rpc._special_sig_key
_SECRET: str = rpc._special_secret_sig


def plain(struct: Any) -> dict[str, Any]:
    """The struct as plain data: secrets readable, whole numbers as int, unknowns as `UNKNOWN`."""
    return {key: _plain(value) for key, value in struct.fields.items()}


def struct(values: Mapping[str, Any], secrets: frozenset[str] = frozenset()) -> Any:
    """Plain data as a struct; the top-level keys in `secrets` are marked."""
    result = Struct()
    for key, value in values.items():
        result[key] = {_MARK: _SECRET, "value": value} if key in secrets else value
    return result


def secret_keys(struct: Any) -> frozenset[str]:
    """The top-level keys that hold a secret, at any depth."""
    return frozenset(key for key, value in struct.fields.items() if _holds_secret(value))


def has_unknown(value: Any) -> bool:
    """Whether the preview does not know some part of the value."""
    return any(leaf == UNKNOWN for _, leaf in leaves(value))


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar and every empty collection, with its path."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def text(path: Path) -> str:
    """A path in Pulumi's notation: `rules[0].filter.prefix`."""
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}"
    return out.removeprefix(".")


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    if kind == "struct_value":
        fields = value.struct_value.fields
        if _MARK in fields and fields[_MARK].string_value == _SECRET:
            return _plain(fields["value"])
        return {key: _plain(item) for key, item in fields.items()}
    return None if kind in (None, "null_value") else getattr(value, kind)


def _holds_secret(value: Any) -> bool:
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        return any(_holds_secret(item) for item in value.list_value.values)
    if kind != "struct_value":
        return False
    fields = value.struct_value.fields
    if _MARK in fields and fields[_MARK].string_value == _SECRET:
        return True
    return any(_holds_secret(item) for item in fields.values())
