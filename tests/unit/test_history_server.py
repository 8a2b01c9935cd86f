"""Event logs and the History Servers: retention, and permissions to write and read."""

import pytest

from tests.plans import absent, named, of_type, plan_of
from tests.rights import buckets_of, in_words, may
from tests.unit.test_teams_network import CLOSED

LOGS = "arn:aws:s3:::spark-prod-logs-111122223333-us-west-2"
JARS = "arn:aws:s3:::spark-prod-jars-111122223333-us-west-2/spark/jars"
SERVER = "spark-history-analytics-role"


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("s3:GetObject", f"{LOGS}/events/analytics/eventlog_v2_a/events_1_a.zstd", True),
        ("s3:GetObject", f"{LOGS}/events/analytics", True),  # S3A's look at the folder itself
        ("s3:GetObject", f"{LOGS}/events/ingest/eventlog_v2_a/events_1_a.zstd", False),
        ("s3:PutObject", f"{LOGS}/events/analytics/x", False),
        ("s3:DeleteObject", f"{LOGS}/events/analytics/x", False),
        ("s3:GetObject", f"{JARS}/2026-11-01/hadoop-aws-3.4.1.jar", True),
        ("s3:GetObject", f"{JARS}/2026-11-01/other.jar", False),
        ("s3:GetObject", f"{JARS}/2026-10-01/hadoop-aws-3.4.1.jar", False),
    ],
)
def test_a_server_reads_only_its_logs_and_jars(action: str, resource: str, allowed: bool) -> None:
    assert may(plan_of("prod"), SERVER, action, resource) is allowed


def test_a_server_lists_its_teams_folder_only() -> None:
    plan = plan_of("prod")
    assert may(plan, SERVER, "s3:ListBucket", LOGS, s3_prefix="events/analytics/")
    for prefix in ("events/ingest/", "events/", ""):
        assert not may(plan, SERVER, "s3:ListBucket", LOGS, s3_prefix=prefix)
    assert len(buckets_of(plan, SERVER)) == 2


def test_logs_expire_and_the_folders_that_jobs_need_stay() -> None:
    plan = plan_of("prod")
    rules = named(plan, "LifecycleConfiguration", "event-logs-lifecycle").inputs["rules"]
    expiring = [rule for rule in rules if "expiration" in rule]
    assert all(rule["expiration"] == {"days": 365} for rule in expiring)
    prefixes = tuple(rule["filter"]["prefix"] for rule in expiring)
    for log in ("eventlog_v2_spark-1/events_1", "spark-1.zstd", "spark-1.inprogress"):
        assert f"events/ingest/{log}".startswith(prefixes)
    keys = {one.inputs["key"] for one in of_type(plan, "BucketObjectv2")}
    folders = {key for key in keys if key.startswith("events/")}
    assert folders == {"events/analytics/", "events/ingest/"}
    assert not any(folder.startswith(prefixes) for folder in folders)


def test_the_bucket_is_kept_when_the_last_team_is_removed() -> None:
    plan = plan_of("prod", "spark.teams=[]")
    assert named(plan, "s3/bucket:Bucket", "event-logs-bucket").options.protect
    assert absent(plan, "spark-history-")


def test_a_server_gets_its_folder_its_jars_and_its_role() -> None:
    server = named(plan_of("prod"), "Deployment", "spark-history-ingest").inputs
    pod = server["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    environment = {one["name"]: one["value"] for one in container["env"]}
    assert environment["SPARK_DAEMON_CLASSPATH"] == (
        "/opt/spark/jars/*:/jars/hadoop-aws-3.4.1.jar:/jars/bundle-2.24.6.jar"
    )
    options = dict(
        option.removeprefix("-D").split("=", 1)
        for option in environment["SPARK_HISTORY_OPTS"].split()
    )
    assert options["spark.history.fs.logDirectory"] == (
        f"s3a://{LOGS.rpartition(':')[2]}/events/ingest/"
    )
    assert options["spark.history.fs.cleaner.enabled"] == "false"
    assert options["spark.hadoop.fs.s3a.endpoint.region"] == "us-west-2"
    # It cannot become ready before its release is published: the stack does not wait.
    assert server["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    copied = [one["args"] for one in pod["initContainers"]]
    assert copied == [
        [f"s3://{JARS.rpartition(':')[2]}/2026-11-01/{jar}", f"/jars/{jar}"]
        for jar in ("hadoop-aws-3.4.1.jar", "bundle-2.24.6.jar")
    ]


def test_no_pod_reaches_a_server_except_from_client_namespaces() -> None:
    here = "network of namespace spark-history"
    assert in_words(plan_of("prod"))[here] == CLOSED
    plan = plan_of("prod", "spark.historyServer.clients=[auth-proxy]")
    proxy = "all pods in namespaces with kubernetes.io/metadata.name=auth-proxy"
    policy = named(plan, "NetworkPolicy", "spark-history-clients")
    assert policy.inputs["spec"]["policyTypes"] == ["Ingress"]
    assert in_words(plan)[here] == CLOSED | {f"all pods may receive from {proxy}, TCP 18080"}
    assert {one.inputs["spec"]["type"] for one in of_type(plan, "v1:Service")} == {"ClusterIP"}
