"""Members' stack files, written from a fleet's file and the stack of the defaults."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ops.fleet import stacks
from ops.fleet.settings import load, names
from ops.plan.errors import UserError
from ops.plan.stack import load as load_stack
from tests.plans import ROOT

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
FLEET = """
defaults: base
members:
  one: {zones: [a, b], cidr: 10.1.0.0/16, weight: 1}
  two:
    region: eu-west-1
    acceptJobs: false
    config:
      spark: {historyServer: null, image: x}
      "aws:profile": p
teams:
  team-a: {members: [one, two]}
  team-b: {members: [one]}
order: [one, two]
"""
BASE = """
config:
  aws:region: us-west-2
  fleet-test:account: "012345670123"
  fleet-test:spark:
    historyServer: {enabled: true}
    teams: [{name: team-a, quota: {cpu: 1}}, {name: team-b}]
"""


KEYS = {"account": "string", "network": "object, default: {}", "spark": "object"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    keys = "".join(f"  {key}: {{type: {type_}}}\n" for key, type_ in KEYS.items())
    (tmp_path / "Pulumi.yaml").write_text(f"name: fleet-test\nruntime: python\nconfig:\n{keys}")
    (tmp_path / "Pulumi.base.yaml").write_text(BASE)
    (tmp_path / "fleets").mkdir()
    (tmp_path / "fleets" / "prod.yaml").write_text(FLEET)
    return tmp_path


def written(project: Path) -> dict[str, dict]:
    files = stacks.rendered(project, "prod", load(project, "prod"))
    stacks.write(project, files)
    return {name: dict(load_stack(project, name).values) for name in files}


def test_a_member_has_the_defaults_with_what_differs(project: Path) -> None:
    one, two = (written(project)[name] for name in ("one", "two"))
    assert one["fleet-test:network"] == {"zones": ["a", "b"], "cidr": "10.1.0.0/16"}
    assert (one["aws:region"], two["aws:region"]) == ("us-west-2", "eu-west-1")
    assert one["fleet-test:account"] == two["fleet-test:account"] == "012345670123"
    assert one["fleet-test:spark"]["historyServer"] == {"enabled": True}
    assert "historyServer" not in two["fleet-test:spark"]
    assert two["fleet-test:spark"]["image"] == "x"
    assert two["aws:profile"] == "p"


def test_it_has_the_teams_that_run_on_it(project: Path) -> None:
    found = written(project)
    assert [team["name"] for team in found["one"]["fleet-test:spark"]["teams"]] == [
        "team-a",
        "team-b",
    ]
    assert [team["name"] for team in found["two"]["fleet-test:spark"]["teams"]] == ["team-a"]


def test_a_member_that_drains_says_where_its_jobs_go(project: Path) -> None:
    found = written(project)
    assert found["two"]["fleet-test:spark"]["acceptJobs"] is False
    assert found["two"]["fleet-test:spark"]["submitTo"] == ["one"]
    assert "acceptJobs" not in found["one"]["fleet-test:spark"]


def test_a_file_that_was_changed_by_hand_is_outdated_and_written_again(project: Path) -> None:
    files = stacks.rendered(project, "prod", load(project, "prod"))
    assert stacks.write(project, files) == ["one", "two"]
    assert stacks.write(project, files) == []
    (project / "Pulumi.two.yaml").write_text("config: {}\n")
    assert stacks.outdated(project, files) == ["two"]


@given(_JSON, _JSON)
def test_a_merge_patch_is_that_of_rfc_7396(old: object, patch: object) -> None:
    found = stacks.merged(old, patch)
    if not isinstance(patch, dict):
        assert found == patch
        return
    assert isinstance(found, dict)
    for key, value in patch.items():
        assert (key not in found) if value is None else key in found
    before = old if isinstance(old, dict) else {}
    assert {key: found[key] for key in found if key not in patch} == {
        key: before[key] for key in before if key not in patch
    }


@pytest.mark.parametrize("fleet", names(ROOT))
def test_the_members_stack_files_are_what_the_fleets_file_says(fleet: str) -> None:
    files = stacks.rendered(ROOT, fleet, load(ROOT, fleet))
    assert stacks.outdated(ROOT, files) == [], f"run make fleet FLEET={fleet}"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"order": ["one"]}, "order: has two 0 times; each member must be there once"),
        ({"order": ["one", "two", "one"]}, "order: has one 2 times"),
        ({"order": ["one", "two", "x"]}, "order: x is no member; the members are: one, two"),
        ({"members": {}}, "members"),
        ({"defaults": "one"}, "members.one: is the stack of the defaults"),
        ({"teams": {"team-a": {"members": ["x"]}}}, "teams.team-a.members: x is no member"),
        ({"teams": {"team-a": {"members": []}}}, "teams.team-a.members"),
        ({"teams": {"team-a": {"members": ["one", "one"]}}}, "names a member twice"),
        ({"wieght": 1}, "wieght: there is no such key; allowed: defaults, members, teams, order"),
        ({"members": {"one": {"weight": -1}, "two": {}}}, "members.one.weight: -1 must be 0 or"),
        (
            {"members": {"one": {"acceptJobs": "maybe"}, "two": {}}},
            "members.one.acceptJobs: 'maybe' must be true, false or standby",
        ),
        ({"differences": [{"key": "a", "why": "so"}]}, "differences[0].why"),
        (
            {"members": {"a" * 33: {}}, "order": ["a" * 33]},
            f"members.{'a' * 33}: '{'a' * 33}' must be at most 32 lower-case letters",
        ),
        ({"members": {"öne": {}, "two": {}}}, "members.öne: 'öne' must be at most 32 lower-case"),
        ({"members": {"one": None, "two": {}}}, "members.one: None is not a mapping"),
        (
            {"members": {"one": {"context": "two"}, "two": {}}},
            "members.two.context: two is one's, too; give each its own",
        ),
    ],
    ids=str,
)
def test_a_mistake_in_the_file_is_told_with_its_key(project: Path, change: dict, says: str) -> None:
    content = {**yaml.safe_load(FLEET), **change}
    (project / "fleets" / "prod.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(UserError) as error:
        load(project, "prod")
    assert says in str(error.value)
    assert "in fleets/prod.yaml:" in str(error.value)


def test_an_unknown_fleet_is_told_with_those_that_there_are(project: Path) -> None:
    with pytest.raises(UserError, match="there is no fleet 'x'; the fleets are: prod"):
        load(project, "x")


def test_without_the_stack_of_the_defaults_nothing_is_written(project: Path) -> None:
    (project / "Pulumi.base.yaml").unlink()
    with pytest.raises(UserError, match="defaults: there is no stack base"):
        stacks.rendered(project, "prod", load(project, "prod"))


@pytest.mark.parametrize("text", ["- a\n", "a\n", "a: [\n", "", "a: 1\na: 2\n"])
def test_a_file_that_is_no_fleet_is_a_mistake_of_its_author(project: Path, text: str) -> None:
    (project / "fleets" / "prod.yaml").write_text(text)
    with pytest.raises(UserError, match=r"fleets/prod\.yaml"):
        load(project, "prod")


def test_line_ends_of_windows_make_no_file_outdated(project: Path) -> None:
    files = stacks.rendered(project, "prod", load(project, "prod"))
    stacks.write(project, files)
    for path in (*project.glob("fleets/*.yaml"), *project.glob("Pulumi.*.yaml")):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert stacks.rendered(project, "prod", load(project, "prod")) == files
    assert stacks.outdated(project, files) == []


def test_a_member_is_of_one_fleet(project: Path) -> None:
    other = FLEET.replace("one", "three").replace("base", "other")
    (project / "fleets" / "test.yaml").write_text(other)
    with pytest.raises(UserError, match=r"members\.two: the fleet test has it, too; rename one"):
        load(project, "prod")
    (project / "fleets" / "test.yaml").write_text("members: [\n")
    assert load(project, "prod"), "another fleet's mistake is not this one's"


def test_a_stack_file_that_no_fleet_wrote_is_not_overwritten(project: Path) -> None:
    files = stacks.rendered(project, "prod", load(project, "prod"))
    own = project / "Pulumi.two.yaml"
    own.write_text(BASE)
    with pytest.raises(UserError, match="no fleet wrote it, and it would be overwritten"):
        stacks.write(project, files)
    assert own.read_text() == BASE
    assert not (project / "Pulumi.one.yaml").exists(), "nothing is written before all may be"


def test_what_pulumi_writes_beside_the_configuration_is_kept(project: Path) -> None:
    kept = "secretsprovider: awskms://alias/x\nencryptedkey: abc=\n"
    (project / "Pulumi.two.yaml").write_text(kept)
    for _ in range(2):
        stacks.write(project, stacks.rendered(project, "prod", load(project, "prod")))
        found = yaml.safe_load((project / "Pulumi.two.yaml").read_text())
        assert found["secretsprovider"] == "awskms://alias/x"
        assert found["encryptedkey"] == "abc="
        assert found["config"]["fleet-test:account"] == "012345670123"


def test_a_secret_of_the_defaults_is_refused_and_a_members_own_is_not(project: Path) -> None:
    secret = "  aws:token: {secure: v1:abc}\n"
    (project / "Pulumi.base.yaml").write_text(f"encryptionsalt: v1:x\n{BASE.lstrip()}{secret}")
    with pytest.raises(UserError, match="aws:token: has a secret, which is encrypted for the"):
        stacks.rendered(project, "prod", load(project, "prod"))
    content = yaml.safe_load(FLEET)
    for name in ("one", "two"):
        own = {"aws:token": {"secure": f"v1:{name}"}}
        content["members"][name].setdefault("config", {}).update(own)
    (project / "fleets" / "prod.yaml").write_text(yaml.safe_dump(content))
    files = stacks.rendered(project, "prod", load(project, "prod"))
    assert yaml.safe_load(files["one"])["config"]["aws:token"] == {"secure": "v1:one"}
    assert "encryptionsalt" not in files["one"]
