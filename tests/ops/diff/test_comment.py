"""One comment shows what a change does to every stack, within GitHub's limits."""

import json
import re
from collections.abc import Sequence

import pytest

from ops.diff.as_json import to_json
from ops.diff.comment import LIMIT, MARKER, comment
from ops.diff.diff import compare
from ops.diff.sources import Compared, Failure
from ops.plan.model import Plan, Resource
from tests.ops.diff.plans import GROUP, VPC, component, kubernetes, plan, resource

COMMAND = "make diff STACK=all BASE=main"


def stack(name: str, old: Sequence[Resource], new: Sequence[Resource]) -> Compared:
    return Compared(name, compare(plan(*old), plan(*new)))


def rolled(name: str = "dev") -> Compared:
    versions = [[resource(GROUP, "g", {"version": version})] for version in ("1.35", "1.36")]
    return stack(name, *versions)


def test_the_first_line_is_the_mark_by_which_a_workflow_finds_its_comment():
    assert comment([rolled()], COMMAND).splitlines()[0] == MARKER
    assert MARKER.startswith("<!--")
    assert MARKER.endswith("-->")


def test_every_stack_is_in_the_table_with_the_gravest_that_happens_to_it():
    quiet = stack("quiet", [resource(VPC, "v")], [resource(VPC, "v")])
    page = comment([rolled("prod"), quiet], COMMAND)
    first, second = [line for line in page.splitlines() if line.startswith(("| prod", "| quiet"))]
    assert first.startswith("| prod | ⚠️ **disruption** | **affected** | rolls managed node group g")
    assert first.endswith("| 1 to update, 0 unchanged |")
    assert second == "| quiet |  |  |  | no changes |"
    assert "⚠️ **jobs that run are affected** in prod" in page
    # A stack without a difference has no section.
    assert page.count("<details>") == page.count("</details>") == 2


BUCKET = "aws:s3/bucket:Bucket"


@pytest.mark.parametrize(
    ("stacks", "first", "order"),
    [
        ([], "nothing changes in any stack", ["a", "b"]),
        (
            [stack("z", [resource(BUCKET, "x")], [resource(BUCKET, "x", {"tags": {"a": "1"}})])],
            "✅ jobs that run are not affected",
            ["z", "a", "b"],
        ),
        (
            [rolled("y"), stack("z", [resource(BUCKET, "x")], [])],
            "🛑 **stop and read: danger** in z<br>⚠️ **jobs that run are affected** in y",
            ["z", "y", "a", "b"],
        ),
        (
            [rolled("y"), Compared("z", Failure("it stopped", 1))],
            "🛑 **stop: no diff** of z<br>⚠️ **jobs that run are affected** in y",
            ["z", "y", "a", "b"],
        ),
        (
            [stack("z", [resource(VPC, "v")], [resource(VPC, "v", {"new": 1})])],
            "⚠️ **what it does to jobs that run is not known** in z",
            ["z", "a", "b"],
        ),
    ],
)
def test_the_first_line_says_whether_to_stop_and_the_gravest_stack_comes_first(
    stacks: list[Compared], first: str, order: list[str]
):
    quiet = [stack(name, [resource(VPC, "v")], [resource(VPC, "v")]) for name in ("b", "a")]
    lines = comment([*quiet, *stacks], COMMAND).splitlines()
    assert lines[4].startswith(first)
    rows = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")]
    assert rows[1 : len(order) + 1] == order


def test_consequences_are_printed_before_resources():
    page = comment([rolled()], COMMAND)
    assert 0 < page.index("rolls managed node group") < page.index("<details>")


def big(count: int, lines: int = 1) -> Compared:
    """Resources that all change, in components of ten."""
    sides: list[list[Resource]] = [[], []]
    for number in range(count):
        part = component(f"part-{number // 10}")
        for side, value in zip(sides, ("old", "new"), strict=True):
            if number % 10 == 0:
                side.append(part)
            inputs = {f"tag{line}": f"{value}-{number}-{'x' * 60}" for line in range(lines)}
            side.append(resource(VPC, f"v-{number}", {"tags": inputs}, parent=part))
    return stack("big", *sides)


@pytest.mark.parametrize("stacks", [1, 4, 30])
def test_500_changed_resources_are_a_comment_that_github_takes(stacks: int):
    each = -(-500 // stacks)
    page = comment([big(each, lines=6) for _ in range(stacks)], COMMAND)
    assert len(page) <= LIMIT
    assert page.count("<details>") == page.count("</details>")
    assert "Left out, because GitHub accepts at most 65,536 characters: part-" in page
    assert "make diff STACK=all BASE=main" in page


def test_a_diff_that_fits_is_complete_and_mentions_no_omission():
    page = comment([big(40)], COMMAND)
    assert "Left out" not in page
    assert all(f"<code>v-{number}</code>" in page for number in range(40))


def test_the_picture_of_the_change_is_folded_in_while_there_is_room():
    page = comment([big(40), rolled("small")], COMMAND)
    (chart,) = re.findall(r"<summary>picture</summary>\n\n```mermaid\n(.*?)```", page, re.S)
    assert "flowchart TD" in chart and "40 unchanged" not in chart


def test_a_large_stack_does_not_take_the_room_of_a_small_one():
    page = comment([big(500, lines=6), rolled("small")], COMMAND)
    assert len(page) <= LIMIT
    assert "rolls managed node group g" in page


def test_consequences_without_end_are_cut_before_they_fill_the_comment():
    def drivers(size: str) -> list[Resource]:
        return [
            kubernetes("Namespace", f"team-{number}-{size * 40}", {}) for number in range(2_000)
        ]

    page = comment([stack("big", drivers("a"), drivers("b"))], COMMAND)
    assert len(page) <= LIMIT


def test_a_stack_that_cannot_be_recorded_has_its_error_and_hides_no_other():
    broken = Compared("broken", Failure("pools[0].name: 'a b' is </b> wrong", 2))
    page = comment([broken, rolled("prod")], COMMAND)
    assert "no diff" in page
    assert "&lt;/b&gt; wrong" in page
    assert "rolls managed node group g" in page


def test_the_same_as_json_for_tools():
    found = json.loads(to_json([rolled(), Compared("broken", Failure("why", 2))]))
    rolls, broken = found["stacks"]
    assert broken == {"stack": "broken", "error": "why"}
    assert rolls["summary"]["update"] == 1
    (first, jobs) = rolls["consequences"]
    assert (first["kind"], first["level"]) == ("rolls-nodes", "disruption")
    assert first["causes"] == [{"resource": "g", "what": 'version: "1.35" -> "1.36"'}]
    assert jobs["kind"] == "jobs-affected"
    (step,) = rolls["steps"]
    assert step["changes"] == [{"path": "version", "old": "1.35", "new": "1.36"}]


def test_two_stacks_have_differences_and_no_consequences():
    dev = plan(resource(GROUP, "g", {"version": "1.35"}))
    prod: Plan = plan(resource(GROUP, "g", {"version": "1.36"}, stack="prod"), stack="prod")
    found = json.loads(to_json([Compared("dev → prod", compare(dev, prod))]))
    assert found["stacks"][0]["consequences"] == []
    assert found["stacks"][0]["summary"]["update"] == 1
