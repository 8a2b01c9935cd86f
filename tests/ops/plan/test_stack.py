"""A stack's configuration is put together as the engine does it."""

import pytest

from ops.plan.errors import UserError
from ops.plan.stack import load


def test_defaults_come_from_the_project_and_foreign_keys_from_the_stack(project):
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
    ],
)
def test_an_override_sets_a_key_or_a_part_of_it(project, override, key, value):
    assert load(project(""), "dev", [override]).own(key) == value


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
        (["pools[1].a=b"], "has only 0 items"),
        (["queue=a", "queue.b=c"], "queue is not an object"),
        (["mount..a=b"], "is not a property path"),
        (["mount={"], "malformed YAML"),
    ],
)
def test_a_wrong_override_is_refused_by_name(project, overrides, message):
    with pytest.raises(UserError, match=message):
        load(project(""), "dev", overrides)


def test_an_unknown_stack_is_told_with_the_ones_that_exist(project):
    with pytest.raises(UserError, match="no stack 'devel'; the stacks are: dev, prod"):
        load(project("", prod="config: {}"), "devel")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("config: [", "Pulumi.bad.yaml line .*malformed YAML"),
        ("config:\n  toy:size: 1\n  toy:size: 2\n", "line 3.*'toy:size' is there twice"),
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


def test_an_encrypted_value_is_a_secret_that_nobody_reads(project):
    content = "config:\n  toy:password:\n    secure: v1:abcdef\n"
    config = load(project("", prod=content), "prod")
    assert config.own("password") == "[secret]"
    assert config.secret_keys == ("toy:password",)
