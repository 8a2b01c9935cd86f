"""Teams: quotas, the order of a namespace's deletion, and settings that are rejected by key."""

import json
import re

import pytest

from ops.diff.diff import compare
from ops.plan.errors import UserError
from tests.plans import named, of_type, plan_of, reaches

DRIVERS = ("ResourceQuota", "team-a-driver-quota")
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


@pytest.mark.parametrize(
    ("keys", "hard"),
    [
        ("", {"requests.cpu": "32", "requests.memory": "128Gi", "pods": "50"}),
        # The smallest quota: one driver, and room for the one executor.
        (
            "maxExecutors: 1, quota: {cpu: 2, memoryGiB: 3, pods: 2}",
            {"requests.cpu": "1", "requests.memory": "1536Mi", "pods": "1"},
        ),
        # Twenty executors of the smallest size fit beside all drivers.
        (
            "quota: {cpu: 25, memoryGiB: 40, pods: 24}",
            {"requests.cpu": "5", "requests.memory": "12280Mi", "pods": "4"},
        ),
        (
            "quota: {drivers: {cpu: 8, memoryGiB: 16, pods: 4}}",
            {"requests.cpu": "8", "requests.memory": "16Gi", "pods": "4"},
        ),
    ],
)
def test_drivers_have_a_part_of_the_quota_that_leaves_executors_theirs(
    keys: str, hard: dict[str, str]
) -> None:
    quota = named(plan_of("dev", f"spark.teams=[{{name: a, {keys}}}]"), *DRIVERS).inputs["spec"]
    assert quota["hard"] == {**hard, "limits.memory": hard["requests.memory"]}
    assert quota["scopeSelector"]["matchExpressions"] == [
        {"scopeName": "PriorityClass", "operator": "In", "values": ["spark-driver"]}
    ]


