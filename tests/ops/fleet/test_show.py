"""What a change does to each member, as text and as a pull request's comment."""

from typing import Any

from ops.fleet.show import diff_text
from ops.plan.command import Format


def stack(*consequences: tuple[str, str, str], changes: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "summary": {"update": changes},
        "consequences": [
            {"level": level, "kind": kind, "text": text} for level, kind, text in consequences
        ],
        **more,
    }


FINE = ("note", "jobs-unaffected", "jobs that run now are not affected")
FOUND = {
    "test": stack(("attention", "quota", "quota of test: 5 -> 6"), FINE),
    "b": stack(("danger", "data", "bucket b-jars is deleted"),
               ("disruption", "jobs-affected", "jobs that run now are affected")),
    "a": stack(("attention", "quota", "quota of a: 5 -> 6"),
               ("note", "jobs-unknown", "what this change does is not known")),
    "c": stack(FINE, changes=3, note="a new stack"),
    "d": stack(changes=0),
    "e": {"error": "no such\nkey"},
}  # fmt: skip


def test_members_are_in_the_order_given_and_one_change_is_one_line() -> None:
    table, *levels = diff_text(Format.text, "prod", "main", FOUND).split("\n\n")
    assert [line.split("  ")[0] for line in table.splitlines()[1:]] == list("123456")
    rows = {line.split()[1]: " ".join(line.split()[2:]) for line in table.splitlines()[1:]}
    assert rows == {
        "test": "attention not affected 2",
        "b": "danger affected 2",
        "a": "attention not known 2",
        "c": "new not affected: there are none 3",
        "d": "no change not affected 0",
        "e": "cannot be compared not known no such key",
    }
    assert [level.splitlines()[0] for level in levels] == [
        "danger", "disruption", "attention", "note",
    ]  # fmt: skip
    assert "- quota of <member>: 5 -> 6 (test, a)" in levels[2]
    assert "- bucket b-jars is deleted (b)" in levels[0], "one member's keeps its name"
    assert "- jobs that run now are not affected (test)" in levels[3]


def test_a_comment_begins_with_its_marker_and_holds_no_markup_of_a_change() -> None:
    hostile = "<img src=x> @everyone [x](https://x) | `y`\n# z"
    found = {"a": stack(("danger", "data", hostile)), "b": {"error": hostile}}
    text = diff_text(Format.markdown, "prod", "main", found)
    assert text.startswith("<!-- spark-on-eks: fleet prod -->\n## Fleet prod\n")
    body = text.partition("## Fleet prod\n")[2]
    for markup in ("<img", "@everyone", "[x](", "://", "\n# z"):
        assert markup not in body
    rows = [line for line in body.splitlines() if line.startswith("| 2")]
    assert len(rows) == 1 and rows[0].replace("\\|", "").count("|") == 6


def test_a_comment_keeps_the_gravest_within_what_github_takes() -> None:
    notes = [("note", "data", f"note {number} {'x' * 90}") for number in range(900)]
    found = {"a": stack(("danger", "data", "all is lost"), *notes)}
    text = diff_text(Format.markdown, "prod", "main", found)
    assert len(text) < 65_536
    assert "all is lost" in text
    assert text.splitlines()[-1].endswith("more lines: make fleet-diff FLEET=prod BASE=...")
    said = int(text.splitlines()[-1].split()[0])
    assert said + text.count("- note ") == 900
    assert "note 899" in diff_text(Format.text, "prod", "main", found)
