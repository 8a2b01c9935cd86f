"""A stack's configuration is merged as the engine does."""

import pytest

from ops.plan.errors import UserError
from ops.plan.stack import load


def test_defaults_are_read_from_the_project_and_foreign_keys_from_the_stack(project):
    config = load(project(""), "dev")
    assert config.engine_values() == {
        "aws:region": "eu-west-1",
        "toy:mount": '{"level":"pod","path":"/mnt"}',
        "toy:password": "",
        "toy:pools": "[]",
        "toy:queue": "jobs",
        "toy:size": "1",
    }


def test_a_stack_value_replaces_a_default_object_as_a_whole(project):
    config = load(project("", prod="config:\n  toy:mount: {level: node}\n"), "prod")
    assert config.own("mount") == {"level": "node"}


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("queue=other", "queue", "other"),
        ("toy:size=3", "size", 3),
        ("mount.level=node", "mount", {"level": "node"}),
        ("mount.flags[0]=a=b", "mount", {"flags": ["a=b"]}),
        ('mount.labels["a.b/c"]=yes', "mount", {"labels": {"a.b/c": "yes"}}),
        ("pools[0].limits.cpu=10", "pools", [{"limits": {"cpu": 10}}]),
        ("pools=[{name: a}]", "pools", [{"name": "a"}]),
        # As `pulumi config set --path`: true, false and integers have a type, the rest is text.
        ("mount.version=1.36", "mount", {"version": "1.36"}),
        ("mount.version=1.30", "mount", {"version": "1.30"}),
        (
            "mount={version: 1.30, sizes: [0.5, 2]}",
            "mount",
            {"version": "1.30", "sizes": ["0.5", 2]},
        ),
        ("mount.account=012345670123", "mount", {"account": "012345670123"}),
        ("mount.cores=-4", "mount", {"cores": -4}),
        ("mount.on=true", "mount", {"on": True}),
        ("mount.on=True", "mount", {"on": "True"}),
        ("mount.on='true'", "mount", {"on": "true"}),
        ("mount.time=12:30", "mount", {"time": "12:30"}),
        ("mount.day=2026-11-01", "mount", {"day": "2026-11-01"}),
        ("mount.size=1e3", "mount", {"size": "1e3"}),
        ("mount.release=null", "mount", {"release": None}),
        # Pulumi.yaml says that this one is text.
        ("queue=012345670123", "queue", "012345670123"),
        ("queue=true", "queue", "true"),
        ("queue=1.30", "queue", "1.30"),
        ("queue=7", "queue", "7"),
    ],
)
def test_an_override_sets_a_key_or_a_part_of_it(project, override, key, value):
    assert load(project(""), "dev", [override]).own(key) == value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("queue=a size=3", {"queue": "a", "size": 3}),
        ("  queue=a \n size=3 ", {"queue": "a", "size": 3}),
        ("queue=two words size=3", {"queue": "two words", "size": 3}),
        ("queue='a size=3'", {"queue": "a size=3"}),
        ('queue="a \\" b" size=3', {"queue": 'a " b', "size": 3}),
        ("queue=O'Brien size=3", {"queue": "O'Brien", "size": 3}),
        ("pools=[{name: a, x: b=c d}, {name: e}] size=3", {"pools": 2, "size": 3}),
        (
            "mount.a=1 mount.b=[x, y] mount.c[0].d=2",
            {"mount": {"a": 1, "b": ["x", "y"], "c": [{"d": 2}]}},
        ),
        ('mount.l["a.b/c"]=1 toy:size=3', {"mount": {"l": {"a.b/c": 1}}, "size": 3}),
        ("aws:region=us-east-1 size=3", {"size": 3}),
    ],
)
def test_one_set_takes_several_keys(project, source, expected):
    config = load(project(""), "dev", [source])
    found = {key: config.own(key) for key in expected}
    if isinstance(expected.get("pools"), int):
        found["pools"] = len(found["pools"])
    assert found == expected


