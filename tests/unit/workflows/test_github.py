"""One comment, one issue: written once and updated in place, against a stand-in for GitHub."""

import io
import json
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request

import pytest

from dev import github

MARKER = "<!-- plan -->"
TOKEN = "ghs-not-for-a-log"


class GitHub:
    """Issues and comments in memory, behind the few requests that are made."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.refuse = False
        self.deployments: dict[str, tuple[str, str]] = {}
        """Revision and state of the last deployment to an environment."""

    def says(self, body: str, by: str = github.AUTHOR) -> dict[str, Any]:
        number = len(self.comments) + len(self.issues) + 1
        return {"id": number, "number": number, "body": body, "user": {"login": by},
                "state": "open", "html_url": f"https://github.test/{number}"}  # fmt: skip

    def answer(self, method: str, url: str, content: dict[str, Any]) -> Any:
        parts = urlsplit(url)
        path = parts.path.removeprefix("/repos/acme/spark/")
        self.requests.append(f"{method} {path}")
        if method == "GET":
            query = parse_qs(parts.query)
            if path == "deployments":
                (environment,) = query["environment"]
                sha, _ = self.deployments.get(environment, ("", ""))
                return [{"id": environment, "sha": sha}] if sha else []
            if path.startswith("deployments/"):
                return [{"state": self.deployments[path.split("/")[1]][1]}]
            there = self.comments if path.endswith("comments") else self.issues
            there = [one for one in there if one["state"] in query.get("state", ["open"])]
            first = (int(query["page"][0]) - 1) * int(query["per_page"][0])
            return there[first : first + int(query["per_page"][0])]
        if method == "POST":
            made = self.says(content["body"]) | content
            (self.comments if path.endswith("comments") else self.issues).append(made)
            return made
        number = int(path.rsplit("/", 1)[1])
        there = self.comments if "comments" in path else self.issues
        (found,) = [one for one in there if one["id"] == number]
        found.update(content)
        return found


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> GitHub:
    state = GitHub()

    def urlopen(request: Request, timeout: float) -> io.BytesIO:
        assert request.get_header("Authorization") == f"Bearer {TOKEN}"
        if state.refuse:
            reason = io.BytesIO(b'{"message": "Resource not accessible by integration"}')
            raise HTTPError(request.full_url, 403, "Forbidden", Message(), reason)
        content = json.loads(request.data or b"{}")  # ty: ignore
        found = state.answer(request.get_method(), request.full_url, content)
        return io.BytesIO(json.dumps(found).encode())

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/spark")
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    return state


def test_a_second_run_updates_the_comment_of_the_first(hub: GitHub) -> None:
    assert github.comment("7", f"{MARKER}\none").startswith("written: ")
    assert github.comment("7", f"{MARKER}\ntwo").startswith("updated: ")
    assert [one["body"] for one in hub.comments] == [f"{MARKER}\ntwo"]


def test_a_comment_of_another_workflow_or_of_a_person_is_left_as_it_is(hub: GitHub) -> None:
    hub.comments += [
        hub.says("<!-- other -->\nkept"),
        hub.says(f"{MARKER}\nkept", by="mallory"),
        hub.says(f"quoted: {MARKER}\nkept"),
    ]
    github.comment("7", f"{MARKER}\nours")
    assert [one["body"].rpartition("\n")[2] for one in hub.comments] == ["kept"] * 3 + ["ours"]


def test_the_comment_is_found_on_a_later_page(hub: GitHub) -> None:
    hub.comments += [hub.says(f"<!-- {number} -->") for number in range(150)]
    github.comment("7", f"{MARKER}\none")
    github.comment("7", f"{MARKER}\ntwo")
    assert [one["body"] for one in hub.comments[150:]] == [f"{MARKER}\ntwo"]


def test_an_issue_is_opened_once_updated_and_closed_when_the_cause_is_gone(hub: GitHub) -> None:
    assert github.issue("Drift: stack prod", f"{MARKER}\nfirst").startswith("opened: ")
    assert github.issue("Drift: stack prod", f"{MARKER}\nsecond").startswith("updated: ")
    assert len(hub.issues) == 1 and hub.issues[0]["body"] == f"{MARKER}\nsecond"
    assert github.close(f"{MARKER}\nno drift").startswith("closed: ")
    assert hub.issues[0]["state"] == "closed"
    assert [one["body"] for one in hub.comments] == [f"{MARKER}\nno drift"]
    assert github.close(f"{MARKER}\nno drift") == "no open issue"


def test_a_text_without_a_marker_is_refused_before_anything_is_written(
    hub: GitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "comment.md"
    file.write_text("# no marker")
    assert github.main(["comment", "7", str(file)]) == 1
    assert "not a marker" in capsys.readouterr().err
    assert not any(request.startswith(("POST", "PATCH")) for request in hub.requests)


@pytest.mark.parametrize("number", ["", "7/../8", "0", "x"])
def test_what_is_no_number_of_a_request_never_reaches_an_address(hub: GitHub, number: str) -> None:
    with pytest.raises(github.Refused, match="is not the number"):
        github.comment(number, f"{MARKER}\none")
    assert hub.requests == []


def test_a_refusal_is_told_in_github_s_words_and_without_the_token(
    hub: GitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "comment.md"
    file.write_text(f"{MARKER}\none")
    hub.refuse = True
    assert github.main(["comment", "7", str(file)]) == 1
    told = capsys.readouterr().err
    assert "403" in told and "Resource not accessible by integration" in told
    assert TOKEN not in told


def test_a_wrong_command_line_is_answered_with_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert github.main(["comment"]) == 2
    assert "python3 -m dev.github comment 12 comment.md" in capsys.readouterr().err


MEMBERS = '["test", "b", "a"]'


def test_the_order_is_that_of_the_fleets_file() -> None:
    fleet = json.dumps({"members": [{"member": "test"}, {"member": "b"}, {"member": "a"}]})
    assert github.order(fleet) == MEMBERS


def test_a_member_is_updated_after_those_before_it(
    hub: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_SHA", "new")
    assert github.turn("test", MEMBERS).endswith("before it comes none")
    with pytest.raises(github.Refused, match="test comes before and was not updated to new"):
        github.turn("b", MEMBERS)
    hub.deployments["rollout-test"] = ("new", "success")
    assert github.turn("b", MEMBERS).endswith("before it test")
    with pytest.raises(github.Refused, match="b comes before"):
        github.turn("a", MEMBERS)


@pytest.mark.parametrize(
    ("revision", "state", "why"),
    [
        ("old", "success", "was not updated to new"),
        ("new", "failure", "is: failure"),
        ("new", "in_progress", "is: in_progress"),
        ("new", "waiting", "is: waiting"),
    ],
)
def test_a_member_before_that_is_not_up_to_date_ends_it(
    hub: GitHub, monkeypatch: pytest.MonkeyPatch, revision: str, state: str, why: str
) -> None:
    monkeypatch.setenv("GITHUB_SHA", "new")
    hub.deployments["rollout-test"] = (revision, state)
    with pytest.raises(github.Refused, match=why):
        github.turn("b", MEMBERS)


def test_a_member_of_another_fleet_is_refused(hub: GitHub) -> None:
    with pytest.raises(github.Refused, match="x is not one of test, b, a"):
        github.turn("x", MEMBERS)
