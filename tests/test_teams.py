"""Teams: what each one gets, and what it cannot reach of another's."""

import pytest

from preview.diff import compare
from preview.errors import UserError
from tests.plans import NODE, named, of_type, plan_of, reaches, statements
from tests.reach import Address, Pod, driver, executor
from tests.reach import reaches as is_let_through
from tests.rights import buckets_of, may

LAKE = "arn:aws:s3:::example-lake-111122223333"
LOGS = "arn:aws:s3:::spark-prod-logs-111122223333-us-west-2"
ANALYTICS, INGEST = "team-analytics-access-role", "team-ingest-access-role"
YUNIKORN = "spark.yunikorn.enabled=true"


def test_a_teams_two_accounts_and_no_others_assume_its_role() -> None:
    plan = plan_of("dev")
    role = named(plan, "iam/role:Role", "team-team-a-access-role")
    (trust,) = statements(role.inputs["assumeRolePolicy"]).values()
    (claims,) = trust["Condition"].values()
    by_kind = {key.rpartition(":")[2]: value for key, value in claims.items()}
    assert by_kind == {
        "aud": "sts.amazonaws.com",
        "sub": [
            "system:serviceaccount:team-a:spark-driver",
            "system:serviceaccount:team-a:spark-executor",
        ],
    }
    accounts = {
        one.inputs["metadata"]["name"]: one.inputs
        for one in of_type(plan, "ServiceAccount")
        if one.inputs["metadata"]["namespace"] == "team-a"
    }
    assert set(accounts) == {"spark-driver", "spark-executor"}
    arn = "arn:aws:iam::111122223333:role/team-team-a-access-role"
    for account in accounts.values():
        assert account["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": arn}
    assert accounts["spark-driver"]["automountServiceAccountToken"] is True
    assert accounts["spark-executor"]["automountServiceAccountToken"] is False


def test_only_the_driver_has_rights_and_only_in_its_own_namespace() -> None:
    plan = plan_of("dev")
    bindings = of_type(plan, "RoleBinding")
    assert {one.inputs["metadata"]["namespace"] for one in bindings} == {"team-a", "team-b"}
    for binding in bindings:
        namespace = binding.inputs["metadata"]["namespace"]
        (subject,) = binding.inputs["subjects"]
        assert subject == {"kind": "ServiceAccount", "name": "spark-driver", "namespace": namespace}
    for role in of_type(plan, "v1:Role"):
        resources = {one for rule in role.inputs["rules"] for one in rule["resources"]}
        assert resources == {"pods", "services", "configmaps", "persistentvolumeclaims"}
        assert all(rule["apiGroups"] == [""] for rule in role.inputs["rules"])
        assert "*" not in {verb for rule in role.inputs["rules"] for verb in rule["verbs"]}
    assert not of_type(plan, "ClusterRoleBinding")


@pytest.mark.parametrize(
    ("role", "action", "key", "allowed"),
    [
        (ANALYTICS, "s3:GetObject", "raw/2026/x.parquet", True),
        (ANALYTICS, "s3:GetObject", "raw", True),  # S3A's look at the folder itself
        (ANALYTICS, "s3:PutObject", "raw/2026/x.parquet", False),
        (ANALYTICS, "s3:DeleteObject", "raw/2026/x.parquet", False),
        (ANALYTICS, "s3:PutObject", "analytics/x.parquet", True),
        (ANALYTICS, "s3:AbortMultipartUpload", "analytics/x.parquet", True),
        (ANALYTICS, "s3:GetObject", "rawer/x.parquet", False),
        (ANALYTICS, "s3:GetObject", "x.parquet", False),
        (INGEST, "s3:PutObject", "raw/2026/x.parquet", True),
        (INGEST, "s3:GetObject", "analytics/x.parquet", False),
        (INGEST, "s3:PutObject", "analytics/x.parquet", False),
    ],
)
def test_a_team_has_the_rights_that_it_lists_and_no_others(
    role: str, action: str, key: str, allowed: bool
) -> None:
    assert may(plan_of("prod"), role, action, f"{LAKE}/{key}") is allowed


