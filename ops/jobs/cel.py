"""Evaluates the CEL of the stack's admission policies, as the API server does.

A subset of the language: what the policies of components/spark/admission use. Parsing raises
ValueError for anything else, so that a policy is never judged by half.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ops.jobs.cel_functions import CelError, Optional, call, equal, index, select

Node = Callable[[Mapping[str, Any]], Any]
"""A compiled expression: evaluates it over the variables."""

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<raw>r'[^']*'|r"[^"]*")
  | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
  | (?P<number>[0-9]+)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>\.\?|\[\?|&&|\|\||[=!<>]=|[-+<>!?:.,()\[\]{}])
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_CONSTANTS = {"true": True, "false": False, "null": None}
_MACROS = ("all", "exists", "filter", "map")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
}


@cache
def compiled(expression: str) -> Node:
    """The expression, ready to evaluate. Raises ValueError if it is not of the subset; evaluating
    it raises CelError where the API server reports an error."""
    parser = _Parser(expression)
    node = parser.ternary()
    parser.expect("")
    return node


class _Parser:
    """A recursive descent; each method consumes its part and returns it compiled."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0

    def ternary(self) -> Node:
        condition = self._either()
        if not self._taken("?"):
            return condition
        yes = self.ternary()
        self.expect(":")
        no = self.ternary()
        return lambda scope: (yes if _bool(condition(scope)) else no)(scope)

    def _either(self) -> Node:
        node = self._both()
        while self._taken("||"):
            node = _absorbing(node, self._both(), decides=True)
        return node

    def _both(self) -> Node:
        node = self._relation()
        while self._taken("&&"):
            node = _absorbing(node, self._relation(), decides=False)
        return node

    def _relation(self) -> Node:
        node = self._sum()
        while (operator := self._sign()) in (*_COMPARISONS, "==", "!=", "in"):
            self._at += 1
            node = _compared(operator, node, self._sum())
        return node

    def _sum(self) -> Node:
        node = self._unary()
        while self._taken("+"):
            node = _added(node, self._unary())
        return node

    def _unary(self) -> Node:
        if self._taken("!"):
            inner = self._unary()
            return lambda scope: not _bool(inner(scope))
        if self._taken("-"):
            inner = self._unary()
            return lambda scope: -inner(scope)
        return self._member()

    def _member(self) -> Node:
        node = self._primary()
        while (sign := self._sign()) in (".", ".?", "[", "[?"):
            self._at += 1
            if sign in ("[", "[?"):
                node = _indexed(node, self.ternary(), maybe=sign == "[?")
                self.expect("]")
                continue
            name = self._name()
            if self._sign() == "(":
                node = self._method(node, name)
            else:
                node = _selected(node, name, maybe=sign == ".?")
        return node

    def _method(self, target: Node, name: str) -> Node:
        self.expect("(")
        if name not in _MACROS:
            arguments = self._items(")")
            return lambda scope: call(name, target(scope), *(one(scope) for one in arguments))
        variable = self._name()
        self.expect(",")
        body = self.ternary()
        self.expect(")")
        return lambda scope: _macro(name, target(scope), variable, body, scope)

    def _primary(self) -> Node:
        kind, text = self._next()
        if kind == "constant" or text in _CONSTANTS:
            value = text if kind == "constant" else _CONSTANTS[text]
            return lambda scope: value
        if text == "(":
            node = self.ternary()
            self.expect(")")
            return node
        if text in ("[", "{"):
            return self._literal(text)
        if kind != "name":
            raise self._unknown(text)
        return self._has() if text == "has" else self._named(text)

    def _literal(self, sign: str) -> Node:
        if sign == "{":
            self.expect("}")
            return lambda scope: {}
        items = self._items("]")
        return lambda scope: [one(scope) for one in items]

    def _named(self, text: str) -> Node:
        if self._taken("("):
            arguments = self._items(")")
            return lambda scope: call(text, *(one(scope) for one in arguments))
        return lambda scope: _variable(scope, text)

    def _has(self) -> Node:
        self.expect("(")
        start = self._at
        while self._sign() not in (")", ""):
            self._at += 1
        field = self._tokens[self._at - 1][1]
        end, self._at = self._at, start
        tokens, self._tokens = self._tokens, [*self._tokens[: end - 2], ("end", "")]
        target = self._member()
        self._tokens, self._at = tokens, end
        self.expect(")")
        return lambda scope: select(target(scope), field, maybe=True).present

    def _items(self, end: str) -> list[Node]:
        items: list[Node] = []
        while not self._taken(end):
            items.append(self.ternary())
            if self._sign() != end:
                self.expect(",")
        return items

    def _sign(self) -> str:
        kind, text = self._tokens[self._at]
        return "" if kind == "constant" else text

    def _next(self) -> tuple[str, Any]:
        self._at += 1
        return self._tokens[self._at - 1]

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "name":
            raise self._unknown(text)
        return text

    def _taken(self, sign: str) -> bool:
        kind, text = self._tokens[self._at]
        found = kind != "constant" and text == sign
        self._at += found
        return found

    def expect(self, sign: str) -> None:
        kind, text = self._tokens[self._at]
        if kind == "constant" or text != sign:
            raise self._unknown(text)
        self._at += 1

    def _unknown(self, text: str) -> ValueError:
        return ValueError(f"cannot read {text!r} in the CEL expression {self._text!r}")


