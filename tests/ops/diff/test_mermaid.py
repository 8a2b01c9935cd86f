"""The picture of a stack or of a change: a Mermaid flowchart that GitHub renders."""

import json
import re

import pytest

from ops.diff.diff import compare
from ops.diff.mermaid import chart_of, to_json, to_mermaid
from ops.plan.model import Plan, Resource
from tests.ops.diff.plans import VPC, component, plan, resource


def drawn(of: Plan, old: Plan | None = None) -> str:
    return to_mermaid(chart_of(of, compare(old, of) if old else None))


def part(name: str, *needs: Resource, **inputs: str) -> tuple[Resource, Resource]:
    parent = component(name)
    dependencies = tuple(one.urn for one in needs)
    return parent, resource(VPC, f"{name}-vpc", inputs, parent=parent, dependencies=dependencies)


def labels(text: str) -> dict[str, str]:
    """The first line of each node's label, by the node's id."""
    return dict(re.findall(r'^    (n\d+)\["(.*?)(?:<br>.*)?"\]$', text, re.MULTILINE))


def arrows(text: str) -> set[tuple[str, str]]:
    names = labels(text)
    return {(names[a], names[b]) for a, b in re.findall(r"^  (n\d+) --> (n\d+)$", text, re.M)}


def test_an_arrow_leads_from_what_must_exist_first_and_no_shorter_way_is_drawn_twice():
    first = part("first")
    second = part("second", first[1], cidrBlock="a")
    third = part("third", first[1], second[1], cidrBlock="b")
    text = drawn(plan(*first, *second, *third))
    assert arrows(text) == {("first", "second"), ("second", "third")}


def test_components_that_need_each_other_are_drawn():
    one, two = component("one"), component("two")
    first = resource(VPC, "a", parent=one)
    second = resource(VPC, "b", parent=two, dependencies=(first.urn,))
    again = resource(VPC, "c", parent=one, dependencies=(second.urn,))
    assert len(arrows(drawn(plan(one, two, first, second, again)))) == 1


def test_equal_components_are_one_node_that_names_them():
    text = drawn(plan(*(each for name in "abcd" for each in part(f"team-{name}"))))
    assert re.findall(r'n0\["(.*)"\]', text) == ["4 x Part<br>team-a, team-b, team-c, ...<br>Vpc"]


def test_a_chart_of_many_components_has_at_most_forty_nodes():
    kinds, parts = [], []
    for number in range(90):
        one = component(f"part-{number}", f"Kind{number}")
        kinds += [one, resource(VPC, f"v-{number}", parent=one)]
        parts += part(f"part-{number}", *([parts[-1]] if number % 2 else []))
    for many in (kinds, parts):
        assert 1 <= len(labels(drawn(plan(*many)))) <= 40


def change() -> tuple[Plan, Plan]:
    old = plan(*part("same"), *part("moved", cidrBlock="a"), *part("retagged"), *part("gone"))
    new = plan(
        *part("same"), *part("moved", cidrBlock="b"), *part("retagged", tags="x"), *part("new")
    )
    return old, new


def test_a_change_shows_before_and_after_each_component_in_the_colour_of_what_happens():
    old, new = change()
    text = drawn(new, old)
    names = labels(text)
    found = {
        names[node]: style
        for nodes, style in re.findall(r"^  class (\S+) (\w+)_style$", text, re.MULTILINE)
        for node in nodes.split(",")
    }
    assert set(names.values()) == {"same", "moved", "retagged", "gone", "new"}
    assert found == {
        "moved": "replace",
        "retagged": "update",
        "gone": "delete",
        "new": "create",
    }
    assert "1 deleted" in text and "1 created" in text


def test_the_legend_names_every_colour_and_each_has_a_style():
    old, new = change()
    text = drawn(new, old)
    legend = dict(re.findall(r'^    (\w+)\["([a-z ]+)"\]:::\1_style$', text, re.MULTILINE))
    assert list(legend.values()) == ["created", "updated", "may be replaced", "replaced", "deleted"]
    assert set(re.findall(r"classDef (\w+)_style fill:", text)) == set(legend)


def test_without_a_difference_nothing_is_coloured_and_a_plan_alone_has_no_legend():
    old, _ = change()
    assert "  class n" not in drawn(old, old)
    assert "legend" not in drawn(old)


@pytest.mark.parametrize(
    "name",
    [
        'a"] --> n1',
        "end",
        "`code`",
        "<b>x</b>",
        "#quot;",
        "1. item",
        "- item",
        "a\nclick n0",
        "%%{init: {}}%%",
        ":::red",
        "$$x$$",
    ],
)
def test_no_name_can_leave_its_label(name: str):
    """Checked by hand with mermaid.parse of mermaid 11."""
    (line,) = [line for line in drawn(plan(*part(name))).splitlines() if "n0[" in line]
    inside = line.removeprefix('    n0["').removesuffix('<br>Part<br>Vpc"]')
    assert re.fullmatch(r"(?:[\w ,./():-]|#\d+;)+", inside)
    assert not re.match(r"[-*+] |\d+\. ", inside)
    decoded = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), inside)
    assert decoded == name.replace("\n", " ")


def test_the_same_plan_gives_the_same_text_and_nothing_gives_an_empty_chart():
    _, new = change()
    assert drawn(new) == drawn(new)
    assert drawn(plan()).endswith("flowchart TD\n")


def test_json_has_the_components_and_the_edges():
    first = part("first")
    found = json.loads(to_json(chart_of(plan(*first, *part("second", first[1], cidrBlock="a")))))
    assert [one["components"] for one in found["nodes"]] == [["first"], ["second"]]
    assert found["edges"] == [{"first": "n0", "then": "n1"}]