@pytest.mark.parametrize(
    ("prefix", "allowed"),
    [("raw/", True), ("raw/2026/", True), ("ra", False), ("", False), ("analytics/", False)],
)
def test_a_team_lists_below_its_own_prefixes_only(prefix: str, allowed: bool) -> None:
    listed = may(plan_of("prod"), INGEST, "s3:ListBucket", LAKE, s3_prefix=prefix)
    assert listed is allowed


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
def test_a_team_writes_its_own_event_logs_and_touches_no_other_teams(action: str) -> None:
    plan = plan_of("prod")
    for role, own, other in (
        (ANALYTICS, "analytics", "ingest"),
        (INGEST, "ingest", "analytics"),
    ):
        assert may(plan, role, action, f"{LOGS}/events/{own}/eventlog_v2_x/events_1_x")
        assert not may(plan, role, action, f"{LOGS}/events/{other}/eventlog_v2_x/events_1_x")
        assert not may(plan, role, action, f"{LOGS}/events/{own}-2/x")
        assert not may(plan, role, "s3:ListBucket", LOGS, s3_prefix=f"events/{other}/")
        assert not may(plan, role, "s3:ListBucket", LOGS, s3_prefix="events/")


def test_no_team_reaches_the_jars_other_than_through_the_mount() -> None:
    plan = plan_of("prod")
    for role in (ANALYTICS, INGEST):
        assert buckets_of(plan, role) == {LAKE.rpartition(":")[2], LOGS.rpartition(":")[2]}


def test_the_rights_on_a_key_come_with_the_bucket_that_needs_it() -> None:
    key = "arn:aws:kms:us-west-2:111122223333:key/abc"
    plan = plan_of(
        "dev",
        "spark.teams=[{name: a, buckets: ["
        "{name: one, prefix: '', kmsKeyArn: '" + key + "'}, {name: arn:aws:s3:::two, prefix: x/, "
        "access: readWrite, kmsKeyArn: '" + key + "'}]}]",
    )
    found = statements(named(plan, "iam/policy:Policy", "team-a-access-data-1").inputs["policy"])
    assert found["Key1"]["Action"] == ["kms:Decrypt"]
    assert found["Key2"]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert found["Key1"]["Resource"] == found["Key2"]["Resource"] == [key]
    # The whole bucket only where that is what was asked for.
    assert found["Read1"]["Resource"] == ["arn:aws:s3:::one/*"]
    assert "Condition" not in found["List1"]
    assert found["ReadWrite2"]["Resource"] == ["arn:aws:s3:::two/x", "arn:aws:s3:::two/x/*"]


def test_every_policy_of_many_long_buckets_keeps_within_iams_limit() -> None:
    entries = ", ".join(
        f"{{name: {'b' * 60}-{number:02}, prefix: {'p' * 199}/, access: readWrite, "
        f"kmsKeyArn: 'arn:aws:kms:us-west-2:111122223333:key/{'k' * 36}'}}"
        for number in range(32)
    )
    plan = plan_of("dev", f"spark.teams=[{{name: a, buckets: [{entries}]}}]")
    policies = [
        one.inputs["policy"]
        for one in of_type(plan, "iam/policy:Policy")
        if one.name.startswith("team-a-access")
    ]
    assert 1 < len(policies) <= 9, "a role takes ten"
    assert all(len("".join(policy.split())) <= 6144 for policy in policies)
    sids = [sid for policy in policies for sid in statements(policy)]
    assert len(sids) == len(set(sids)) == 3 * 32


