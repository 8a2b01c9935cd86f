"""Writes a text to GitHub: a pull request's comment or an issue, updated in place. And the order of
a fleet's roll-out.

    python3 -m dev.github comment 12 comment.md
    python3 -m dev.github issue 'Drift: stack prod' drift.md
    python3 -m dev.github close none.md
    python3 -m dev.github order fleet.json
    python3 -m dev.github turn prod-a '["test", "prod-a"]'

The text's first line is a marker, `<!-- ... -->`: which finds the text of an earlier run, if the
workflow's account wrote it. Needs GH_TOKEN and GITHUB_REPOSITORY, and only Python.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

AUTHOR = "github-actions[bot]"
"""The author of texts written with a workflow's token. Texts of other authors are not changed."""

_MARKER = re.compile(r"<!-- [^<>]+ -->")
_PAGE = 100
_SECONDS = 30


class Refused(Exception):
    """The request is wrong, or GitHub rejected it; the text is for the reader of the log."""


def comment(number: str, text: str) -> str:
    """Writes or updates the comment of a pull request. Returns which, with its address."""
    if not re.fullmatch(r"[1-9][0-9]*", number):
        raise Refused(f"{number!r} is not the number of a pull request")
    path = f"issues/{number}/comments"
    found = _first(_pages(path), text)
    if found is None:
        return f"written: {_ask('POST', path, {'body': text})['html_url']}"
    answer = _ask("PATCH", f"issues/comments/{found['id']}", {"body": text})
    return f"updated: {answer['html_url']}"


def issue(title: str, text: str) -> str:
    """Opens an issue or updates the open one. Returns which, with its address."""
    found = _open_issue(text)
    if found is None:
        return f"opened: {_ask('POST', 'issues', {'title': title, 'body': text})['html_url']}"
    answer = _ask("PATCH", f"issues/{found['number']}", {"title": title, "body": text})
    return f"updated: {answer['html_url']}"


def close(text: str) -> str:
    """Closes the open issue with the text as its last comment. Returns what it did."""
    found = _open_issue(text)
    if found is None:
        return "no open issue"
    _ask("POST", f"issues/{found['number']}/comments", {"body": text})
    answer = _ask("PATCH", f"issues/{found['number']}", {"state": "closed"})
    return f"closed: {answer['html_url']}"


def order(fleet: str) -> str:
    """Returns the members of a fleet in the order of the roll-out, as JSON: `fleet` is what
    `make fleet FORMAT=json` writes."""
    return json.dumps([one["member"] for one in json.loads(fleet)["members"]])


def turn(member: str, members: str) -> str:
    """Returns that a member may be updated: the last deployment of each one before it is of this
    revision, and succeeded. `members` is what `order` returned. Raises Refused."""
    listed = json.loads(members)
    if member not in listed:
        raise Refused(f"{member} is not one of {', '.join(listed)}")
    before = listed[: listed.index(member)]
    for one in before:
        _refuse_unless_deployed(one, _given("GITHUB_SHA"))
    return f"{member} may be updated: before it {', '.join(before) or 'comes none'}"


def _refuse_unless_deployed(member: str, revision: str) -> None:
    found = _ask("GET", f"deployments?environment=rollout-{member}&per_page=1")
    if not found or found[0]["sha"] != revision:
        raise Refused(f"{member} comes before and was not updated to {revision}")
    states = _ask("GET", f"deployments/{found[0]['id']}/statuses?per_page=1")
    if not states or states[0]["state"] != "success":
        state = states[0]["state"] if states else "not known"
        raise Refused(f"{member} comes before, and its update to {revision} is: {state}")


def _open_issue(text: str) -> dict[str, Any] | None:
    return _first(_pages("issues?state=open"), text)


def _first(found: Iterator[dict[str, Any]], text: str) -> dict[str, Any] | None:
    """The comment or issue of the workflow's account whose first line is the text's marker."""
    marker = text.partition("\n")[0].strip()
    if not _MARKER.fullmatch(marker):
        raise Refused(f"the first line is {marker[:80]!r}, not a marker such as <!-- plan -->")
    for one in found:
        first_line = (one["body"] or "").partition("\n")[0].strip()
        if first_line == marker and one["user"]["login"] == AUTHOR:
            return one
    return None


def _pages(path: str) -> Iterator[dict[str, Any]]:
    page = 1
    while True:
        separator = "&" if "?" in path else "?"
        found = _ask("GET", f"{path}{separator}per_page={_PAGE}&page={page}")
        yield from found
        if len(found) < _PAGE:
            return
        page += 1


def _ask(method: str, path: str, content: dict[str, str] | None = None) -> Any:
    api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    request = urllib.request.Request(
        f"{api}/repos/{_given('GITHUB_REPOSITORY')}/{path}",
        data=json.dumps(content).encode() if content is not None else None,
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {_given('GH_TOKEN')}",
            "Content-Type": "application/json",
        },
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        reason = error.read().decode(errors="replace")[:500]
        raise Refused(f"{method} {path}: {error.code} {reason}") from None
    except urllib.error.URLError as error:
        raise Refused(f"{method} {path}: {error.reason}") from None


def _given(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise Refused(f"{name} is not set")
    return value


def _text(file: str) -> str:
    return Path(file).read_text(encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Runs one command; returns 0, 1 if GitHub rejected it, 2 for a wrong command line."""
    try:
        match arguments:
            case ["comment", number, file]:
                done = comment(number, _text(file))
            case ["issue", title, file]:
                done = issue(title, _text(file))
            case ["close", file]:
                done = close(_text(file))
            case ["order", file]:
                done = order(_text(file))
            case ["turn", member, members]:
                done = turn(member, members)
            case _:
                sys.stderr.write(f"{__doc__}\n")
                return 2
        sys.stdout.write(f"{done}\n")
    except (Refused, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
