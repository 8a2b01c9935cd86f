"""Values as the SDK sends them to the engine: protobuf structs with marked secrets and unknowns.
Secrets are redacted, too, in texts that are not marked: notes, error messages, fake outputs."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from ops.plan.paths import Path

# protobuf creates its classes at import time, so type checkers do not see them.
Struct: Any = vars(struct_pb2)["Struct"]

SECRET = "[secret]"
_SHORTEST = 3
"""Of a secret that is redacted in texts: the Pulumi CLI's own minimum, as a shorter one would match
in ordinary text."""
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
    return (text for _, text, secret in _all(struct) if secret and text != UNKNOWN)


def secrets_inside(value: Any) -> Iterator[str]:
    """Yields every text of a value that is secret as a whole."""
    return (text for _, text, _ in _texts(value, (), True) if text != UNKNOWN)


def unknowns(struct: Any) -> Iterator[Path]:
    """Yields the path of every value that the preview does not know."""
    return (path for path, text, _ in _all(struct) if text == UNKNOWN)


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
        if _is_secret_output(fields) and not reveal:
            return SECRET
        return _value(fields["value"], reveal) if "value" in fields else UNKNOWN
    if mark == _REFERENCE_MARK:
        return fields["urn"].string_value
    plain = {key: _value(item, reveal) for key, item in sorted(fields.items()) if key != _MARK}
    return {_ASSET_MARKS[mark]: plain} if mark in _ASSET_MARKS else plain


def _all(struct: Any) -> Iterator[tuple[Path, str, bool]]:
    for key, value in struct.fields.items():
        yield from _texts(value, (key,), False)


def _texts(value: Any, path: Path, secret: bool) -> Iterator[tuple[Path, str, bool]]:
    """Yields every text below a value with its path, and whether it is secret."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        yield path, value.string_value, secret
    elif kind == "list_value":
        for index, item in enumerate(value.list_value.values):
            yield from _texts(item, (*path, index), secret)
    elif kind == "struct_value":
        fields = value.struct_value.fields
        mark = fields[_MARK].string_value if _MARK in fields else ""
        if mark in (_SECRET_MARK, _OUTPUT_MARK):
            secret = secret or mark == _SECRET_MARK or _is_secret_output(fields)
            if "value" in fields:
                yield from _texts(fields["value"], path, secret)
            else:
                yield path, UNKNOWN, secret
            return
        for key, item in fields.items():
            if key != _MARK:
                yield from _texts(item, (*path, key), secret)


def _is_secret_output(fields: Any) -> bool:
    return "secret" in fields and fields["secret"].bool_value


class Redactor:
    """Replaces every known secret inside texts; keys and the shape of data stay."""

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {text for text in secrets if len(text) >= _SHORTEST}
        # A secret may be part of another one: replace the longer one first.
        self._secrets = sorted(found, key=lambda text: (-len(text), text))

    def text(self, text: str) -> str:
        """Returns the text with `[secret]` for each secret in it."""
        for secret in self._secrets:
            text = text.replace(secret, SECRET)
        return text

    def data(self, value: Any) -> Any:
        """Returns plain data with `[secret]` for each secret in its texts."""
        if not self._secrets:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.data(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(item) for item in value]
        return value