@pytest.mark.parametrize(
    ("source", "target", "port", "passes"),
    [
        (driver("team-a"), executor("team-a"), 7079, True),
        (executor("team-a"), driver("team-a"), 7078, True),
        (executor("team-a"), executor("team-a"), 40123, True),
        (driver("team-a"), executor("team-b"), 7079, False),
        (executor("team-b"), driver("team-a"), 7078, False),
        (executor("team-b"), driver("team-a"), 4040, False),
        # HTTPS is open outwards; another team's pods still let nobody in.
        (executor("team-a"), executor("team-b"), 443, False),
        (Pod("team-a"), driver("team-a"), 7078, False),  # a pod that is not Spark's
        (Pod("default"), driver("team-a"), 4040, False),
        (Pod("spark-operator"), driver("team-a"), 4040, False),
        (Pod("monitoring"), driver("team-a"), 4040, True),
        (Pod("monitoring"), driver("team-a"), 7078, False),
        (Pod("monitoring"), executor("team-a"), 4040, False),
        (driver("team-a"), Address("52.92.0.1"), 443, True),  # S3
        (driver("team-a"), Address("10.0.1.5"), 443, True),  # the API server
        (executor("team-a"), Address("52.92.0.1"), 80, False),
        (executor("team-a"), Address("169.254.169.254"), 80, False),  # instance metadata
        (executor("team-a"), Address("10.0.1.5"), 10250, False),  # kubelet
        (executor("team-a"), Address("10.20.0.7"), 5432, False),
    ],
)
def test_who_reaches_whom(
    source: Pod | Address, target: Pod | Address, port: int, passes: bool
) -> None:
    assert is_let_through(plan_of("dev"), source, target, port) is passes


def test_dns_is_open_to_the_clusters_dns_only() -> None:
    plan = plan_of("dev")
    dns = Pod("kube-system", {"k8s-app": "kube-dns"})
    for protocol in ("UDP", "TCP"):
        assert is_let_through(plan, executor("team-a"), dns, 53, protocol)
    assert not is_let_through(plan, executor("team-a"), Pod("kube-system"), 53, "UDP")
    assert not is_let_through(plan, executor("team-a"), Address("8.8.8.8"), 53, "UDP")


def test_a_database_that_a_team_names_is_open_to_that_team_alone() -> None:
    plan = plan_of(
        "dev",
        "spark.teams=[{name: a, egress: [{cidr: 10.20.0.0/24, ports: [5432]}]}, {name: b}]",
    )
    database = Address("10.20.0.7")
    assert is_let_through(plan, executor("a"), database, 5432)
    assert not is_let_through(plan, executor("a"), database, 5433)
    assert not is_let_through(plan, executor("a"), Address("10.20.1.7"), 5432)
    assert not is_let_through(plan, executor("b"), database, 5432)


def test_policies_are_enforced_at_all() -> None:
    (networking,) = [
        one for one in of_type(plan_of("dev"), "Addon") if one.inputs["addonName"] == "vpc-cni"
    ]
    assert '"enableNetworkPolicy": "true"' in networking.inputs["configurationValues"]


def test_a_quota_holds_the_whole_team_and_quantities_are_written_as_they_come_back() -> None:
    plan = plan_of("dev", "spark.teams=[{name: a, quota: {cpu: 2000, memoryGiB: 2048, pods: 100}}]")
    assert named(plan, "ResourceQuota", "team-a-quota").inputs["spec"]["hard"] == {
        "requests.cpu": "2k",
        "requests.memory": "2Ti",
        "limits.memory": "2Ti",
        "pods": "100",
        "requests.storage": "501Gi",
        "persistentvolumeclaims": "101",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }


