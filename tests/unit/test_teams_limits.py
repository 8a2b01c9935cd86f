"""Teams: quotas, the order of a namespace's deletion, and settings that are rejected by key."""

import pytest

from ops.diff.diff import compare
from ops.plan.errors import UserError
from tests.plans import named, of_type, plan_of, reaches

YUNIKORN = "spark.yunikorn.enabled=true"


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
        # An admission policy then enforces it for all other pods, and exists before the namespace.
        bindings = of_type(plan, "ValidatingAdmissionPolicyBinding")
        policies = [one for one in bindings if one.name == "pod-security-binding"]
        assert bool(policies) == (expected == "baseline")
        for binding in policies:
            assert binding.inputs["spec"]["validationActions"] == ["Deny"]
            assert binding.urn in reaches(plan, named(plan, "Namespace", "team-ingest-namespace"))
            # A gang's placeholders are YuniKorn's.
            policy = named(plan, "ValidatingAdmissionPolicy", "pod-security-policy")
            (condition,) = policy.inputs["spec"]["matchConditions"]
            account = "system:serviceaccount:yunikorn:yunikorn-admin"
            assert condition["expression"] == f"request.userInfo.username != '{account}'"


def test_a_namespace_tells_what_a_job_has_to_keep_to() -> None:
    namespace = named(plan_of("prod", YUNIKORN), "Namespace", "team-analytics-namespace")
    assert namespace.inputs["metadata"]["annotations"] == {
        "spark-on-eks/max-executors": "100",
        "spark-on-eks/pool": "default",
        "spark-on-eks/driver-pool": "drivers",
        "spark-on-eks/queue": "root.analytics",
        "spark-on-eks/event-logs": "s3a://spark-prod-logs-111122223333-us-west-2/events/analytics/",
    }
    bare = named(plan_of("dev"), "Namespace", "team-team-a-namespace")
    assert bare.inputs["metadata"]["annotations"] == {
        "spark-on-eks/max-executors": "20",
        "spark-on-eks/pool": "default",
        "spark-on-eks/driver-pool": "drivers",
    }


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
