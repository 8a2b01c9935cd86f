"""Every deliberate defect is detected by its check."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tiers.engine import health
from tests.tiers.engine.copies import copy_of
from tests.tiers.engine.defects import (
    CHECK,
    DEFECTS,
    DESTROY,
    LEFT,
    OWN_PROVIDERS,
    SAME,
    SWITCH,
    UP,
    WORKS,
    Defect,
)
from tests.tiers.engine.project import Project
from tests.tiers.engine.seeds import published_jar
from tests.tiers.programs import ROOT


def noticed(project: Project) -> Iterator[tuple[str, str]]:
    """Each check that notices something, in the order of a stack's life, with what it says."""
    preview = project.preview()
    if preview.failed:
        yield CHECK, preview.text
        return
    up = project.up()
    if up.failed:
        yield UP, up.text
        return
    made_up = {
        one["type"]
        for one in project.state()
        if one["urn"].rsplit("::", 1)[-1].startswith("default")
    }
    if made_up - {"pulumi:providers:eks"}:
        yield OWN_PROVIDERS, ", ".join(sorted(made_up))
    complaints = health.complaints(project.cloud)
    if complaints:
        yield WORKS, "; ".join(complaints)
        return
    again = project.preview()
    if again.changes:
        yield SAME, ", ".join(map(str, again.changes))
    yield from noticed_later(project)


def noticed_later(project: Project) -> Iterator[tuple[str, str]]:
    """The same of a switch and of the destroy."""
    if project.stack == "dev":
        project.set(jarMount={"level": "node", "method": "userdata"})
        switch = project.up()
        if switch.failed:
            yield SWITCH, switch.text
            return
        project.cloud.add(published_jar(project.cloud))
    destroy = project.destroy()
    if destroy.failed:
        yield DESTROY, destroy.text
    elif project.cloud.left():
        yield LEFT, ", ".join(project.cloud.left())


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.what)
def test_a_defect_is_noticed(defect: Defect, open_project, tmp_path: Path):
    program = copy_of(ROOT, tmp_path, {defect.file: (defect.text, defect.instead)})
    check, _ = next(noticed(open_project(defect.stack, program=program)), ("", ""))
    assert check in defect.caught


def test_the_program_without_a_defect_is_noticed_by_none(open_project, tmp_path: Path):
    assert list(noticed(open_project("dev", program=copy_of(ROOT, tmp_path, {})))) == []