def _tokens(text: str) -> Any:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"cannot read {text[at:]!r} in the CEL expression {text!r}")
        at = match.end()
        word = match[match.lastgroup or 0]
        match match.lastgroup:
            case "raw":
                yield "constant", word[2:-1]
            case "text":
                yield "constant", re.sub(r"\\(.)", lambda one: _ESCAPES[one[1]], word[1:-1])
            case "number":
                yield "constant", int(word)
            case kind:
                yield kind, word
    yield "end", ""


def _absorbing(left: Node, right: Node, *, decides: bool) -> Node:
    """`||` (decides: true) or `&&`: one side that decides outweighs an error of the other."""

    def evaluate(scope: Mapping[str, Any]) -> bool:
        try:
            first = _bool(left(scope))
        except CelError:
            if _bool(right(scope)) is decides:
                return decides
            raise
        return decides if first is decides else _bool(right(scope))

    return evaluate


def _compared(operator: str, left: Node, right: Node) -> Node:
    def evaluate(scope: Mapping[str, Any]) -> bool:
        one, other = left(scope), right(scope)
        if operator in ("==", "!="):
            return equal(one, other) is (operator == "==")
        if operator == "in":
            return any(equal(one, item) for item in other)
        if type(one) is not type(other):
            raise CelError("no such overload")
        return _COMPARISONS[operator](one, other)

    return evaluate


def _added(left: Node, right: Node) -> Node:
    def evaluate(scope: Mapping[str, Any]) -> Any:
        one, other = left(scope), right(scope)
        if type(one) is not type(other) or isinstance(one, bool | dict):
            raise CelError("no such overload")
        return one + other

    return evaluate


def _indexed(target: Node, key: Node, *, maybe: bool) -> Node:
    return lambda scope: index(target(scope), key(scope), maybe=maybe)


def _selected(target: Node, name: str, *, maybe: bool) -> Node:
    return lambda scope: select(target(scope), name, maybe=maybe)


def _macro(
    name: str, items: Any, variable: str, body: Node, scope: Mapping[str, Any]
) -> bool | list[Any]:
    """`all` and `exists` absorb errors as `&&` and `||` do."""
    if isinstance(items, Optional) or not isinstance(items, list | tuple | Mapping):
        raise CelError("no such overload")
    scopes = [_Inner(scope, variable, item) for item in items]
    if name == "map":
        return [body(one) for one in scopes]
    if name == "filter":
        return [item for item, one in zip(items, scopes, strict=True) if _bool(body(one))]
    decides, error = name == "exists", None
    for one in scopes:
        try:
            if _bool(body(one)) is decides:
                return decides
        except CelError as raised:
            error = raised
    if error:
        raise error
    return not decides


class _Inner(Mapping[str, Any]):
    """The variables within a macro: those around it, and one more."""

    def __init__(self, outer: Mapping[str, Any], name: str, value: Any) -> None:
        self._outer, self._name, self._value = outer, name, value

    def __getitem__(self, key: str) -> Any:
        return self._value if key == self._name else self._outer[key]

    def __iter__(self) -> Any:
        return iter({*self._outer, self._name})

    def __len__(self) -> int:
        return len({*self._outer, self._name})


def _variable(scope: Mapping[str, Any], name: str) -> Any:
    try:
        return scope[name]
    except KeyError:
        raise ValueError(f"the CEL variable {name} is not known") from None


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise CelError("no such overload")
    return value
