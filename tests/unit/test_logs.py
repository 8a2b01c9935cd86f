"""Logs of pods: where they lie, who writes and reads them, the agents and their configuration."""

import re
from typing import Any

import pytest
import yaml

from components.logs import layout
from components.logs.pipeline import text
from ops.plan.model import Plan
from tests.plans import LOG_GROUPS, LOGS, absent, named, of_type, plan_of, reaches
from tests.rights import may
from tests.unit.fluent_bit.routes import folder_of, python, tags_of
from tests.unit.fluent_bit.strict import errors
from tests.unit.values import message

BUCKET = "arn:aws:s3:::spark-dev-pod-logs-111122223333-us-west-2"
WRITER, READER = "log-agents-writer-role", "team-team-a-access-role"
METRICS = "observability.metrics={enabled: true}"
VARIABLES = {"NODE_IP", "NODE_NAME"}
ID = "0123456789abcdef" * 4


def config(plan: Plan) -> str:
    return named(plan, "ConfigMap", "log-agents-config").inputs["data"]["fluent-bit.yaml"]


def annotations(plan: Plan) -> Any:
    namespace = named(plan, "Namespace", "team-team-a-namespace").inputs
    return namespace["metadata"]["annotations"]


def pod(plan: Plan) -> Any:
    return named(plan, "DaemonSet", "log-agents-daemon").inputs["spec"]["template"]["spec"]


def plugin(plan: Plan, section: str, alias: str) -> Any:
    plugins = yaml.safe_load(config(plan))["pipeline"][section]
    (found,) = [one for one in plugins if one["alias"] == alias]
    return found


def test_without_it_a_stack_has_nothing_of_it() -> None:
    assert absent(plan_of("prod"), "log-agents", "pod-logs")


