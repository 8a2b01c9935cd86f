"""Over each type and input that the program uses: no `not affected` without knowledge, no two
consequences that contradict, no danger for what is only added."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.diff.diff import Diff, compare
from ops.diff.impact import Consequence, Kind, Level, consequences
from ops.diff.impact.covered import steps as covered_steps
from ops.diff.impact.known import row, speaks_of
from ops.diff.steps import Operation, Step
from ops.plan import paths
from ops.plan.model import STACK_TYPE, Plan, Resource
from tests.plans import CLUSTER_AUTOSCALER, DAEMONSET, plan_of

CASES = (("dev",), ("staging",), ("prod",), ("dev", *DAEMONSET), ("dev", *CLUSTER_AUTOSCALER))
_MOVES = {Kind.drifts_nodes, Kind.removes_nodes, Kind.rolls_nodes}
_DATA_GOES = {Kind.loses_data, Kind.removes}


@cache
def places(case: tuple[str, ...]) -> dict[tuple[str, str], tuple[Resource, paths.Path]]:
    """One resource for each type and path of its inputs."""
    found = {}
    for one in _own(plan_of(*case)):
        kind = str(one.inputs.get("kind") or one.type)
        for path, _ in paths.leaves(dict(one.inputs)):
            plain = ".".join("[]" if isinstance(part, int) else part for part in path)
            found.setdefault((kind, plain), (one, path))
    return found


def _own(plan: Plan) -> Iterator[Resource]:
    for one in plan.resources:
        if (one.custom or one.remote) and not one.external and one.type != STACK_TYPE:
            yield one


def changed(plan: Plan, one: Resource, path: paths.Path, how: str) -> Plan:
    """The plan with one value of a resource changed, or taken away."""
    inputs = copy.deepcopy(dict(one.inputs))
    *above, last = path
    target: Any = inputs
    for part in above:
        target = target[part]
    value = target[last]
    if how == "gone":
        del target[last]
    else:
        target[last] = _other(value)
    return with_(plan, one, replace(one, inputs=inputs))


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}x" if value[:1] not in "{[" else '{"Statement": []}'
    return ["x"] if isinstance(value, list) else {"x": "x"}


def with_(plan: Plan, old: Resource, new: Resource | None) -> Plan:
    """The plan with another resource in place of one, or without it."""
    rest = [one if one is not old else new for one in plan.resources]
    return replace(plan, resources=tuple(one for one in rest if one is not None))


def assert_consistent(diff: Diff) -> None:
    """No two consequences contradict, and none is said twice."""
    found = consequences(diff)
    kinds = [one.kind for one in found]
    loud = {Kind.jobs_affected, Kind.jobs_unknown}
    if diff.steps:
        assert (Kind.jobs_unaffected in kinds) != bool(loud & set(kinds))
    assert len({(one.kind, one.text) for one in found}) == len(found)
    by_key: dict[str, list[Consequence]] = {}
    for one in found:
        for key in {cause.key for cause in one.causes} - {""}:
            by_key.setdefault(key, []).append(one)
    for about in by_key.values():
        _assert_one_model(about)
    for one in found:
        if one.kind is Kind.jobs_affected:
            assert set(one.details) == {other.jobs for other in found if other.jobs}


def _assert_one_model(about: list[Consequence]) -> None:
    kinds = {one.kind for one in about}
    texts = " ".join(one.text for one in about)
    assert not (Kind.stays in kinds and kinds & _MOVES), texts
    assert not ("Pulumi protects" in texts and kinds & {*_DATA_GOES, Kind.cost}), texts
    assert not ("Pulumi only forgets" in texts and kinds & _DATA_GOES), texts
    assert not ("upgraded" in texts and "downgraded" in texts), texts
    assert not ("its nodes stay until" in texts and "its nodes are replaced" in texts), texts


def assert_earned(diff: Diff) -> None:
    """`not affected` only where each step has a row for its operation, or each of its paths."""
    kinds = {one.kind for one in consequences(diff)}
    if Kind.jobs_unaffected not in kinds or Kind.refused in kinds:
        return
    by_another = covered_steps(diff)
    for step in diff.steps:
        own = step.resource.custom or step.resource.remote
        if own and step.resource.type != STACK_TYPE and step.key not in by_another:
            _assert_known(step)


def _assert_known(step: Step) -> None:
    known = row(step.resource)
    assert known is not None, step.key
    named = f"{known.alone} {known.judged} {known.told} {known.grows} tags tagsAll"
    if step.operation is not Operation.update:
        words, operation = set(named.split()), str(step.operation)
        both = step.operation is Operation.replace and {"create", "delete"} <= words
        assert operation in words or both, step.key
        return
    for path in step.changed_paths:
        below = [one for one in named.split() if one.startswith(path)]
        assert speaks_of(named, path) or below, f"{step.key} {path}"


@pytest.mark.table
@settings(deadline=None, max_examples=120, derandomize=True)
@given(data=st.data())
def test_any_change_of_an_input_is_known_or_said_not_to_be(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(CASES))
    whole = plan_of(*case)
    where = places(case)
    one, path = where[data.draw(st.sampled_from(sorted(where)))]
    diff = compare(whole, changed(whole, one, path, data.draw(st.sampled_from(["other", "gone"]))))
    assert_earned(diff)
    assert_consistent(diff)


@pytest.mark.table
@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_what_comes_and_goes_alone_is_known_or_said_not_to_be(case: tuple[str, ...]) -> None:
    whole = plan_of(*case)
    for one in {one.type: one for one in _own(whole)}.values():
        less = with_(whole, one, None)
        for diff in (compare(whole, less), compare(less, whole)):
            assert_earned(diff)
            assert_consistent(diff)


@pytest.mark.table
@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_a_pure_addition_is_no_danger(case: tuple[str, ...]) -> None:
    whole = plan_of(*case)
    for one in {(one.type, one.inputs.get("kind")): one for one in _own(whole)}.values():
        found = consequences(compare(with_(whole, one, None), whole))
        dangers = [each.text for each in found if each.level is Level.danger]
        # A rule on what expires deletes what is in the bucket already.
        assert dangers == [] or "Lifecycle" in one.type, (one.name, dangers)


@pytest.mark.table
@settings(deadline=None, max_examples=60, derandomize=True)
@given(data=st.data())
def test_two_changes_at_once_do_not_contradict(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(CASES))
    whole = plan_of(*case)
    where = places(case)
    keys = data.draw(st.lists(st.sampled_from(sorted(where)), min_size=2, max_size=3))
    new = whole
    for key in keys:
        one, path = where[key]
        if (now := new.get(one.urn)) is not None and paths.get(now.inputs, path) is not None:
            how = data.draw(st.sampled_from(["other", "gone", "deleted"]))
            new = with_(new, now, None) if how == "deleted" else changed(new, now, path, how)
    assert_consistent(compare(whole, new))
    assert_earned(compare(whole, new))