def test_a_setting_that_is_text_in_the_stack_file_stays_text(project):
    root = project("", prod='config:\n  toy:mount: {replicas: "2", cores: 2}\n')
    config = load(root, "prod", ["mount.replicas=3 mount.cores=4"])
    assert config.own("mount") == {"replicas": "3", "cores": 4}


def test_a_file_of_keys_is_read_as_several_keys(project, tmp_path):
    changes = tmp_path / "changes.yaml"
    changes.write_text("mount.version: 1.30\npools[0]: {name: a, cores: 2}\nqueue: 0123\n")
    config = load(project(""), "dev", [f"@{changes}"])
    assert config.own("mount")["version"] == "1.30"
    assert config.own("pools") == [{"name": "a", "cores": 2}]
    assert config.own("queue") == "0123"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("queu: a", "changes.yaml: queu: toy:queu is not a configuration key.*mean toy:queue"),
        ("mount.x[2]: a", r"changes.yaml: mount.x\[2\]: mount.x has only 0 items"),
        ("mount..a: 1", "changes.yaml: mount..a: .*is not a property path"),
        ("- a", "changes.yaml: expected a mapping"),
        ("a: [", "changes.yaml line .*malformed YAML"),
        ("size: 1\nsize: 2", "changes.yaml line 2.*'size' is duplicate"),
    ],
)
def test_a_wrong_file_of_keys_is_refused_with_its_name_and_key(project, tmp_path, content, message):
    (tmp_path / "changes.yaml").write_text(content)
    with pytest.raises(UserError, match=message):
        load(project(""), "dev", [f"@{tmp_path}/changes.yaml"])


def test_a_missing_file_of_keys_is_refused_by_name(project):
    with pytest.raises(UserError, match=r"nowhere\.yaml: cannot be read: No such file"):
        load(project(""), "dev", ["@nowhere.yaml"])


def test_a_foreign_key_can_be_overridden(project):
    assert load(project(""), "dev", ["aws:region=us-east-1"]).values["aws:region"] == "us-east-1"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["queu=x"], "toy:queu is not a configuration key.*did you mean toy:queue"),
        (["size=many"], 'toy:size must be of type integer, not "many"'),
        (["mount=x"], "toy:mount must be of type object"),
        (["pools=[1]"], r"toy:pools\[0\] must be of type object"),
        (["queue"], "write it as key=value"),
        (["size=3 queu=x"], "--set queu=x: toy:queu is not"),
        (["pools[1].a=b"], "has only 0 items"),
        (["queue=a", "queue.b=c"], "queue is not an object"),
        (["mount..a=b"], "is not a property path"),
        (["mount={"], "malformed YAML"),
    ],
)
def test_a_wrong_override_is_refused_by_name(project, overrides, message):
    with pytest.raises(UserError, match=message):
        load(project(""), "dev", overrides)


def test_an_unknown_stack_is_an_error_with_the_existing_ones(project):
    with pytest.raises(UserError, match="no stack 'devel'; the stacks are: dev, prod"):
        load(project("", prod="config: {}"), "devel")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("config: [", "Pulumi.bad.yaml line .*malformed YAML"),
        ("config:\n  toy:size: 1\n  toy:size: 2\n", "line 3.*'toy:size' is duplicate"),
        ("config:\n  toy:quewe: a\n", "did you mean toy:queue"),
    ],
)
def test_a_wrong_stack_file_is_refused_with_its_name(project, content, message):
    with pytest.raises(UserError, match=message):
        load(project("", bad=content), "bad")


def test_a_key_without_default_must_be_in_the_stack(project):
    needs = "name: toy\nruntime: python\nstackConfigDir: stacks\nconfig:\n  must: {type: string}\n"
    with pytest.raises(UserError, match="missing configuration value toy:must"):
        load(project("", pulumi_yaml=needs), "dev")


def test_an_encrypted_value_is_never_decrypted(project):
    content = "config:\n  toy:password:\n    secure: v1:abcdef\n"
    config = load(project("", prod=content), "prod")
    assert config.own("password") == "[secret]"
    assert config.secret_keys == ("toy:password",)