def test_a_driver_goes_before_an_executor_and_an_executor_pushes_nobody_out() -> None:
    classes = {
        one.inputs["metadata"]["name"]: one for one in of_type(plan_of("dev"), "PriorityClass")
    }
    driver_class, executor_class = classes["spark-driver"], classes["spark-executor"]
    assert driver_class.inputs["value"] > executor_class.inputs["value"] > 0
    assert executor_class.inputs["preemptionPolicy"] == "Never"
    assert driver_class.inputs["preemptionPolicy"] == "PreemptLowerPriority"
    assert not any(one.inputs.get("globalDefault") for one in classes.values())
    # A value cannot change in place, and the provider would try.
    for one in classes.values():
        assert set(one.options.replace_on_changes) == {"value", "preemptionPolicy"}
        assert one.options.delete_before_replace


def test_adding_moving_and_removing_a_team_touches_no_other_teams_resources() -> None:
    two = "spark.teams=[{name: a, pool: default}, {name: b, pool: memory}]"
    three = "spark.teams=[{name: a, pool: default}, {name: b, pool: memory}, {name: c}]"
    moved = "spark.teams=[{name: a, pool: memory}, {name: b, pool: memory}]"
    shared = {"spark-operator-release", "event-logs-lifecycle", "event-logs-c", "spark-history-c"}
    for before, after, team in ((two, three, "c"), (three, two, "c"), (two, moved, "a")):
        steps = compare(plan_of("prod", before), plan_of("prod", after)).steps
        names = {(step.new or step.old).name for step in steps if step.new or step.old}
        other = {
            name
            for name in names
            if not name.startswith((f"team-{team}-", "spark-history-c")) and name not in shared
        }
        assert other <= {f"team-{team}"}, other


def test_a_namespace_is_restricted_unless_gangs_need_their_placeholders() -> None:
    level = "pod-security.kubernetes.io/enforce"
    for overrides, expected in (((), "restricted"), ((YUNIKORN,), "baseline")):
        plan = plan_of("prod", *overrides)
        for team in ("analytics", "ingest"):
            namespace = named(plan, "Namespace", f"team-{team}-namespace")
            assert namespace.inputs["metadata"]["labels"][level] == expected
        # Then an admission policy holds everybody else to it, before there is a namespace.
        bindings = of_type(plan, "ValidatingAdmissionPolicyBinding")
        policies = [one for one in bindings if one.name == "pod-security-binding"]
        assert bool(policies) == (expected == "baseline")
        for binding in policies:
            assert binding.inputs["spec"]["validationActions"] == ["Deny"]
            assert binding.urn in reaches(plan, named(plan, "Namespace", "team-ingest-namespace"))


def test_a_namespace_tells_what_a_job_has_to_keep_to() -> None:
    namespace = named(plan_of("prod", YUNIKORN), "Namespace", "team-analytics-namespace")
    assert namespace.inputs["metadata"]["annotations"] == {
        "spark-on-eks/max-executors": "100",
        "spark-on-eks/queue": "root.analytics",
        "spark-on-eks/event-logs": f"s3a://{LOGS.rpartition(':')[2]}/events/analytics/",
    }
    bare = named(plan_of("dev"), "Namespace", "team-team-a-namespace")
    assert bare.inputs["metadata"]["annotations"] == {"spark-on-eks/max-executors": "20"}


def test_a_given_bucket_may_hold_jars_and_data_side_by_side() -> None:
    given = "jarBucket={name: given, existing: true, prefix: spark/}"
    team = "spark.teams=[{{name: a, buckets: [{{name: given, prefix: {prefix}}}]}}]"
    plan = plan_of("existing", given, team.format(prefix="data/"))
    assert may(plan, "team-a-access-role", "s3:GetObject", "arn:aws:s3:::given/data/x")
    for prefix in ("spark/", "spark/jars/", "''"):
        with pytest.raises(UserError, match="'given' holds the JARs"):
            plan_of("existing", given, team.format(prefix=prefix))


@pytest.mark.parametrize("overrides", [(), NODE], ids=["pod", "node"])
def test_nodes_and_the_mount_outlive_a_teams_pods(overrides: tuple[str, ...]) -> None:
    plan = plan_of("dev", *overrides)
    before = reaches(plan, named(plan, "Namespace", "team-team-a-namespace"))
    for pool in ("karpenter-drivers", "karpenter-default-arm-spot"):
        assert named(plan, "NodePool", pool).urn in before


