"""No value of any key ends in a traceback, and no two problems hide each other."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.base import Settings
from components.formats import seconds
from components.validation import plain
from ops.plan.errors import UserError
from settings import PROJECT, StackSettings
from tests.unit.values import message, message_for

_ODD = [
    *(None, True, False, 0, -1, 1.5, 10**30, "", " ", "x", "0", "null", "${x}", "a" * 300),
    *("1.35", "10.0.0.0/16", "m7g", "0xlarge", "Never", "0s", "@daily", "arn:aws:iam::1:role/a"),
    *([], {}, [[]], [None], [{}], [""], {"": ""}, {"a": None}, {"name": "a"}, {"enabled": True}),
    *("\n", "\x00", "é", "\ud800", "۵", float("inf"), float("nan")),
]
_VALUES = st.one_of(
    st.sampled_from(_ODD),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)


def paths(model: type[Settings], above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key of a stack file, with 0 for the entry of a list."""
    for name, field in model.model_fields.items():
        path = (*above, field.alias or name)
        yield path
        inner = plain(field.annotation)
        if get_origin(inner) is list:
            path, inner = (*path, 0), plain(get_args(inner)[0])
            yield path
        if isinstance(inner, type) and issubclass(inner, Settings):
            yield from paths(inner, path)


PATHS = list(paths(StackSettings))


def nested(path: tuple[Any, ...], value: Any) -> Any:
    """The value below a path of keys."""
    for part in reversed(path):
        value = [value] if part == 0 else {part: value}
    return value


def merged(ours: Any, theirs: Any) -> Any:
    """Two values in one where both are objects."""
    if not (isinstance(ours, dict) and isinstance(theirs, dict)):
        return theirs
    return {**ours, **{key: merged(ours.get(key), value) for key, value in theirs.items()}}


def engine(values: dict[str, Any]) -> dict[str, str]:
    """The values as the engine hands them over: scalars as text, anything else as JSON."""
    return {
        "aws:region": "us-west-2",
        **{
            f"{PROJECT}:{key}": value if isinstance(value, str) else json.dumps(value)
            for key, value in values.items()
        },
    }


@settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(st.tuples(st.sampled_from(PATHS), _VALUES), min_size=1, max_size=4))
def test_any_value_is_allowed_or_refused_by_a_key(given: list[tuple[tuple[Any, ...], Any]]) -> None:
    values: dict[str, Any] = {}
    for path, value in given:
        values = merged(values, nested(path, value))
    found = message_for("dev", engine(values))
    assert not found or " in stacks/Pulumi.dev.yaml:\n  " in found
    for words in ("Input should", "validation error", "pydantic", "Traceback", "(?"):
        assert words not in found


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(str(part) for part in path))
def test_every_key_refuses_or_allows_each_odd_value(path: tuple[Any, ...]) -> None:
    for value in _ODD:
        found = message_for("dev", engine(nested(path, value)))
        assert "Input should" not in found and "is not allowed here" not in found


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "[1" + "0" * 5000 + "]", "[NaN", "{}{}", "[\ud800]"]
)
def test_what_is_no_json_is_refused_as_text(text: str) -> None:
    for key in ("tags", "pools", "cluster", "account"):
        assert key in message_for("dev", {"aws:region": "us-west-2", f"{PROJECT}:{key}": text})


@pytest.mark.parametrize("depth", [45, 60, 950, 988, 990])
def test_what_is_nested_too_deeply_is_refused(depth: int) -> None:
    text = '{"values":' + '{"a":' * depth + "1" + "}" * depth + "}"
    found = message_for("dev", {"aws:region": "us-west-2", f"{PROJECT}:karpenter": text})
    assert ("karpenter: " in found) == (depth > 50)


@settings(deadline=None)
@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 9999))
def test_a_duration_has_the_seconds_that_go_reads(hours: int, minutes: int, rest: int) -> None:
    text = f"{hours}h{minutes}m{rest}s"
    assert seconds(text) == hours * 3600 + minutes * 60 + rest


def test_a_wrong_type_an_unknown_key_and_a_cross_check_are_reported_together() -> None:
    found = message(
        "dev",
        "pools[0].diskGiB=big",
        "jarMount.levle=pod",
        "drivers.zone=f",
        "systemNodes={minSize: 5, maxSize: 3, size: 4}",
        "cluster.admins=[alice]",
        "spark.teams=[{name: a, pool: gone}]",
        "tags={stack: other, 'aws:x': y}",
        "aws:region=Oregon",
    )
    first, *lines = found.splitlines()
    assert first == "10 problems in stacks/Pulumi.dev.yaml:"
    assert {line.split(": ")[0].strip().removeprefix("spark-on-eks:") for line in lines} == {
        *("aws:region", "tags.aws:x", "tags.stack", "cluster.admins[0]", "systemNodes.size"),
        *("systemNodes.maxSize", "pools[0].diskGiB", "jarMount.levle", "drivers.zone"),
        "spark.teams[0].pool",
    }


def test_a_wrong_value_causes_no_second_problem_elsewhere() -> None:
    for sets in (
        # Each would fail a check with the default in its place, or without the entry.
        ["network.zones=[a, B]", "drivers.zone=c"],
        ["pools=[{name: Etl}]", "spark.teams=[{name: a, pool: etl}]"],
        ["pools[0].sizes=[3xlarge]"],
        ["pools[0].sizes=[huge]", "pools[0].limits={cpu: 4, memoryGiB: 16}"],
        ["cluster.version=1.50", "addonVersions={kube-proxy: v1.50.1-eksbuild.1}"],
        ["network.cidr=10.0.0.0/99", "pools[0].limits={cpu: 4096, memoryGiB: 99999}"],
        ["autoscaler=keda", "pools=[]"],
        ["jarMount.level=pods", "addonVersions={aws-mountpoint-s3-csi-driver: v2.7.0-eksbuild.1}"],
    ):
        assert message("dev", *sets).startswith("1 problem in"), sets


_ODD_YAML = (
    *("null", "~", "1" + "0" * 5000, "1e999", ".inf", ".nan", "0x10", "'", '"', "{", "]", "---"),
    *("!!python/object:os.system x", "!!binary aGk=", "!!set {a}", "!!timestamp 2026-01-01"),
    *("&a [*a]", "? a", "a: b", "${x}", "\\", "\x00", "[" * 3000, "!!int x", "&x {a: *x}"),
    *("{<<: 5}", "{[a]: b}", "{{a: b}: c}", "{1: 2}", "{null: 1}", "2026-01-01"),
)
_ODD_KEYS = (
    *("tags", "tags.a", "account", "aws:region", "cluster.version", "pools[0]", "karpenter.values"),
    *("pools[5].name", "pools[-1]", "a", "..", "[0]", "cluster[0]", "pools.x", "tags['a.b']", ""),
)


@pytest.mark.parametrize("key", _ODD_KEYS)
def test_any_override_is_allowed_or_refused_with_a_message(key: str) -> None:
    for text in _ODD_YAML:
        with contextlib.suppress(UserError):
            message("dev", f"{key}={text}")
