"""Limits and formats of settings are those of EC2, EKS, IAM, S3 and Karpenter."""

import json
import re

import botocore.session
import pytest

from components.instances import SIZES, arch_of, series_of, vcpus_of
from components.pool_checks import GIB_PER_VCPU, OTHER_GIB
from dev.instance_types import FILE, render
from ops.plan.instances import facts
from tests.plans import named, of_type, plan_of
from tests.unit.test_stacks import with_ids
from tests.unit.values import message, message_for
from tests.validate import reference
from tests.validate.manifest import errors_of

POOL = "karpenter-default-arm-spot"
ARM = [family for family, sizes in SIZES.items() if "large" in sizes and arch_of(family) == "arm64"]


def test_objects_in_s3_take_none_of_the_stack_s_tags() -> None:
    plan = plan_of("prod", "tags={a: '1'}")
    objects = of_type(plan, "bucketObjectv2:BucketObjectv2")
    assert {one.name for one in objects} >= {"jars-sentinel", "event-logs-analytics"}
    for one in objects:
        assert one.inputs["overrideProvider"] == {"defaultTags": {"tags": {}}}
        assert "tags" not in one.inputs


@pytest.mark.parametrize(
    ("key", "entries", "most"),
    [
        ("cluster.endpoint.publicCidrs", [f"203.0.{n}.0/24" for n in range(41)], 40),
        ("systemNodes.instanceTypes", [f"{family}.large" for family in ARM], 20),
        ("pools[0].budgets", [f"{{nodes: '{n}'}}" for n in range(51)], 50),
        ("network.interfaceEndpoints", [f"service{n}" for n in range(51)], 50),
        ("spark.teams[0].buckets", [f"{{name: data{n}, prefix: ''}}" for n in range(33)], 32),
    ],
)
def test_a_list_has_at_most_as_many_entries_as_the_service_takes(
    key: str, entries: list[str], most: int
) -> None:
    assert message("dev", f"{key}=[{', '.join(entries[:most])}]") == ""
    found = message("dev", f"{key}=[{', '.join(entries[: most + 1])}]")
    assert f"{key}: " in found and f"has {most + 1} entries; at most {most} are allowed" in found


def _names(count: int) -> str:
    return ", ".join(f"t{number}: x" for number in range(count))


def test_a_node_has_at_most_fifty_tags_with_those_of_the_stack_and_of_karpenter() -> None:
    assert message("dev", f"tags={{{_names(42)}}}") == ""
    assert "tags: has 43 tags; at most 42 are allowed" in message("dev", f"tags={{{_names(43)}}}")


def test_a_tag_s_key_and_value_have_the_length_and_characters_that_iam_has() -> None:
    iam = botocore.session.get_session().get_service_model("iam")
    key, value = (iam.shape_for(name).metadata["max"] for name in ("tagKeyType", "tagValueType"))
    assert message("dev", f"tags={{{'k' * key}: {'v' * value}}}") == ""
    assert "AWS allows 1 to 128" in message("dev", f"tags={{{'k' * (key + 1)}: v}}")
    assert "has 257 characters" in message("dev", f"tags={{k: {'v' * (value + 1)}}}")
    pattern = iam.shape_for("tagValueType").metadata["pattern"]
    assert pattern == r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"
    for number in range(33, 127):
        allowed = chr(number).isalnum() or chr(number) in "_.:/=+-@"
        tags = json.dumps({"k": chr(number)})
        found = message_for("dev", {"aws:region": "us-west-2", "spark-on-eks:tags": tags})
        assert ("contains" not in found) == allowed, chr(number)


def test_types_of_instances_are_those_of_ec2() -> None:
    assert FILE.read_text("utf-8") == render(), "run `python -m dev.instance_types`"
    known = {name for name in facts() if "metal" not in name}
    assert {f"{family}.{size}" for family, sizes in SIZES.items() for size in sizes} <= known
    for family, sizes in SIZES.items():
        assert arch_of(family) in {
            {"arm64": "arm64"}.get(one, "amd64")
            for size in sizes
            for one in facts()[f"{family}.{size}"]["ProcessorInfo"]["SupportedArchitectures"]
        }


def test_no_family_has_less_memory_than_a_limit_is_held_against() -> None:
    for family, sizes in SIZES.items():
        for size in sizes:
            gib = facts()[f"{family}.{size}"]["MemoryInfo"]["SizeInMiB"] / 1024
            assert gib >= vcpus_of(size) * GIB_PER_VCPU.get(series_of(family), OTHER_GIB), family


def test_limits_of_settings_are_those_of_the_services() -> None:
    session = botocore.session.get_session()
    eks, s3 = session.get_service_model("eks"), session.get_service_model("s3")
    name = eks.shape_for("ClusterName").metadata
    assert re.fullmatch(name["pattern"], "spark-dev") and name["max"] >= 30
    assert "0-20" in eks.shape_for("CreateNodegroupRequest").members["instanceTypes"].documentation
    versions = s3.shape_for("NoncurrentVersionExpiration").members["NoncurrentDays"]
    assert versions.type_name == "integer"


def test_budgets_and_durations_are_within_karpenter_s_definitions() -> None:
    if reason := reference.missing():
        pytest.skip(reason)
    plan = plan_of(
        "dev",
        "pools[0].expireAfter=720h pools[0].terminationGracePeriod=90s",
        "pools[0].budgets=[{nodes: 5}, {nodes: '0', schedule: '0 9 * * mon', duration: 1h30m0s}]",
        "pools[0].consolidation={after: Never}",
    )
    assert errors_of(with_ids(dict(named(plan, "NodePool", POOL).inputs))) == []