@pytest.mark.parametrize("sets", [LOGS, LOG_GROUPS, ("observability.logs={enabled: true, "
    "bucket: {encryption: kms, prefix: a/b/}, verifyKubelet: false, uploadSeconds: 300}",)],
    ids=["s3", "cloudwatch", "keys"],
)  # fmt: skip
def test_every_key_and_value_of_the_configuration_is_fluent_bits(sets: tuple[str, ...]) -> None:
    assert errors(config(plan_of("dev", *sets)), VARIABLES) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("upload_timeout:", "upload_timeouts:", "outputs[0].upload_timeouts: no such key"),
        ('upload_timeout: "60s"', 'upload_timeout: "60 s"', "'60 s' is no time"),
        ('store_dir_limit_size: "500M"', 'store_dir_limit_size: "500Mi"', "'500Mi' is no size"),
        ('name: "tail"', 'name: "tails"', "no such input: tails"),
        ("filters:", "filter:", "pipeline.filter: no such section"),
        ("parsers:", "parser:", "parser: no such section"),
        ('compression: "gzip"', 'compression: "gz"', "'gz' is no gzip|zstd|snappy"),
        ("http_port: 2020", 'http_port: "twenty"', "'twenty' is no int"),
        ("use_kubelet: true", "use_kubelet: 1", "'1' is no bool"),
        ("${NODE_IP}", "${NODE_IPS}", "the container has no variable NODE_IPS"),
        ('regex_parser: "kubernetes-tag"', 'regex_parser: "tag"', "no parser tag"),
        ('multiline.parser: "cri"', 'multiline.parser: "crio"', "no parser crio"),
        ("<executor>.<pod>", "<exec>.<pod>", "tag_regex has no group exec"),
        ("(?<executor>[0-9]+", "(?<executor>[0-9+", "is no regex"),
        (".spark.$1.$TAG[3] false", ".spark.$2.$TAG[3] false", "is no rule"),
        (".spark.$1.$TAG[3] false", ".spark_$1_$TAG[3] false", "is no rule"),
        (".spark.$1.$TAG[3] false", ".spark.$1.$TAG[3]", "is no rule"),
        ("-$UUID.jsonl.gz", ".jsonl.gz", "ends in a random word"),
        ("$TAG[4]/%Y", "$TAG[10]/%Y", "there is no part 10"),
        ('emitter_name: "emit-pods"', 'emitter_name: "pods"', "pods is there twice"),
        ("/drivers.db", "/executors.db", "executors.db is there twice"),
        ('  storage.path: "/var/lib/fluent-bit/chunks"\n', "", "needs service.storage.path"),
        ('      match: "pod.*"\n      operation', "      operation", "matches nothing"),
        ("  flush: 1\n", "  flush: 1\n  flush: 2\n", "flush is there twice"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_configuration_is_found(old: str, new: str, says: str) -> None:
    good = config(plan_of("dev", *LOGS))
    assert old in good
    assert says in "\n".join(errors(good.replace(old, new), VARIABLES))


def test_the_configuration_as_text_is_the_one_as_data() -> None:
    data = {"a": {"b": 'x "y" \\d', "c": True}, "l": [{"k": ["1", "2"], "n": 3}, {"k": "z"}]}
    assert yaml.safe_load(text(data)) == data


@pytest.mark.parametrize(
    ("file", "tag"),
    [
        (
            f"etl-93-exec-12_team-a_spark-kubernetes-executor-{ID}.log",
            f"kube.spark.team-a.12.etl-93-exec-12.spark-kubernetes-executor.{ID}",
        ),
        (
            f"etl-driver_team-a_spark-kubernetes-driver-{ID}.log",
            f"kube.spark.team-a.driver.etl-driver.spark-kubernetes-driver.{ID}",
        ),
        (f"etl-driver_team-a_proxy-{ID}.log", f"kube.pod.team-a.-.etl-driver.proxy.{ID}"),
        (f"dns-7_kube-system_coredns-{ID}.log", f"kube.pod.kube-system.-.dns-7.coredns.{ID}"),
        (f"a.b_kube-system_c-{ID}.log", f"kube.pod.kube-system.-.a.b.c.{ID}"),
        (f"fluent-bit-x_log-agents_fluent-bit-{ID}.log", ""),
    ],
)  # fmt: skip
def test_a_file_is_read_once_with_what_its_name_says(file: str, tag: str) -> None:
    text_ = config(plan_of("dev", *LOGS))
    found = tags_of(text_, file)
    assert found == ([tag] if tag else [])
    parser = python(yaml.safe_load(text_)["parsers"][0]["regex"])
    for one in found:
        read = re.search(parser, one.removeprefix("kube."))
        assert read is not None
        pod_, namespace, rest = file.split("_")
        assert read.groupdict() == {
            "pod_name": pod_,
            "namespace_name": namespace,
            "container_name": rest.removesuffix(f"-{ID}.log"),
            "docker_id": ID,
        }


APP = "spark-0f1e2d3c4b5a"


@pytest.mark.parametrize(
    ("tag", "application", "folder"),
    [
        (f"kube.spark.team-a.12.x-exec-12.c.{ID}", APP, f"team-a/spark/{APP}/12"),
        (f"kube.spark.team-a.driver.x-driver.c.{ID}", APP, f"team-a/spark/{APP}/driver"),
        # A pod that is gone, or a kubelet that does not answer: the file's name is enough.
        (f"kube.spark.team-a.12.x-exec-12.c.{ID}", None, "team-a/pods/x-exec-12/c"),
        # A label that a team made up stays below the team's own folder.
        (f"kube.spark.team-a.12.x-exec-12.c.{ID}", "../team-b", "team-a/pods/x-exec-12/c"),
        (f"kube.spark.team-a.12.x-exec-12.c.{ID}", "a.b", "team-a/pods/x-exec-12/c"),
        (f"kube.pod.kube-system.-.dns-7.coredns.{ID}", None, "kube-system/pods/dns-7/coredns"),
    ],
)  # fmt: skip
def test_a_log_lies_where_its_pod_says(tag: str, application: str | None, folder: str) -> None:
    assert folder_of(config(plan_of("dev", *LOGS)), tag, application) == f"logs/{folder}/"


def test_links_lead_to_where_an_executors_log_lies() -> None:
    plan = plan_of("dev", *LOGS)
    annotations = named(plan, "Namespace", "team-team-a-namespace").inputs["metadata"][
        "annotations"
    ]
    url = annotations["spark-on-eks/executor-log-url"]
    filled = url.replace("{{APP_ID}}", APP).replace("{{EXECUTOR_ID}}", "12")
    folder = layout.folder("logs/", "team-a", layout.SPARK, APP, "12")
    assert filled == (
        "https://us-west-2.console.aws.amazon.com/s3/buckets/"
        "spark-dev-pod-logs-111122223333-us-west-2"
        f"?region=us-west-2&prefix={folder}&showversions=false"
    )
    server = named(plan, "Deployment", "spark-history-team-a").inputs["spec"]["template"]["spec"]
    options = {one["name"]: one["value"] for one in server["containers"][0]["env"]}
    assert f"-Dspark.history.custom.executor.log.url={url}" in options["SPARK_HISTORY_OPTS"].split()


def test_links_lead_to_an_executors_stream() -> None:
    plan = plan_of("dev", *LOG_GROUPS)
    annotations = named(plan, "Namespace", "team-team-a-namespace").inputs["metadata"][
        "annotations"
    ]
    url = annotations["spark-on-eks/executor-log-url"]
    group, _, stream = url.partition("log-groups/log-group/")[2].partition("/log-events/")
    assert group.replace("$252F", "/") == "/spark-on-eks/spark-dev/team-a"
    prefix = plugin(plan, "outputs", "cloudwatch-teams")["log_stream_prefix"]
    tag = layout.tag("team-a", "spark", "{{APP_ID}}", "{{EXECUTOR_ID}}")
    assert stream == f"{prefix}{tag}"
    groups = {one.inputs["name"] for one in of_type(plan, "logGroup:LogGroup")}
    assert {f"/spark-on-eks/spark-dev/{of}" for of in ("team-a", "team-b", ".platform")} <= groups


def test_groups_keep_events_as_long_as_the_stack_says() -> None:
    key = "observability.logs.cloudwatch.retentionDays=90"
    found = of_type(plan_of("dev", *LOG_GROUPS, key), "cloudwatch/logGroup:LogGroup")
    own = [one for one in found if one.inputs["name"].startswith("/spark-on-eks/spark-dev/")]
    assert [one.inputs["retentionInDays"] for one in own] == [90, 90, 90]


@pytest.mark.parametrize(
    ("tag", "outputs"),
    [
        ("pod.team-a.spark.x.1", ["cloudwatch-teams"]),
        ("pod.team-a.pods.x.y", ["cloudwatch-teams"]),
        ("pod.team-ab.pods.x.y", ["cloudwatch"]),
        ("pod.kube-system.pods.x.y", ["cloudwatch"]),
    ],
)
def test_each_log_goes_to_one_group(tag: str, outputs: list[str]) -> None:
    found = yaml.safe_load(config(plan_of("dev", *LOG_GROUPS)))["pipeline"]["outputs"]
    assert [one["alias"] for one in found if re.search(one["match_regex"], tag)] == outputs


@pytest.mark.parametrize(
    ("role", "action", "resource", "allowed"),
    [
        (WRITER, "s3:PutObject", f"{BUCKET}/logs/team-a/spark/x/1/y", True),
        (WRITER, "s3:PutObject", f"{BUCKET}/other", False),
        (WRITER, "s3:GetObject", f"{BUCKET}/logs/team-a/spark/x/1/y", False),
        (WRITER, "s3:DeleteObject", f"{BUCKET}/logs/team-a/spark/x/1/y", False),
        (READER, "s3:GetObject", f"{BUCKET}/logs/team-a/spark/x/1/y", True),
        (READER, "s3:GetObject", f"{BUCKET}/logs/team-b/spark/x/1/y", False),
        (READER, "s3:GetObject", f"{BUCKET}/logs/kube-system/pods/x/y", False),
        (READER, "s3:PutObject", f"{BUCKET}/logs/team-a/spark/x/1/y", False),
    ],
)
def test_agents_put_and_a_team_reads_its_own(
    role: str, action: str, resource: str, allowed: bool
) -> None:
    assert may(plan_of("dev", *LOGS), role, action, resource) is allowed


@pytest.mark.parametrize("sets", [LOGS, LOG_GROUPS], ids=["s3", "cloudwatch"])
def test_a_team_reads_nothing_of_one_whose_name_begins_alike(sets: tuple[str, ...]) -> None:
    plan = plan_of("dev", *sets, "spark.teams=[{name: a}, {name: a-b}]")
    groups = "arn:aws:logs:us-west-2:111122223333:log-group:/spark-on-eks/spark-dev"
    for team, other in (("a", "a-b"), ("a-b", "a")):
        for of in (team, other):
            role, expected = f"team-{team}-access-role", of == team
            if sets == LOGS:
                assert may(plan, role, "s3:GetObject", f"{BUCKET}/logs/{of}/x") is expected
                listed = may(plan, role, "s3:ListBucket", BUCKET, s3_prefix=f"logs/{of}/")
            else:
                streams = f"{groups}/{of}:log-stream:x"
                listed = may(plan, role, "logs:GetLogEvents", streams)
            assert listed is expected
    for name in ("logs:StartQuery", "logs:GetQueryResults"):
        # A query's result is read with a permission that cannot be held to a group.
        assert not may(plan, "team-a-access-role", name, f"{groups}/a")


@pytest.mark.parametrize("of", ["team-a", "team-b", ".platform"])
def test_agents_write_streams_of_the_stacks_groups_and_a_team_reads_its_own(of: str) -> None:
    plan = plan_of("dev", *LOG_GROUPS)
    group = f"arn:aws:logs:us-west-2:111122223333:log-group:/spark-on-eks/spark-dev/{of}"
    assert may(plan, WRITER, "logs:PutLogEvents", f"{group}:log-stream:x")
    assert not may(plan, WRITER, "logs:PutLogEvents", f"{group}x:log-stream:x")
    assert not may(plan, WRITER, "logs:CreateLogGroup", group)
    assert may(plan, READER, "logs:FilterLogEvents", group) is (of == "team-a")


def test_an_agent_asks_its_kubelet_for_pods_and_may_do_nothing_else() -> None:
    plan = plan_of("dev", *LOGS)
    role = named(plan, "ClusterRole", "log-agents-pods").inputs
    assert role["rules"] == [{"apiGroups": [""], "resources": ["nodes/pods"], "verbs": ["get"]}]
    kubelet = plugin(plan, "filters", "kubelet")
    assert kubelet["use_kubelet"] is True
    assert kubelet["kubelet_host"] == "${NODE_IP}"
    fields = {one["name"]: one["valueFrom"]["fieldRef"]["fieldPath"]
              for one in pod(plan)["containers"][0]["env"]}  # fmt: skip
    assert fields == {"NODE_IP": "status.hostIP", "NODE_NAME": "spec.nodeName"}


def test_an_agent_runs_on_every_linux_node_with_the_rights_of_its_role() -> None:
    plan = plan_of("dev", *LOGS)
    spec = pod(plan)
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert spec["nodeSelector"] == {"kubernetes.io/os": "linux"}
    assert spec["priorityClassName"] == "system-node-critical"
    (container,) = spec["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "50m", "memory": "96Mi"}, "limits": {"memory": "256Mi"},
    }  # fmt: skip
    assert container["image"].startswith("docker.io/fluent/fluent-bit:")
    assert container["ports"] == [{"name": "metrics", "containerPort": 2020}]
    assert spec["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
    assert spec["serviceAccountName"] == "fluent-bit"
    account = named(plan, "ServiceAccount", "log-agents-account")
    assert account.inputs["metadata"]["name"] == "fluent-bit"
    role = account.inputs["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    assert role.endswith(f"/{WRITER}")
    # Else an agent starts without credentials, or loses them before it has put what it holds.
    daemon = named(plan, "DaemonSet", "log-agents-daemon")
    # A configuration that a destination refuses stops with the first tenth of the nodes.
    assert container["readinessProbe"]["httpGet"] == {"path": "/api/v1/health", "port": 2020}
    strategy = daemon.inputs["spec"]["updateStrategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}}
    needed = {
        "log-agents-namespace",
        "log-agents-writer-write",
        "pod-logs-bucket",
        "log-agents-pods",
    }
    before = {urn.rpartition("::")[2] for urn in reaches(plan, daemon)}
    assert needed <= before
    role_first = {urn.rpartition("::")[2] for urn in reaches(plan, account)}
    assert "log-agents-writer-write" in role_first


def test_an_agent_has_no_privilege_but_root_s_files() -> None:
    spec = pod(plan_of("dev", *LOGS))
    (container,) = spec["containers"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert container["securityContext"] == {
        "runAsUser": 0,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounts = {one["mountPath"]: one.get("readOnly", False) for one in container["volumeMounts"]}
    assert [path for path, read_only in mounts.items() if not read_only] == ["/var/lib/fluent-bit"]


def test_what_waits_on_a_node_is_bounded_and_outlives_the_agent() -> None:
    plan = plan_of("dev", "observability.logs={enabled: true, bufferMiB: 800}")
    output = plugin(plan, "outputs", "s3")
    assert output["store_dir_limit_size"] == output["storage.total_limit_size"] == "800M"
    data = yaml.safe_load(config(plan))
    state = [data["service"]["storage.path"], output["store_dir"]]
    state += [one["db"] for one in data["pipeline"]["inputs"]]
    host = {one["name"]: one["hostPath"]["path"]
            for one in pod(plan)["volumes"] if "hostPath" in one}  # fmt: skip
    assert all(path.startswith(f"{host['state']}/") for path in state)
    grace = pod(plan)["terminationGracePeriodSeconds"]
    assert data["service"]["grace"] < grace == 60


def test_a_configuration_that_changes_is_a_new_object_that_the_agents_name() -> None:
    volume = {one["name"]: one for one in pod(plan_of("dev", *LOGS))["volumes"]}["config"]
    assert "name" in volume["configMap"]
    metadata = named(plan_of("dev", *LOGS), "ConfigMap", "log-agents-config").inputs["metadata"]
    assert "name" not in metadata


def test_with_metrics_agents_are_scraped_and_have_alerts() -> None:
    plan = plan_of("prod", METRICS, *LOGS)
    spec = named(plan, "PodMonitor", "monitoring-fluent-bit").inputs["spec"]
    labels = named(plan, "DaemonSet", "log-agents-daemon").inputs["spec"]["selector"]
    assert spec["selector"] == labels
    assert spec["podMetricsEndpoints"][0]["path"] == "/api/v2/metrics/prometheus"
    assert not absent(plan, "spark-logs-rules")
    assert absent(plan_of("prod", METRICS), "monitoring-fluent-bit", "spark-logs-rules")
    assert absent(plan_of("prod", *LOGS), "PodMonitor", "PrometheusRule")


def test_a_team_does_not_list_the_bucket_of_all_logs() -> None:
    bucket = "{name: spark-dev-pod-logs-111122223333-us-west-2, prefix: logs/}"
    teams = f"spark.teams=[{{name: team-a, buckets: [{bucket}]}}]"
    assert "holds the logs of all pods" in message("dev", LOGS[0], teams)
