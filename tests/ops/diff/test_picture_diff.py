"""A picture of a change shows before and after in one, by colour."""

import re

from ops.diff.diff import compare
from ops.diff.picture import draw
from ops.plan.model import Plan, Resource
from tests.ops.diff.plans import VPC, component, plan, resource


def part(name: str, **inputs: str) -> tuple[Resource, Resource]:
    parent = component(name)
    return parent, resource(VPC, f"{name}-vpc", inputs, parent=parent)


def colours(svg: str) -> dict[str, str]:
    """Title of each box and the colour of its edge."""
    boxes = re.findall(
        r'<rect [^>]*rx="8" [^>]*stroke="([^"]+)"[^>]*/>.*?>([^<]+)</text>', svg, re.S
    )
    return {title: colour for colour, title in boxes}


def change() -> tuple[Plan, Plan]:
    old = plan(*part("same"), *part("moved", cidrBlock="a"), *part("retagged"), *part("gone"))
    new = plan(
        *part("same"), *part("moved", cidrBlock="b"), *part("retagged", tags="x"), *part("new")
    )
    return old, new


def test_each_component_has_the_colour_of_what_happens_in_it():
    old, new = change()
    found = colours(draw(new, compare(old, new)))
    assert set(found) == {"same", "moved", "retagged", "gone", "new"}
    assert len(set(found.values())) == 5


def test_what_goes_is_still_drawn_and_said_to_be_deleted():
    old, new = change()
    svg = draw(new, compare(old, new))
    assert "gone" in colours(svg)
    assert "1 deleted" in svg
    assert "stroke-dasharray" in svg


def test_the_legend_names_every_colour():
    old, new = change()
    svg = draw(new, compare(old, new))
    for word in ("made", "changed", "replaced", "may be replaced", "deleted"):
        assert f">{word}</text>" in svg


def test_without_a_difference_nothing_is_coloured():
    old, _ = change()
    plain, same = colours(draw(old)), colours(draw(old, compare(old, old)))
    assert plain == same


def test_the_picture_of_a_plan_alone_is_as_it_was():
    _, new = change()
    svg = draw(new)
    assert "legend" not in svg
    assert "made</text>" not in svg
