"""A recorded plan contains what the program registers; recording rejects what an engine rejects."""

import sys

import pytest

from ops.plan.errors import PlanError
from ops.plan.model import Plan
from ops.plan.record import record

QUEUES = """
part = Part("part")
dead = aws.sqs.Queue("dead", name="dead-letters", opts=part.child)
jobs = aws.sqs.Queue(
    "jobs",
    name=config.require("queue"),
    redrive_policy=dead.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn})),
    opts=pulumi.ResourceOptions(parent=part, protect=True, depends_on=[dead]),
)
pulumi.export("url", jobs.url)
pulumi.export("password", pulumi.Output.secret("hunter2"))
"""


@pytest.fixture
def record_dev(project):
    """Records a program of a stack `dev`."""
    return lambda program: record(project(program), "dev")


def test_two_recordings_are_the_same_bytes_and_survive_json(project):
    root = project(QUEUES)
    first, second = record(root, "dev"), record(root, "dev")
    assert first.to_json() == second.to_json()
    assert Plan.from_json(first.to_json()) == first


def test_a_resource_has_its_inputs_options_and_unknowns(record_dev):
    plan = record_dev(QUEUES)
    (jobs,) = plan.by_name("jobs")
    (dead,) = plan.by_name("dead")
    arn = "arn:aws:sqs:eu-west-1:111122223333:dead-letters"
    assert jobs.inputs == {
        "name": "jobs",
        "redrivePolicy": f'{{"deadLetterTargetArn": "{arn}"}}',
    }
    assert jobs.unknown == ("redrivePolicy",)
    assert jobs.options.protect
    assert jobs.options.dependencies == (dead.urn,)
    assert jobs.options.property_dependencies == {"redrivePolicy": (dead.urn,)}
    assert plan.children(jobs.parent) == (dead, jobs)
    assert plan.component(jobs) == plan.get(jobs.parent)
    assert plan.exports["url"] == "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs"


def test_an_override_of_a_secret_stays_hidden(project):
    secret_yaml = (
        "name: toy\nruntime: python\nstackConfigDir: stacks\n"
        "config:\n  password: {type: string, secret: true, default: x}\n"
    )
    root = project('pulumi.export("p", config.require_secret("password"))', pulumi_yaml=secret_yaml)
    assert "hunter2" not in record(root, "dev", ["password=hunter2"]).to_json()


GROUP = 'aws.eks.NodeGroup("n", cluster_name="c", node_role_arn="r", '
REFUSED = {
    "same URN: .*Queue::a": 'aws.sqs.Queue("a"); aws.sqs.Queue("a")',
    "Queue::hidden: is created only when values are known, so inside an apply": (
        'aws.sqs.Queue("a").arn.apply(lambda arn: aws.sqs.Queue("hidden"))'
    ),
    "Queue::early: is created only while values are unknown": (
        'pulumi.runtime.is_dry_run() and aws.sqs.Queue("early")'
    ),
    "NodeGroup::n: scalingConfig.desired_sizee: unknown key; did you mean desiredSize": (
        f'{GROUP}subnet_ids=["s"], '
        'scaling_config={"desired_sizee": 1, "min_size": 1, "max_size": 1})'
    ),
    "scalingConfig.desiredSize: required, but missing": (
        f'{GROUP}subnet_ids=["s"], scaling_config={{"min_size": 1, "max_size": 1}})'
    ),
    "subnetIds: is a scalar, expected a list": (
        f'{GROUP}subnet_ids="s", '
        'scaling_config={"desired_size": 1, "min_size": 1, "max_size": 1})'
    ),
    "authenticationMode: 'NOPE' is not one of CONFIG_MAP, API, API_AND_CONFIG_MAP": (
        'import pulumi_eks; pulumi_eks.Cluster("c", authentication_mode="NOPE")'
    ),
    "name: an Output was": 'a = aws.sqs.Queue("a"); aws.sqs.Queue("b", name=f"{a.arn}-b")',
    "calls aws:ec2/getAmi:getAmi": "aws.ec2.get_ami(owners=['self'])",
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_mocks_let_through_is_refused(record_dev, message):
    with pytest.raises(PlanError, match=message):
        record_dev(REFUSED[message])


def test_a_resource_that_is_only_read_is_marked_and_its_id_is_known(record_dev):
    plan = record_dev("""
        found = aws.sqs.Queue.get("given", "https://sqs.example.org/given")
        aws.sqs.QueuePolicy("policy", queue_url=found.id, policy="{}")
    """)
    (given,), (policy,) = plan.by_name("given"), plan.by_name("policy")
    assert given.external
    assert policy.inputs["queueUrl"] == "https://sqs.example.org/given"
    assert policy.unknown == ()


def test_a_name_that_the_provider_makes_is_unknown_at_preview(record_dev):
    plan = record_dev("""
        import pulumi_kubernetes as k8s
        made = k8s.core.v1.ConfigMap("settings", metadata={"labels": {"a": "b"}})
        k8s.core.v1.ConfigMap("user", data={"name": made.metadata.name})
    """)
    (user,) = plan.by_name("user")
    assert user.inputs["data"] == {"name": "settings-00000000"}
    assert user.unknown == ("data.name",)
    assert plan.notes == ()


def test_a_secret_inside_an_object_is_still_one_in_its_outputs(record_dev):
    plan = record_dev("""
        import pulumi_kubernetes as k8s
        made = k8s.core.v1.ConfigMap(
            "settings", metadata={"annotations": {"a": pulumi.Output.secret("hunter2")}}
        )
        pulumi.export("annotations", made.metadata.annotations)
    """)
    assert "hunter2" not in plan.to_json()


def test_provider_functions_that_the_program_calls_are_noted(record_dev):
    plan = record_dev('pulumi.export("id", aws.get_caller_identity().account_id)')
    assert plan.exports == {"id": "111122223333"}
    assert [call.token for call in plan.invokes] == [
        "aws:index/getCallerIdentity:getCallerIdentity"
    ]
    assert "called at preview: getCallerIdentity()" in plan.notes


def test_a_value_that_no_two_runs_agree_on_is_noted(record_dev):
    plan = record_dev('import uuid; aws.sqs.Queue("q", name=str(uuid.uuid4()))')
    assert any("name differs between two runs" in note for note in plan.notes)


def test_a_bug_inside_an_apply_is_not_lost(record_dev):
    with pytest.raises(ZeroDivisionError):
        record_dev('aws.sqs.Queue("a").arn.apply(lambda arn: 1 / 0)')


def test_modules_of_a_program_do_not_stay_behind(project):
    root = project("import toy_settings; aws.sqs.Queue('q', name=toy_settings.NAME)")
    (root / "toy_settings.py").write_text("NAME = 'one'\n")
    search = list(sys.path)
    record(root, "dev")
    assert "toy_settings" not in sys.modules
    assert sys.path == search
    (root / "toy_settings.py").write_text("NAME = 'another'\n")
    assert record(root, "dev").by_name("q")[0].inputs["name"] == "another"


def test_prints_of_the_program_do_not_get_into_the_plan(record_dev, capsys):
    record_dev('print("hello")')
    assert capsys.readouterr().out == ""
