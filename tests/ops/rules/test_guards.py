"""Parts of the mutation run: finding guards, and removing one."""

import ast
from pathlib import Path

from tests.mutation.guards import guards_of, without
from tests.mutation.survivors import REASONS
from tests.plans import ROOT

FILES = ["__main__.py", *(str(path.relative_to(ROOT)) for path in ROOT.glob("components/**/*.py"))]
SOURCE = """
def make(name):
    aws.s3.BucketPolicy(f"{name}-tls", policy="x")
    return aws.sqs.Queue(
        name,
        sqs_managed_sse_enabled=True,
        opts=child(depends_on=[one, *others]),
        spec={"httpTokens": "required", "name": name},
    )
"""


def test_a_guard_is_found_by_its_name_and_dropped_alone(tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text(SOURCE)
    found = {guard.what: guard for guard in guards_of(tmp_path, "part.py")}
    assert set(found) == {
        "make BucketPolicy",
        "make sqs_managed_sse_enabled=True",
        "make depends_on=[one, *others]",
        "make depends_on one",
        "make depends_on *others",
        "make httpTokens: 'required'",
    }
    whole = ast.unparse(ast.parse(SOURCE))
    for what, gone in (
        ("make sqs_managed_sse_enabled=True", "sqs_managed_sse_enabled=True, "),
        ("make depends_on one", "one, "),
        ("make httpTokens: 'required'", "'httpTokens': 'required', "),
    ):
        assert without(tmp_path, found[what]) == whole.replace(gone, "", 1)


def test_the_program_has_hundreds_and_each_has_a_name_of_its_own() -> None:
    places = [guard.place for file in FILES for guard in guards_of(ROOT, file)]
    assert len(places) > 400
    assert len(set(places)) == len(places)


def test_every_guard_that_may_be_missed_is_one() -> None:
    places = {guard.place for file in FILES for guard in guards_of(ROOT, file)}
    assert sorted(set(REASONS) - places) == []
