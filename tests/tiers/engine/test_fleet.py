"""The repository's fleet on the real engine: its members one at a time, and a change of the
defaults rolled out in the fleet's order."""

from collections.abc import Callable
from pathlib import Path

import yaml

from dev.bench.fleet import project as copied
from ops.fleet import stacks
from ops.fleet.settings import load
from ops.plan.record import record
from tests.tiers.engine.project import Project
from tests.tiers.programs import ROOT

OLD, NEW = "logRetentionDays: 365", "logRetentionDays: 180"


def rolled_out(folder: Path) -> dict[str, str]:
    """Each member's stack file after a change of the defaults."""
    fleet = yaml.safe_load((ROOT / "fleets" / "prod.yaml").read_text())
    root = copied(folder, fleet)
    defaults = root / "stacks" / f"Pulumi.{fleet['defaults']}.yaml"
    text = defaults.read_text()
    assert OLD in text, "the table is outdated"
    defaults.write_text(text.replace(OLD, NEW))
    return stacks.rendered(root, "made", load(root, "made"))


def test_a_change_reaches_one_member_at_a_time(
    open_project: Callable[..., Project], tmp_path: Path
) -> None:
    order = load(ROOT, "prod").order
    members = {name: open_project(name) for name in order}
    for name, one in members.items():
        ours = {each.urn for each in record(ROOT, name).resources if not each.external}
        planned = {urn for urn in one.plan() if not urn.endswith(f"::spark-on-eks-{name}")}
        assert ours <= planned, "the engine plans what the tools see"
        one.up().ok()
    changed = rolled_out(tmp_path)
    assert changed.keys() == {*order}
    for name in order:
        member, others = members[name], [one for key, one in members.items() if key != name]
        before = [one.state() for one in others]
        member.configure(changed[name])
        wanted = ["update LogGroup cluster-logs"]
        assert member.preview().ok().operations == wanted
        assert member.up().ok().operations == wanted
        assert member.preview().ok().operations == []
        assert [one.state() for one in others] == before, "no other member changes"
