"""A recorded plan contains what the program registers; recording rejects what an engine rejects."""

import sys

import pytest

from ops.plan.errors import PlanError, UserError
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


def test_two_recordings_are_the_same_bytes_and_survive_json(project):
    root = project(QUEUES)
    first, second = record(root, "dev"), record(root, "dev")
    assert first.to_json() == second.to_json()
    assert Plan.from_json(first.to_json()) == first


def test_a_resource_has_its_inputs_options_and_unknowns(project):
    plan = record(project(QUEUES), "dev")
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


def test_urns_are_the_ones_of_the_engine(project):
    plan = record(project('aws.sqs.Queue("a", opts=Part("b", Part("c").child).child)'), "dev")
    assert [resource.urn for resource in plan.by_name("a")] == [
        "urn:pulumi:dev::toy::toy:index:Part$toy:index:Part$aws:sqs/queue:Queue::a"
    ]


def test_a_secret_is_nowhere_in_a_plan(project):
    plan = record(
        project(
            """
            import pulumi_kubernetes as k8s
            secret = pulumi.Output.secret("hunter2")
            kubernetes = pulumi.ResourceOptions(provider=k8s.Provider("k", kubeconfig="{}"))
            k8s.core.v1.Secret("marked", string_data={"a": secret}, opts=kubernetes)
            k8s.core.v1.Secret("plain", string_data={"key": "hunter2"}, opts=kubernetes)
            aws.sqs.Queue("q", tags={"joined": pulumi.Output.concat("x", secret)})
            pulumi.export("object", {"nested": [secret]})
            """
        ),
        "dev",
    )
    text = plan.to_json()
    assert "hunter2" not in text
    assert plan.by_name("plain")[0].inputs["stringData"] == {"key": "[secret]"}
    assert plan.by_name("q")[0].inputs["tags"] == {"joined": "[secret]"}
    assert plan.exports == {"object": {"nested": ["[secret]"]}}


def test_an_override_of_a_secret_stays_hidden(project):
    secret_yaml = (
        "name: toy\nruntime: python\nstackConfigDir: stacks\n"
        "config:\n  password: {type: string, secret: true, default: x}\n"
    )
    root = project('pulumi.export("p", config.require_secret("password"))', pulumi_yaml=secret_yaml)
    assert "hunter2" not in record(root, "dev", ["password=hunter2"]).to_json()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ('aws.sqs.Queue("a"); aws.sqs.Queue("a")', "same URN: .*Queue::a"),
        (
            'aws.sqs.Queue("a").arn.apply(lambda arn: aws.sqs.Queue("hidden"))',
            "Queue::hidden: is created only when values are known, so inside an apply",
        ),
        (
            'pulumi.runtime.is_dry_run() and aws.sqs.Queue("early")',
            "Queue::early: is created only while values are unknown",
        ),
        (
            'aws.eks.NodeGroup("n", cluster_name="c", node_role_arn="r", subnet_ids=["s"],'
            ' scaling_config={"desired_sizee": 1, "min_size": 1, "max_size": 1})',
            "NodeGroup::n: scalingConfig.desired_sizee: unknown key; did you mean desiredSize",
        ),
        (
            'aws.eks.NodeGroup("n", cluster_name="c", node_role_arn="r", subnet_ids=["s"],'
            ' scaling_config={"min_size": 1, "max_size": 1})',
            "scalingConfig.desiredSize: required, but missing",
        ),
        (
            'aws.eks.NodeGroup("n", cluster_name="c", node_role_arn="r", subnet_ids="s",'
            ' scaling_config={"desired_size": 1, "min_size": 1, "max_size": 1})',
            "subnetIds: is a scalar, expected a list",
        ),
        (
            'import pulumi_eks; pulumi_eks.Cluster("c", authentication_mode="NOPE")',
            "authenticationMode: 'NOPE' is not one of CONFIG_MAP, API, API_AND_CONFIG_MAP",
        ),
        ('a = aws.sqs.Queue("a"); aws.sqs.Queue("b", name=f"{a.arn}-b")', "name: an Output was"),
        ("aws.ec2.get_ami(owners=['self'])", "calls aws:ec2/getAmi:getAmi"),
    ],
)
def test_what_mocks_let_through_is_refused(project, program, message):
    with pytest.raises(PlanError, match=message):
        record(project(program), "dev")


def test_custom_resources_and_open_enums_take_any_value(project):
    plan = record(
        project(
            """
            import pulumi_kubernetes as k8s
            k8s.apiextensions.CustomResource(
                "pool",
                api_version="karpenter.sh/v1",
                kind="NodePool",
                metadata={"name": "spot"},
                spec={"anything": {"goes": True}},
            )
            aws.iam.RolePolicyAttachment("own", role="r", policy_arn="arn:aws:iam::1:policy/own")
            """
        ),
        "dev",
    )
    (pool,) = plan.of_kind("NodePool")
    assert pool.is_custom_object
    assert pool.inputs["spec"] == {"anything": {"goes": True}}


