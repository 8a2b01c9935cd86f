"""Values and functions of CEL, with Kubernetes' libraries, as far as the policies use them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any


class CelError(Exception):
    """The expression cannot be evaluated for these values; the API server then denies."""


@dataclass(frozen=True)
class Optional:
    """An optional value."""

    present: bool
    value: Any = None


_NONE = Optional(present=False)
_INT = re.compile(r"[-+]?[0-9]+")
_BLANKS = " \t\n\r\x0b\x0c\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
_BLANKS += "\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""Of Unicode's White_Space, which Go's TrimSpace removes; Python's strip removes more."""


def select(target: Any, name: Any, *, maybe: bool) -> Any:
    """A field; an optional one if `maybe` or if the target is optional."""
    if isinstance(target, Optional):
        return select(target.value, name, maybe=True) if target.present else _NONE
    if not isinstance(target, Mapping):
        raise CelError("no such overload")
    if maybe:
        return Optional(True, target[name]) if name in target else _NONE
    if name not in target:
        raise CelError(f"no such key: {name}")
    return target[name]


def index(target: Any, key: Any, *, maybe: bool) -> Any:
    """An item of a list, or the value of a key."""
    if isinstance(target, Optional):
        return index(target.value, key, maybe=True) if target.present else _NONE
    if not isinstance(target, list):
        return select(target, key, maybe=maybe)
    found = isinstance(key, int) and 0 <= key < len(target)
    if maybe:
        return Optional(True, target[key]) if found else _NONE
    if not found:
        raise CelError(f"index out of bounds: {key}")
    return target[key]


def equal(left: Any, right: Any) -> bool:
    """Equality: of lists and maps item by item; a boolean equals no number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return left == right


def call(name: str, *arguments: Any) -> Any:
    """The result of a function, or of a method of the first argument. Raises ValueError for one
    that is not known here, CelError for arguments that it does not take."""
    if name not in _FUNCTIONS:
        raise ValueError(f"the CEL function {name} is not known")
    function, types = _FUNCTIONS[name]
    if len(arguments) != len(types) or not all(map(isinstance, arguments, types)):
        raise CelError("no such overload")
    return function(*arguments)


def _int(value: Any) -> int:
    if isinstance(value, bool):
        raise CelError("no such overload")
    # Go's ParseInt: ASCII digits only, of 64 bits.
    if isinstance(value, str) and not (_INT.fullmatch(value) and value.isascii()):
        raise CelError(f"cannot convert {value!r} to int")
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise CelError("integer overflow")
    return number


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """The pattern of RE2: `$` is the end of the text alone."""
    return re.compile(re.sub(r"(?<!\\)\$(?=\)|\||$)", r"\\Z", text), re.ASCII)


def _matches(text: str, pattern: str) -> bool:
    return _pattern(pattern).search(text) is not None


def _ascii_lower(text: str) -> str:
    return re.sub("[A-Z]", lambda one: one[0].lower(), text)


def _or_value(target: Optional, other: Any) -> Any:
    return target.value if target.present else other


def _join(items: Sequence[Any], separator: str) -> str:
    if not all(isinstance(one, str) for one in items):
        raise CelError("no such overload")
    return separator.join(items)


_FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "size": (len, (list | tuple | str | Mapping,)),
    "int": (_int, (int | float | str,)),
    "string": (str, (int | float | str,)),
    "matches": (_matches, (str, str)),
    "startsWith": (str.startswith, (str, str)),
    "endsWith": (str.endswith, (str, str)),
    "contains": (lambda text, part: part in text, (str, str)),
    "replace": (str.replace, (str, str, str)),
    "trim": (lambda text: text.strip(_BLANKS), (str,)),
    "lowerAscii": (_ascii_lower, (str,)),
    "join": (_join, (list, str)),
    "orValue": (_or_value, (Optional, object)),
    "hasValue": (lambda one: one.present, (Optional,)),
}