WRONG = {
    ("spark.teams=[{name: spark-operator}]",): "'spark-operator' is a namespace of the cluster's",
    ("spark.teams=[{name: a, quota: {cpu: 20}}]",): (
        "spark-on-eks:spark.teams[0].quota.cpu: 20 is too small for a driver and maxExecutors (20) "
        "of the smallest size, 21 vCPU; raise it or lower maxExecutors"
    ),
    ("spark.teams=[{name: a, quota: {memoryGiB: 29}}]",): "quota.memoryGiB: 29 is too small",
    ("spark.teams=[{name: a, maxExecutors: 100, quota: {cpu: 200, memoryGiB: 500}}]",): (
        "quota.pods: 100 is too small for a driver and maxExecutors (100) of the smallest size, "
        "101 pods"
    ),
    ("spark.teams=[{name: a, queue: root.a}]",): (
        "spark-on-eks:spark.teams[0].queue: 'root.a' needs spark.yunikorn.enabled: true"
    ),
    (YUNIKORN, "spark.teams=[{name: a, queue: root.b}]"): "'root.b' must end with .a",
    (YUNIKORN, "spark.teams=[{name: a}, {name: b, queue: root.a.b}]"): (
        "'root.a.b' is below the queue of team a"
    ),
    ("spark.teams=[{name: a, buckets: [{name: spark-dev-jars-111122223333-x, prefix: ''}]}]",): (
        "spark.teams[0].buckets[0].name: 'spark-dev-jars-111122223333-x' holds the JARs, which"
    ),
    (
        "jarBucket.name=given-jars",
        "spark.teams=[{name: a, buckets: [{name: 'arn:aws:s3:::given-jars', prefix: x/}]}]",
    ): "'given-jars' holds the JARs, which jobs read from the mount",
    ("spark.teams=[{name: a, buckets: [{name: spark-dev-logs-1-us-west-2, prefix: ''}]}]",): (
        "'spark-dev-logs-1-us-west-2' holds event logs"
    ),
    ("spark.teams=[{name: a, buckets: [{name: data, prefix: x}]}]",): "prefix: 'x' does not match",
    ("spark.teams=[{name: a, buckets: [{name: data, prefix: '*/'}]}]",): (
        "prefix: '*/' does not match"
    ),
    ("spark.teams=[{name: a, buckets: [{name: data}]}]",): "buckets[0].prefix: is not set",
    ("spark.teams=[{name: a, buckets: [{name: d-1, prefix: x/}, {name: d-1, prefix: x/}]}]",): (
        "buckets[1].name: 'd-1' is listed twice with the same prefix"
    ),
    ("spark.teams=[{name: a, egress: [{cidr: 10.0.0.1/8, ports: [1]}]}]",): "has host bits set",
    ("spark.teams=[{name: a-name-that-is-too-long-by-far}]",): "does not match",
    ("spark.historyServer.enabled=true",): (
        "spark-on-eks:spark.historyServer: enabled: true needs release, which holds hadoop-aws"
    ),
    ("cluster.deletionProtection=true", "spark.historyServer.logs.forceDestroy=true"): (
        "spark.historyServer.logs.forceDestroy: true contradicts cluster.deletionProtection: true"
    ),
    ("spark.operator.replicas=1",): "spark.operator.replicas: 1: input should be greater than",
    ("spark.image=apache/spark",): "spark-on-eks:spark.image: 'apache/spark' does not match",
}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [pytest.param(*case, id=" ".join(case[0])[:80]) for case in WRONG.items()],
)
def test_a_team_that_cannot_work_is_refused_by_key(
    overrides: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UserError) as error:
        plan_of("dev", *overrides)
    assert message in str(error.value)
