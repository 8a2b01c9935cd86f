"""Teams: rights of their jobs beyond S3, and of those who submit for them."""

import json

import pytest

from ops.plan.model import Plan
from tests.plans import OPEN_TEAM, named, of_type, plan_of
from tests.rights import in_words, may
from tests.unit.values import message

ROLE, OTHER = "team-a-access-role", "team-b-access-role"
OF = "arn:aws:{}:us-west-2:111122223333:"
GLUE, DYNAMODB, SQS = OF.format("glue"), OF.format("dynamodb"), OF.format("sqs")
KAFKA, KMS = OF.format("kafka"), OF.format("kms")
SECRET = OF.format("secretsmanager") + "secret:db/x-AbCdEf"
VIA = "secretsmanager.us-west-2.amazonaws.com"


def opened() -> Plan:
    return plan_of("dev", *OPEN_TEAM)


# (action, resource, allowed)
RIGHTS = [
    # Iceberg over Glue: load, commit, create, drop.
    *(
        (f"glue:{action}", f"{GLUE}{on}", True)
        for action in ("GetTable", "UpdateTable", "CreateTable", "DeleteTable")
        for on in ("catalog", "database/sales", "table/sales/orders")
    ),
    ("glue:GetDatabase", f"{GLUE}database/sales", True),
    ("glue:BatchCreatePartition", f"{GLUE}table/sales/orders", True),
    ("glue:CreateDatabase", f"{GLUE}database/sales", False),
    ("glue:DeleteDatabase", f"{GLUE}database/sales", False),
    ("glue:GetTable", f"{GLUE}table/other/orders", False),
    ("glue:GetTable", f"{GLUE}table/raw/orders", True),
    ("glue:GetTable", f"{GLUE}table/raw/tmp_1", True),
    ("glue:GetTable", f"{GLUE}table/raw/payments", False),
    ("glue:UpdateTable", f"{GLUE}table/raw/orders", False),
    # Iceberg's lock table.
    *(
        (f"dynamodb:{action}", f"{DYNAMODB}table/locks", True)
        for action in ("DescribeTable", "GetItem", "PutItem", "UpdateItem", "DeleteItem")
    ),
    ("dynamodb:Query", f"{DYNAMODB}table/locks/index/by-time", True),
    ("dynamodb:PutItem", f"{DYNAMODB}table/other", False),
    ("dynamodb:DeleteTable", f"{DYNAMODB}table/locks", False),
    ("secretsmanager:GetSecretValue", SECRET, True),
    ("secretsmanager:GetSecretValue", f"{SECRET}-2", False),
    ("secretsmanager:PutSecretValue", SECRET, False),
    ("kafka-cluster:Connect", f"{KAFKA}cluster/c/0a-1", True),
    ("kafka-cluster:ReadData", f"{KAFKA}topic/c/0a-1/orders-eu", True),
    ("kafka-cluster:ReadData", f"{KAFKA}topic/c/0a-1/clicks", True),
    ("kafka-cluster:ReadData", f"{KAFKA}topic/c/0a-1/clicks-2", False),
    ("kafka-cluster:ReadData", f"{KAFKA}topic/d/0a-1/clicks", False),
    ("kafka-cluster:WriteData", f"{KAFKA}topic/c/0a-1/clicks", False),
    ("kafka-cluster:AlterGroup", f"{KAFKA}group/c/0a-1/spark-kafka-source-1", True),
    ("kafka-cluster:AlterGroup", f"{KAFKA}group/c/0a-1/other", False),
    ("sqs:ReceiveMessage", f"{SQS}in", True),
    ("sqs:DeleteMessage", f"{SQS}in", True),
    ("sqs:SendMessage", f"{SQS}in", False),
    ("sqs:SendMessage", f"{SQS}out", True),
    ("sqs:ReceiveMessage", f"{SQS}out", False),
    ("kms:Decrypt", f"{KMS}key/b", True),
    ("kms:GenerateDataKey", f"{KMS}key/b", True),
    ("kms:GenerateDataKey", f"{KMS}key/a", False),
    ("kms:Decrypt", f"{KMS}key/c", False),
]


