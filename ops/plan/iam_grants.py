"""Grants: principal, action, resource and conditions. Two policies that allow the same in another
wording, order or file have the same grants."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ops.plan.iam import Statement, named_principals, statements_of

Conditions = tuple[tuple[str, str, tuple[str, ...]], ...]
"""Operator, key and allowed values, sorted; keys in lower case, as IAM ignores theirs."""

_NARROWED_BY_FEWER = ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "IpAddress")


@dataclass(frozen=True)
class Grant:
    """One action on one resource by one principal, allowed or denied, under conditions.

    An action, resource or principal that begins with `!` is everything but that (`!iam:*|s3:*`).
    `principal` is empty in a policy of the principal's own. `source` is the name of the resource
    that has the policy.
    """

    effect: str
    principal: str
    action: str
    resource: str
    conditions: Conditions = ()
    source: str = field(default="", compare=False)

    @property
    def allows(self) -> bool:
        return self.effect == "Allow"

    def covers(self, other: "Grant") -> bool:
        """Returns whether this one grants all that the other grants, as far as patterns show."""
        return (
            self.effect == other.effect
            and _matches(self.principal, other.principal)
            and _matches(self.action.lower(), other.action.lower())
            and _matches(self.resource, other.resource)
            and all(_implied(one, other.conditions) for one in self.conditions)
        )


def grants_of(policy: Any, source: str) -> Iterator[Grant]:
    """Yields the grants of a policy document, JSON text or parsed; none of another value."""
    return grants(statements_of(policy), source)


def grants(statements: Iterable[Statement], source: str) -> Iterator[Grant]:
    """Yields the grants of statements. A statement without an effect grants nothing: AWS rejects
    it."""
    for one in statements:
        principals = named_principals(one.principals)
        conditions = tuple(
            sorted(
                (c.operator, c.key.lower(), tuple(sorted(set(c.values)))) for c in one.conditions
            )
        )
        for principal in _or_excluded(principals, one, "NotPrincipal") if one.effect else ():
            for action in _or_excluded(one.actions, one, "NotAction"):
                for resource in _or_excluded(one.resources, one, "NotResource"):
                    yield Grant(one.effect, principal, action, resource, conditions, source)


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
    """Returns the grants in words; actions on the same resources under the same conditions share
    a sentence."""
    actions: dict[tuple[Any, ...], list[str]] = {}
    for one in grants:
        key = (one.effect, one.principal, one.resource, one.conditions)
        actions.setdefault(key, []).append(one.action)
    resources: dict[tuple[Any, ...], list[str]] = {}
    for (effect, principal, resource, conditions), done in actions.items():
        alike = (effect, principal, conditions, tuple(sorted(set(done))))
        resources.setdefault(alike, []).append(resource)
    found = []
    for (effect, principal, conditions, done), on in resources.items():
        who = f"{principal} " if principal else ""
        may = "may" if effect == "Allow" else "may not"
        where = f" on {', '.join(sorted(set(on)))}" if any(on) else ""
        when = f" when {_words(conditions)}" if conditions else ""
        found.append(f"{who}{may} {', '.join(done)}{where}{when}")
    return found


def _or_excluded(named: tuple[str, ...], statement: Statement, exclusion: str) -> tuple[str, ...]:
    # NotAction with two actions is everything but both: one grant, not one for each.
    excluded = statement.exclusions.get(exclusion)
    return named or ((f"!{'|'.join(sorted(set(excluded)))}",) if excluded else ("",))


def _implied(one: tuple[str, str, tuple[str, ...]], by: Conditions) -> bool:
    """Whether a condition holds wherever all of the others do: fewer values are narrower."""
    operator, key, values = one
    for other, other_key, others in by:
        if (other, other_key) != (operator, key):
            continue
        if others == values:
            return True
        if operator in _NARROWED_BY_FEWER and set(others) <= set(values):
            return True
    return False


def _matches(pattern: str, text: str) -> bool:
    if pattern == text:
        return True
    if "!" in (pattern[:1], text[:1]):
        return pattern == "*" and not text.startswith("!")
    # A `*` in `text` is a plain character here: the pattern's `*` matches it, too.
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _words(conditions: Conditions) -> str:
    return " and ".join(
        f"{key} {operator} {' or '.join(values)}" for operator, key, values in conditions
    )
