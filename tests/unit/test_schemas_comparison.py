"""What compares our schemas with full ones can itself tell a difference."""

from pathlib import Path

import pytest

from tests.validate import reference
from tests.validate.compare import at, unlike_defaults, wider
from tests.validate.full_values import errors_by_defaults


def test_a_chart_is_asked_by_names_maps_and_scalars() -> None:
    defaults = {"a": 1, "b": {"c": ""}, "free": {}, "none": None, "nodeSelector": {"x": "y"}}
    good = {"a": 2, "b": {"c": "d"}, "free": {"any": 1}, "none": {"any": 1}, "nodeSelector": {}}
    assert list(errors_by_defaults(good, defaults, [])) == []
    assert list(errors_by_defaults({"nodeSelector": {"z": "1"}, "b": None}, defaults, [])) == []
    for bad, says in [
        ({"aa": 1}, "aa: 1: no such value; allowed: a, b"),
        ({"b": {"d": 1}}, "b.d: 1: no such value; allowed: c"),
        ({"b": 1}, "b: 1: the chart's default is dict"),
        ({"a": {"x": 1}}, 'a: {"x": 1}: the chart\'s default is int'),
    ]:
        assert [text for text in errors_by_defaults(bad, defaults, []) if text.startswith(says)]


def test_the_comparison_finds_what_is_wider_than_the_full_schema() -> None:
    full = {"type": "integer", "minimum": 1, "maximum": 5}
    assert wider("a", {"type": "integer", "minimum": 1, "maximum": 5}, full) == []
    assert wider("a", {"type": "integer", "minimum": 2, "maximum": 4}, full) == []
    assert wider("a", {"type": "integer", "minimum": 0, "maximum": 6}, full) == [
        "a: minimum 0 against 1",
        "a: maximum 6 against 5",
    ]
    assert wider("a", {"type": "integer"}, full) == [
        "a: no minimum, against 1",
        "a: no maximum, against 5",
    ]
    assert wider("a", {"type": "string"}, full) != []
    named = {"type": "string", "enum": ["a", "b"]}
    assert wider("a", {"type": "string", "enum": ["a"]}, named) == []
    assert wider("a", {"type": "string", "enum": ["a", "c"]}, named) == ["a: 'c' is refused"]
    assert wider("a", {"type": "string"}, named) == ["a: any value, against ['a', 'b']"]
    assert wider("a", {"type": "string"}, {"type": "string", "pattern": "a"}) != []
    needed = {"type": "object", "required": ["a", "b"], "properties": {"b": {"default": 1}}}
    assert wider("a", {"type": "object"}, needed) == ["a: a is required"]


def test_the_comparison_finds_a_path_that_the_full_schema_lacks() -> None:
    full = {"properties": {"a": {"items": {"properties": {"b": {"type": "string"}}}}, "m": {}}}
    assert at(full, "a[].b") == {"type": "string"}
    assert at(full, "a[].c") is None
    assert at(full, "c") is None
    assert at(full, "m.anything") == {}


def test_the_comparison_finds_a_value_that_the_chart_lacks_or_types_otherwise() -> None:
    found = unlike_defaults("addon-metrics-server", {"replicas": "1", "args": [], "affinity": {}})
    assert "replicas: type ['integer'], the default is '1'" in found
    assert "tolerations: the chart has no such value" in found
    assert not [text for text in found if text.startswith(("args", "affinity"))]


def test_going_without_the_full_schemas_is_a_failure_in_ci_and_where_they_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reference, "DEFAULT", tmp_path)
    monkeypatch.delenv("SCHEMAS", raising=False)
    monkeypatch.delenv("CI", raising=False)
    assert "helm show crds" in (reference.missing() or "")
    assert not reference.is_required()
    monkeypatch.setenv("CI", "true")
    assert reference.is_required()
    monkeypatch.delenv("CI")
    monkeypatch.setenv("SCHEMAS", str(tmp_path / "elsewhere"))
    assert reference.is_required()
    assert "elsewhere" in (reference.missing() or "")
