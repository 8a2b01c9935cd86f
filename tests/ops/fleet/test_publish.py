"""A release for every member: who has it, and what keeps it from the others."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.cli import app
from ops.fleet import tools
from ops.fleet.publish import Copy, publish_all, releases_of_all
from ops.fleet.settings import load
from ops.fleet.show import copies_text, releases_text
from ops.plan.command import Format
from ops.plan.errors import Failed, UserError
from tests.plans import ROOT

MEMBERS = ["test", "b", "a"]


def test_it_goes_to_each_member_in_the_order_of_the_roll_out() -> None:
    asked: list[str] = []
    assert publish_all(MEMBERS, asked.append) == [Copy(name) for name in MEMBERS]
    assert asked == MEMBERS


@pytest.mark.parametrize("error", [Failed("S3 is\n away"), UserError("S3 is\n away")])
def test_a_member_that_fails_keeps_it_from_no_other_and_is_named(error: Exception) -> None:
    def publish(member: str) -> None:
        if member == "b":
            raise error

    copies = publish_all(MEMBERS, publish)
    assert copies_text(Format.text, "r1", copies) == (
        "member  release r1\ntest    has it\nb       not published: S3 is away\na       has it\n"
    )
    assert '"error": "S3 is\\n away"' in copies_text(Format.json, "r1", copies)


def test_a_request_that_is_wrong_for_every_member_is_told_once() -> None:
    def publish(member: str) -> None:
        raise UserError("x.jar and y.jar have the same classes")

    with pytest.raises(UserError, match="have the same classes"):
        publish_all(MEMBERS, publish)


def test_members_without_a_release_are_no_mistake_of_the_request() -> None:
    def publish(member: str) -> None:
        raise Failed("the network is away")

    assert [one.error for one in publish_all(MEMBERS, publish)] == ["the network is away"] * 3


def test_paths_are_of_the_folder_of_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.jar").touch()
    monkeypatch.chdir(tmp_path)
    called: list[tuple[str, ...]] = []
    monkeypatch.setattr(tools, "_run", lambda *words: called.append(words))
    tools.publish("a", "r1", ["x.jar", "@x.jar", "g:a:1"], ["--jar-set", "jars"])
    assert called == [
        (
            *("publish-jars", "--stack", "a", "--release", "r1", "--jar-set", "jars", "--"),
            *(f"{tmp_path}/x.jar", f"@{tmp_path}/x.jar", "g:a:1"),
        )
    ]


def test_the_command_says_who_has_it_and_fails_if_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[object, ...]] = []

    def publish(member: str, *rest: object) -> None:
        asked.append((member, *rest))
        if member == "prod-b":
            raise Failed("the Region is away")

    monkeypatch.setattr(tools, "publish", publish)
    words = ["fleet-publish", "--fleet", "prod", "--release", "r1", "--allow-duplicates", "g:a:1"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1
    assert "prod-b  not published: the Region is away\n" in done.stdout
    assert asked == [
        (member, "r1", ["g:a:1"], ["--jar-set", "jars", "--allow-duplicates"])
        for member in load(ROOT, "prod").order
    ]


def test_who_has_which_release_is_told_and_what_is_not_known() -> None:
    has = {"test": {"r1": "", "r2": "missing: a.jar"}, "b": {"r1": ""}}

    def releases(member: str) -> dict[str, str]:
        if member not in has:
            raise Failed("access\n denied")
        return has[member]

    found = releases_of_all(["test", "b", "a"], releases)
    assert releases_text(Format.text, found) == (
        "release  test            b              a\n"
        "r1       complete        complete       not known\n"
        "r2       missing: a.jar  not published  not known\n"
        "\na is not known: access denied\n"
    )
    assert not found.complete
    assert releases_of_all(["b"], releases).complete
    assert not releases_of_all(["test"], releases).complete
    none = releases_of_all(["a"], releases)
    assert not none.complete, "nothing is known of the only member"
    assert releases_text(Format.text, none) == "a is not known: access denied\n"
