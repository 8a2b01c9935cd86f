"""The drill that interrupts Spot nodes: what FIS is asked for, and what its role may do."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tests.plans import DRILL, absent, named, plan_of, statements

TEMPLATE, NAME = "fis/experimentTemplate:ExperimentTemplate", "karpenter-spot-drill"
ALARM = "arn:aws:cloudwatch:us-west-2:111122223333:alarm:jobs fail"


def request() -> dict[str, Any]:
    """The request of CreateExperimentTemplate, as the provider makes it of the inputs."""
    given = named(plan_of("dev", *DRILL), TEMPLATE, f"{NAME}-template").inputs

    def pairs(found: list[dict[str, str]]) -> dict[str, str]:
        return {one["key"]: one["value"] for one in found}

    return {
        "clientToken": "once",
        **{key: given[key] for key in ("description", "roleArn", "stopConditions", "tags")},
        "experimentOptions": given["experimentOptions"],
        "targets": {
            one["name"]: {
                **{key: one[key] for key in ("resourceType", "selectionMode", "filters")},
                "resourceTags": pairs(one["resourceTags"]),
            }
            for one in given["targets"]
        },
        "actions": {
            one["name"]: {
                "actionId": one["actionId"],
                "parameters": pairs(one["parameters"]),
                "targets": pairs([one["target"]]),
            }
            for one in given["actions"]
        },
    }


def errors(parameters: dict[str, Any]) -> str:
    model = botocore.session.get_session().get_service_model("fis")
    shape = model.operation_model("CreateExperimentTemplate").input_shape
    return ParamValidator().validate(parameters, shape).generate_report()


def test_fis_takes_the_template() -> None:
    assert errors(request()) == ""
    assert "Missing required parameter" in errors({**request(), "stopConditions": [{}]})


def test_it_interrupts_so_many_running_spot_nodes_of_the_pool_with_two_minutes_notice() -> None:
    asked = request()
    assert asked["targets"] == {
        "nodes": {
            "resourceType": "aws:ec2:spot-instance",
            "selectionMode": "COUNT(2)",
            "filters": [{"path": "State.Name", "values": ["running"]}],
            "resourceTags": {
                "kubernetes.io/cluster/spark-dev": "owned",
                "karpenter.k8s.aws/ec2nodeclass": "default",
            },
        }
    }
    assert asked["actions"] == {
        "interrupt": {
            "actionId": "aws:ec2:send-spot-instance-interruptions",
            "parameters": {"durationBeforeInterruption": "PT2M"},
            "targets": {"SpotInstances": "nodes"},
        }
    }
    assert asked["stopConditions"] == [{"source": "aws:cloudwatch:alarm", "value": ALARM}]


def test_the_tags_are_of_the_pool_s_node_class() -> None:
    plan = plan_of("dev", *DRILL)
    node_class = named(plan, "EC2NodeClass", "karpenter-default-class")
    assert node_class.inputs["metadata"]["name"] == "default"
    users = {
        one.inputs["spec"]["template"]["spec"]["nodeClassRef"]["name"]
        for one in plan.of_kind("NodePool")
        if one.inputs["metadata"]["name"].startswith("default-")
    }
    assert users == {"default"}


def test_its_role_may_interrupt_nodes_of_this_pool_and_nothing_else() -> None:
    plan = plan_of("dev", *DRILL)
    policy = statements(named(plan, "iam/policy:Policy", f"{NAME}-interrupt").inputs["policy"])
    assert set(policy) == {"InterruptNodesOfPool", "FindNodes"}
    assert policy["InterruptNodesOfPool"] == {
        "Sid": "InterruptNodesOfPool",
        "Effect": "Allow",
        "Action": ["ec2:SendSpotInstanceInterruptions"],
        "Resource": ["arn:aws:ec2:us-west-2:111122223333:instance/*"],
        "Condition": {
            "StringEquals": {
                "aws:ResourceTag/kubernetes.io/cluster/spark-dev": "owned",
                "aws:ResourceTag/karpenter.k8s.aws/ec2nodeclass": "default",
            }
        },
    }
    assert policy["FindNodes"]["Action"] == ["ec2:DescribeInstances"]
    here = {"StringEquals": {"aws:RequestedRegion": "us-west-2"}}
    assert policy["FindNodes"]["Condition"] == here
    (trust,) = json.loads(named(plan, "iam/role:Role", f"{NAME}-role").inputs["assumeRolePolicy"])[
        "Statement"
    ]
    assert trust["Principal"] == {"Service": "fis.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:fis:us-west-2:111122223333:experiment/*"},
    }


@pytest.mark.parametrize("stack", ["dev", "prod", "existing"])
def test_without_the_key_there_is_no_drill(stack: str) -> None:
    assert absent(plan_of(stack), "spot-drill", "fis/")