def test_a_resource_that_is_only_read_is_marked_and_its_id_is_known(project):
    plan = record(
        project(
            """
            found = aws.sqs.Queue.get("given", "https://sqs.example.org/given")
            aws.sqs.QueuePolicy("policy", queue_url=found.id, policy="{}")
            """
        ),
        "dev",
    )
    (given,), (policy,) = plan.by_name("given"), plan.by_name("policy")
    assert given.external
    assert policy.inputs["queueUrl"] == "https://sqs.example.org/given"
    assert policy.unknown == ()


def test_a_name_that_the_provider_makes_is_unknown_at_preview(project):
    plan = record(
        project(
            """
            import pulumi_kubernetes as k8s
            made = k8s.core.v1.ConfigMap("settings", metadata={"labels": {"a": "b"}})
            k8s.core.v1.ConfigMap("user", data={"name": made.metadata.name})
            """
        ),
        "dev",
    )
    (user,) = plan.by_name("user")
    assert user.inputs["data"] == {"name": "settings-00000000"}
    assert user.unknown == ("data.name",)
    assert plan.notes == ()


def test_a_secret_inside_an_object_is_still_one_in_its_outputs(project):
    plan = record(
        project(
            """
            import pulumi_kubernetes as k8s
            made = k8s.core.v1.ConfigMap(
                "settings", metadata={"annotations": {"a": pulumi.Output.secret("hunter2")}}
            )
            pulumi.export("annotations", made.metadata.annotations)
            """
        ),
        "dev",
    )
    assert "hunter2" not in plan.to_json()


def test_the_cluster_component_gives_its_scalar_outputs(project):
    plan = record(
        project(
            """
            import pulumi_eks, pulumi_kubernetes as k8s
            cluster = pulumi_eks.Cluster("c", name="spark", create_oidc_provider=False)
            url = cluster.oidc_provider_url
            aws.iam.OpenIdConnectProvider("oidc", url=url, client_id_lists=["sts"])
            k8s.Provider("k", kubeconfig=cluster.kubeconfig_json)
            pulumi.export("group", cluster.cluster_security_group_id)
            """
        ),
        "dev",
    )
    assert plan.by_name("oidc")[0].inputs["url"].startswith("https://oidc.eks.eu-west-1.")
    assert plan.by_name("k")[0].unknown == ("kubeconfig",)
    assert plan.by_name("k")[0].options.dependencies == (plan.by_name("c")[0].urn,)
    assert "spark" in plan.exports["group"]


def test_provider_functions_that_the_program_calls_are_noted(project):
    plan = record(project('pulumi.export("id", aws.get_caller_identity().account_id)'), "dev")
    assert plan.exports == {"id": "111122223333"}
    assert [call.token for call in plan.invokes] == [
        "aws:index/getCallerIdentity:getCallerIdentity"
    ]
    assert "called at preview: getCallerIdentity()" in plan.notes


def test_a_value_that_no_two_runs_agree_on_is_noted(project):
    plan = record(project('import uuid; aws.sqs.Queue("q", name=str(uuid.uuid4()))'), "dev")
    assert any("name differs between two runs" in note for note in plan.notes)


def test_a_refused_configuration_is_the_users_error_with_all_its_lines(project):
    with pytest.raises(UserError, match=r"^toy:size: too big\ntoy:queue: too long$"):
        record(project('raise pulumi.RunError("toy:size: too big\\ntoy:queue: too long")'), "dev")


def test_a_bug_in_the_program_keeps_its_traceback(project):
    with pytest.raises(ZeroDivisionError) as caught:
        record(project("1 / 0"), "dev")
    assert any("__main__.py" in str(entry.path) for entry in caught.traceback)


def test_a_bug_inside_an_apply_is_not_lost(project):
    with pytest.raises(ZeroDivisionError):
        record(project('aws.sqs.Queue("a").arn.apply(lambda arn: 1 / 0)'), "dev")


def test_a_plan_does_not_depend_on_the_machine(project, monkeypatch):
    root = project('aws.Provider("p")')
    before = record(root, "dev").to_json()
    monkeypatch.setenv("AWS_REGION", "mars-north-1")
    assert record(root, "dev").to_json() == before


def test_modules_of_a_program_do_not_stay_behind(project):
    root = project("import toy_settings; aws.sqs.Queue('q', name=toy_settings.NAME)")
    (root / "toy_settings.py").write_text("NAME = 'one'\n")
    search = list(sys.path)
    record(root, "dev")
    assert "toy_settings" not in sys.modules
    assert sys.path == search
    (root / "toy_settings.py").write_text("NAME = 'another'\n")
    assert record(root, "dev").by_name("q")[0].inputs["name"] == "another"


def test_prints_of_the_program_do_not_get_into_the_plan(project, capsys):
    record(project('print("hello")'), "dev")
    assert capsys.readouterr().out == ""