@pytest.mark.parametrize(("action", "resource", "allowed"), RIGHTS)
def test_a_team_may_do_what_its_rights_name_and_no_more(
    action: str, resource: str, allowed: bool
) -> None:
    assert may(opened(), ROLE, action, resource) is allowed
    assert not may(opened(), OTHER, action, resource)


def test_the_key_of_a_secret_decrypts_through_secrets_manager_only() -> None:
    assert may(opened(), ROLE, "kms:Decrypt", f"{KMS}key/a", kms_ViaService=VIA)
    assert not may(opened(), ROLE, "kms:Decrypt", f"{KMS}key/a")


def test_write_access_to_a_topic_includes_idempotent_producers() -> None:
    kafka = f"kafka: [{{clusterArn: '{KAFKA}cluster/c/1', topics: [t], access: readWrite}}]"
    egress = "egress: [{cidr: 10.0.0.0/24, ports: [9098]}]"
    plan = plan_of("dev", f"spark.teams=[{{name: a, rights: {{{kafka}}}, {egress}}}]")
    assert may(plan, ROLE, "kafka-cluster:WriteData", f"{KAFKA}topic/c/1/t")
    assert may(plan, ROLE, "kafka-cluster:WriteDataIdempotently", f"{KAFKA}cluster/c/1")
    assert not may(plan, ROLE, "kafka-cluster:CreateTopic", f"{KAFKA}topic/c/1/t")


def many(databases: int, tables: int) -> str:
    """A team's key with so many Glue databases, and so many long names of tables in each."""
    names = ", ".join(f"t{number:03}{'x' * 96}" for number in range(tables))
    found = ", ".join(f"{{database: d{n}, tables: [{names}]}}" for n in range(databases))
    return f"spark.teams=[{{name: a, rights: {{glue: [{found}]}}}}]"


def test_many_rights_are_divided_into_policies_that_iam_takes() -> None:
    plan = plan_of("dev", many(20, 6))
    policies = [one for one in of_type(plan, "iam/policy:Policy") if "a-access-rights" in one.name]
    assert [one.name for one in policies] == [
        f"team-a-access-rights-{number}" for number in range(1, len(policies) + 1)
    ]
    sids = []
    for one in policies:
        document = json.loads(one.inputs["policy"])
        assert len(json.dumps(document, separators=(",", ":"))) <= 6144
        sids += [statement["Sid"] for statement in document["Statement"]]
    assert len(policies) > 1
    assert sids == [f"Glue{number}" for number in range(1, 21)]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (many(1, 50), "rights.glue[0]: needs a policy of"),
        (many(32, 20), "rights: needs 32 policies, and the team's role has 0"),
    ],
)
def test_rights_that_no_policy_holds_are_refused_before_anything(keys: str, says: str) -> None:
    assert f"spark-on-eks:spark.teams[0].{says}" in message("dev", keys)


SUBMITS = {
    *(
        f"may {verb} {kind}.sparkoperator.k8s.io in a"
        for verb in ("create", "get", "list", "watch", "delete")
        for kind in ("sparkapplications", "scheduledsparkapplications")
    ),
    "may get pods in a",
    "may get pods/log in a",
}


@pytest.mark.parametrize(
    "subject",
    ["Group people", "ServiceAccount airflow/worker", "Group spark-on-eks:submitters:a"],
)
def test_a_submitter_may_submit_in_its_team_s_namespace_and_nothing_else(subject: str) -> None:
    assert in_words(opened())[subject] == SUBMITS


def test_an_iam_role_has_one_access_entry_with_the_groups_of_its_teams() -> None:
    entry = named(opened(), "AccessEntry", "spark-submitters-111122223333-role-ci-deploy")
    assert entry.inputs["principalArn"] == "arn:aws:iam::111122223333:role/ci/deploy"
    assert entry.inputs["kubernetesGroups"] == [
        "spark-on-eks:submitters:a",
        "spark-on-eks:submitters:b",
    ]
    assert not [
        one
        for one in of_type(opened(), "AccessPolicyAssociation")
        if one.inputs["principalArn"] == entry.inputs["principalArn"]
    ]


def test_a_stack_without_submitters_has_no_such_role() -> None:
    assert not [one for one in plan_of("dev").resources if "submitter" in one.name]