def test_with_gangs_the_queue_limits_the_drivers_since_placeholders_have_their_priority() -> None:
    plan = plan_of("dev", YUNIKORN)
    assert not [one for one in of_type(plan, DRIVERS[0]) if one.name.endswith("driver-quota")]
    values = named(plan, "Release", "yunikorn-release").inputs["values"]["yunikornDefaults"]
    (root,) = json.loads(values["queues.yaml"])["partitions"][0]["queues"]
    assert {one["name"]: one["maxapplications"] for one in root["queues"]} == {
        "team-a": 50,
        "team-b": 50,
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


def test_a_policy_binds_the_namespaces_of_teams_only() -> None:
    plan = plan_of("prod", YUNIKORN, "spark.acceptJobs=false", "spark.exemptGroup=admins")
    bindings = of_type(plan, "ValidatingAdmissionPolicyBinding")
    assert len(bindings) > 1
    for binding in bindings:
        selector = binding.inputs["spec"]["matchResources"]["namespaceSelector"]
        assert selector == {
            "matchExpressions": [{"key": "spark-on-eks/team", "operator": "Exists"}]
        }


def test_a_cluster_that_is_drained_admits_the_exempt_group_only() -> None:
    for group, expected in (
        ("admins", ["!('admins' in request.userInfo.?groups.orValue([]))"]),
        ("", []),
    ):
        keys = ["spark.acceptJobs=false", *([f"spark.exemptGroup={group}"] if group else [])]
        (policy,) = [
            one
            for one in of_type(plan_of("prod", *keys), "ValidatingAdmissionPolicy")
            if "drain" in one.name
        ]
        conditions = policy.inputs["spec"].get("matchConditions", [])
        assert [one["expression"] for one in conditions] == expected
        (rule,) = policy.inputs["spec"]["matchConstraints"]["resourceRules"]
        assert rule == {
            "apiGroups": ["sparkoperator.k8s.io"],
            "apiVersions": ["v1beta2"],
            "operations": ["CREATE", "UPDATE", "DELETE"],
            "resources": ["sparkapplications", "scheduledsparkapplications"],
        }


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


OF_A_TEAM = {
    "quota: {cpu: 20}": (
        "quota.cpu: 20 is too small for a driver and maxExecutors (20) of the smallest size, "
        "21 vCPU; raise it or lower maxExecutors"
    ),
    "quota: {memoryGiB: 29}": "quota.memoryGiB: 29 is too small",
    "quota: {drivers: {cpu: 64}}": (
        "quota.drivers.cpu: 64 leaves no executor within quota.cpu (64); at most 63 vCPU"
    ),
    "quota: {drivers: {memoryGiB: 1}}": (
        "quota.drivers.memoryGiB: 1 is too small for a driver of the smallest size, 2 GiB"
    ),
    "quota: {drivers: {pods: 100}}": "quota.drivers.pods: 100 leaves no executor",
    "maxExecutors: 100, quota: {cpu: 200, memoryGiB: 500}": (
        "quota.pods: 100 is too small for a driver and maxExecutors (100) of the smallest size, "
        "101 pods"
    ),
    "queue: root.a": "queue: 'root.a' needs spark.yunikorn.enabled: true",
    "buckets: [{name: spark-dev-jars-1-x, prefix: ''}]": (
        "buckets[0].name: 'spark-dev-jars-1-x' holds the JARs, which jobs read from the mount"
    ),
    "buckets: [{name: spark-dev-logs-1-x, prefix: ''}]": (
        "buckets[0].name: 'spark-dev-logs-1-x' holds event logs"
    ),
    "buckets: [{name: data, prefix: x}]": "buckets[0].prefix: 'x' is not a prefix",
    "buckets: [{name: data, prefix: '*/'}]": "buckets[0].prefix: '*/' is not a prefix",
    "buckets: [{name: data}]": "buckets[0].prefix: is not set",
    "buckets: [{name: d-1, prefix: x/}, {name: d-1, prefix: x/}]": (
        "buckets[1].name: 'd-1' is listed twice with the same prefix"
    ),
    "egress: [{cidr: 10.0.0.1/8, ports: [1]}]": (
        "egress[0].cidr: '10.0.0.1/8' has bits set after its mask"
    ),
}
WRONG = {
    f"spark.teams=[{{name: a, {keys}}}]": f"spark-on-eks:spark.teams[0].{message}"
    for keys, message in OF_A_TEAM.items()
} | {
    "spark.teams=[{name: spark-operator}]": "'spark-operator' is a namespace of the cluster's",
    "spark.teams=[{name: a-name-that-is-too-long-by-far}]": "is not a name of at most 20",
    f"{YUNIKORN} spark.teams=[{{name: a, queue: root.b}}]": "'root.b' must end with .a",
    f"{YUNIKORN} spark.teams=[{{name: a}}, {{name: b, queue: root.a.b}}]": (
        "'root.a.b' is below the queue of team a"
    ),
    "jarBucket.name=given "
    "spark.teams=[{name: a, buckets: [{name: 'arn:aws:s3:::given', prefix: x/}]}]": (
        "'given' holds the JARs, which jobs read from the mount"
    ),
    "spark.historyServer.enabled=true": (
        "spark-on-eks:spark.historyServer: enabled: true needs release, which holds hadoop-aws"
    ),
    "cluster.deletionProtection=true spark.historyServer.logs.forceDestroy=true": (
        "spark.historyServer.logs.forceDestroy: true contradicts cluster.deletionProtection: true"
    ),
    "spark.operator.replicas=1": "spark.operator.replicas: 1 is not a whole number from",
    "spark.image=apache/spark": "spark-on-eks:spark.image: 'apache/spark' is not an image",
}


@pytest.mark.parametrize("keys", WRONG, ids=lambda keys: keys[:80])
def test_a_team_that_cannot_run_is_refused_by_key(keys: str) -> None:
    with pytest.raises(UserError, match=re.escape(WRONG[keys])):
        plan_of("dev", keys)
