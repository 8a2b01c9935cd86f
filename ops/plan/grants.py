"""Permissions as plain facts: who may do what, to what, when. Two policies that say the same
thing in other words, another order or another file give the same grants."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Condition = tuple[tuple[str, str, tuple[str, ...]], ...]
"""Operator, key and allowed values, sorted."""

_ELEMENTS = {"Action": "NotAction", "Resource": "NotResource", "Principal": "NotPrincipal"}


@dataclass(frozen=True)
class Grant:
    """One action on one resource by one principal, allowed or denied, under a condition.

    An action or resource that begins with `!` is everything but that. `principal` is empty in a
    policy of the principal's own. `source` is the resource of the plan that says so.
    """

    effect: str
    principal: str
    action: str
    resource: str
    condition: Condition = ()
    source: str = field(default="", compare=False)

    def covers(self, other: "Grant") -> bool:
        """Whether whatever the other grants, this one grants too, as far as patterns tell."""
        return (
            self.effect == other.effect
            and _matches(self.principal, other.principal)
            and _matches(self.action.lower(), other.action.lower())
            and _matches(self.resource, other.resource)
            and all(_implied(one, other.condition) for one in self.condition)
        )


def of_document(document: Any, source: str) -> Iterator[Grant]:
    """Yields the grants of an IAM policy, as JSON text or as read; nothing for another text."""
    try:
        policy = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        return
    if not isinstance(policy, Mapping):
        return
    for statement in _list(policy.get("Statement")):
        if not isinstance(statement, Mapping):
            continue
        condition = _condition(statement.get("Condition") or {})
        for principal in _element(statement, "Principal") or [""]:
            for action in _element(statement, "Action") or [""]:
                for resource in _element(statement, "Resource") or [""]:
                    yield Grant(
                        str(statement.get("Effect", "Allow")),
                        principal,
                        action,
                        resource,
                        condition,
                        source,
                    )


def not_covered(grants: Iterable[Grant], by: Iterable[Grant]) -> list[Grant]:
    """Returns the grants that none of the others covers, each once, sorted."""
    others = list(by)
    same = set(others)
    wide = [one for one in others if not one.action.startswith("!")]
    left = {
        one for one in grants if one not in same and not any(other.covers(one) for other in wide)
    }
    return sorted(left, key=lambda one: (one.effect, one.principal, one.resource, one.action))


def sentences(grants: Iterable[Grant]) -> list[str]:
    """Returns the grants in words: actions on the same things under the same condition in one."""
    actions: dict[tuple[Any, ...], list[str]] = {}
    for one in grants:
        key = (one.effect, one.principal, one.resource, one.condition)
        actions.setdefault(key, []).append(one.action)
    resources: dict[tuple[Any, ...], list[str]] = {}
    for (effect, principal, resource, condition), done in actions.items():
        alike = (effect, principal, condition, tuple(sorted(set(done))))
        resources.setdefault(alike, []).append(resource)
    found = []
    for (effect, principal, condition, done), on in resources.items():
        who = f"{principal} " if principal else ""
        may = "may" if effect == "Allow" else "may not"
        where = f" on {', '.join(sorted(set(on)))}" if any(on) else ""
        when = f" when {_words(condition)}" if condition else ""
        found.append(f"{who}{may} {', '.join(done)}{where}{when}")
    return found


def _element(statement: Mapping[str, Any], name: str) -> list[str]:
    if name in statement:
        return [_text(one) for one in _flat(statement[name])]
    return [f"!{_text(one)}" for one in _flat(statement.get(_ELEMENTS[name]))]


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):  # of a principal: {"AWS": [...], "Service": ...}
        for kind in sorted(value):
            for one in _list(value[kind]):
                yield one if kind in ("AWS", "Service", "Federated") else f"{kind}:{one}"
    else:
        yield from _list(value)


def _condition(condition: Mapping[str, Any]) -> Condition:
    found = []
    for operator, keys in condition.items():
        for key, values in (keys if isinstance(keys, Mapping) else {}).items():
            # true and "true" are the same to IAM; keys have no case.
            texts = sorted({_text(one) for one in _list(values)})
            found.append((str(operator), str(key).lower(), tuple(texts)))
    return tuple(sorted(found))


def _implied(one: tuple[str, str, tuple[str, ...]], by: Condition) -> bool:
    """Whether a condition holds wherever all of the others do: fewer values are narrower."""
    operator, key, values = one
    for other, other_key, others in by:
        if (other, other_key) != (operator, key):
            continue
        if others == values:
            return True
        plain = operator in ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "IpAddress")
        if plain and set(others) <= set(values):
            return True
    return False


def _matches(pattern: str, text: str) -> bool:
    if pattern == text:
        return True
    if "!" in (pattern[:1], text[:1]):
        return pattern == "*" and not text.startswith("!")
    # A star in the text is a character like another: what it stands for matches the same star.
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _words(condition: Condition) -> str:
    return " and ".join(
        f"{key} {operator} {' or '.join(values)}" for operator, key, values in condition
    )


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
