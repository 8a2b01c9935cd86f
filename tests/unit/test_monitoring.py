"""Prometheus, its monitors and rules, remote write, and the autoscaler of its memory."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.helm_addon import merge
from components.monitoring.workloads import PROMETHEUS_FIXED
from ops.plan.errors import UserError
from ops.plan.model import Plan
from ops.plan.packages import packages
from ops.rules.check import check
from ops.rules.rule import Severity
from tests.plans import CACHE, ROOT, absent, named, of_type, plan_of, statements
from tests.validate import reference
from tests.validate.crd import errors_of_custom
from tests.validate.values import errors_of_release

ON = "observability.metrics.enabled=true"
TOPIC = "observability.alerts.topicArn=arn:aws:sns:us-west-2:111122223333:alerts"
ALL = (
    ON,
    TOPIC,
    "observability.amp={enabled: true, encryption: kms}",
    "observability.verticalAutoscaling.enabled=true",
)
AUTOSCALER = "prometheus-memory-autoscaler"
NODE_LEVEL = "jarMount={level: node}"


def values(*sets: str, stack: str = "prod") -> Any:
    return named(plan_of(stack, *sets), "Release", "prometheus-release").inputs["values"]


def monitor(name: str, *sets: str, stack: str = "prod") -> Any:
    return named(plan_of(stack, ON, *sets), "PodMonitor", f"monitoring-{name}").inputs["spec"]


def alerts(plan: Plan) -> dict[str, Any]:
    """The rules of all PrometheusRules that are alerts, by name."""
    return {
        rule["alert"]: rule
        for one in of_type(plan, "PrometheusRule")
        for group in one.inputs["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }


def keeps(relabeling: Any, *of: str) -> bool:
    """Whether Prometheus keeps a series with these values of the source labels: its expressions
    match as a whole."""
    return re.fullmatch(relabeling["regex"], ";".join(of)) is not None


@pytest.mark.parametrize("release", ["prometheus-release", "vpa-release"])
@pytest.mark.parametrize("sets", [(), CACHE], ids=["", "cache"])
def test_the_charts_have_every_value_that_is_set(release: str, sets: tuple[str, ...]) -> None:
    found = named(plan_of("prod", *ALL, NODE_LEVEL, *sets), "Release", release).inputs
    assert errors_of_release(found["chart"], found["version"], found["values"]) == []


@pytest.mark.parametrize(
    ("release", "path"),
    [
        ("prometheus-release", "prometheus.prometheusSpec.retentions"),
        ("prometheus-release", "grafana.sidecars"),
        ("prometheus-release", "grafana.sidecar.dashboards.searchNamespaces"),
        ("prometheus-release", "kube-state-metrics.metricsLabelsAllowlist"),
        ("prometheus-release", "prometheus-node-exporter.hostMounts"),
        ("vpa-release", "recommender.replica"),
        ("vpa-release", "admissionController.certGen.toleration"),
    ],
)
def test_a_value_that_a_chart_or_its_sub_chart_lacks_is_found(release: str, path: str) -> None:
    if reason := reference.missing():
        pytest.skip(reason)
    found = named(plan_of("prod", *ALL), "Release", release).inputs
    wrong: Any = "x"
    for key in reversed(path.split(".")):
        wrong = {key: wrong}
    (error,) = errors_of_release(found["chart"], found["version"], merge(found["values"], wrong))
    assert error.startswith(f"{path}: no such value")


def test_the_autoscalers_object_is_valid_by_its_definition(tmp_path: Path) -> None:
    file = ROOT / ".cache/metrics/vpa/vpa-v1-crd-gen.yaml"
    if not file.exists():
        pytest.skip("the Vertical Pod Autoscaler is not built: dev/metrics/build")
    (crd,) = [
        one
        for one in yaml.safe_load_all(file.read_text())
        if one["spec"]["names"]["kind"] == "VerticalPodAutoscaler"
    ]
    (tmp_path / "crd.yaml").write_text(json.dumps(crd))
    found = dict(named(plan_of("prod", *ALL), "VerticalPodAutoscaler", AUTOSCALER).inputs)
    assert errors_of_custom(found, tmp_path / "crd.yaml") == []
    found["spec"] = {**found["spec"], "updatePolicy": {"updateMode": "InPlaceIfPossible"}}
    assert errors_of_custom(found, tmp_path / "crd.yaml") != []


def test_without_it_a_stack_has_nothing_of_it() -> None:
    assert absent(plan_of("prod"), "prometheus-release", "amp/", "PodMonitor")


@pytest.mark.parametrize("sets", [(ON,), ALL, (*ALL, "observability.amp.alerts=true")])
def test_no_rule_of_check_has_an_error_of_it(sets: tuple[str, ...]) -> None:
    assert check(plan_of("prod", *sets)).of(Severity.error) == []


def test_system_nodes_that_are_too_small_are_an_error_with_what_to_set() -> None:
    found = [str(one) for one in check(plan_of("dev", ON)).of(Severity.error)]
    assert found and all("set systemNodes.minSize to 3" in one for one in found)


@pytest.mark.parametrize("stack", ["dev", "staging"])
def test_the_docs_say_which_stacks_need_a_further_system_node(stack: str) -> None:
    page = (ROOT / "docs/observability.md").read_text()
    (named_there,) = re.findall(r"([^.;:]*) needs? `systemNodes.minSize: 3`", page)
    needs = bool(check(plan_of(stack, ON)).of(Severity.error))
    assert needs == (stack in named_there)


@pytest.mark.parametrize(
    ("alert", "job", "selector"),
    [
        ("KarpenterDown", "karpenter", {"app.kubernetes.io/name": "karpenter"}),
        ("SparkOperatorDown", "spark-operator", {"app.kubernetes.io/name": "spark-operator"}),
        ("YunikornDown", "yunikorn", {"app": "yunikorn"}),
    ],
)
def test_an_alert_on_a_program_names_the_label_by_which_it_is_scraped(
    alert: str, job: str, selector: dict[str, str]
) -> None:
    plan = plan_of("prod", ON, "spark.yunikorn.enabled=true")
    kind = "ServiceMonitor" if job == "yunikorn" else "PodMonitor"
    assert named(plan, kind, f"monitoring-{job}").inputs["spec"]["selector"] == {
        "matchLabels": selector
    }
    ((key, value),) = selector.items()
    page = (ROOT / "docs/alerts.md").read_text().partition(f"### {alert}\n")[2]
    assert f"`kubectl get pods -A -l {key}={value}`" in page.partition("###")[0]


def test_pods_of_every_namespace_of_the_platform_that_crash_raise_an_alert() -> None:
    plan = plan_of("prod", *ALL, "spark.yunikorn.enabled=true")
    expression = alerts(plan)["PlatformPodFails"]["expr"]
    found = {one.inputs["metadata"]["name"] for one in of_type(plan, "Namespace")}
    # A History Server that is down has an alert of its own, and jobs run without it.
    for name in found - {"analytics", "ingest", "spark-history"}:
        assert re.search(rf"[\"|]{name}[\"|]", expression), name
    assert {"monitoring", "node-agents", "vertical-pod-autoscaler", "spark-operator"} <= found


def test_what_eks_runs_itself_is_not_looked_for() -> None:
    found = values(ON)
    for part in ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy"):
        assert found[part] == {"enabled": False}
    rules = found["defaultRules"]["rules"]
    assert not any(rules[one] for one in ("etcd", "kubeProxy", "kubeSchedulerAlerting"))
    assert rules["general"] and rules["kubeApiserverSlos"]


def test_prometheus_reads_monitors_of_every_namespace_and_release() -> None:
    spec = values(ON)["prometheus"]["prometheusSpec"]
    kinds = ("podMonitor", "serviceMonitor", "rule", "probe", "scrapeConfig")
    assert [spec[f"{kind}SelectorNilUsesHelmValues"] for kind in kinds] == [False] * 5


def test_its_volume_is_encrypted_and_goes_with_it_unless_it_is_kept() -> None:
    keep = "observability.metrics={enabled: true, keepVolume: true, volumeGiB: 200}"
    for sets, reclaim, size in ((ON, "Delete", "50Gi"), (keep, "Retain", "200Gi")):
        spec = values(sets)["prometheus"]["prometheusSpec"]
        claim = spec["storageSpec"]["volumeClaimTemplate"]["spec"]
        assert claim["resources"]["requests"]["storage"] == size
        assert spec["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == reclaim
        created = named(plan_of("prod", sets), "StorageClass", "prometheus-class")
        # Its name is taken until it is gone, and its fields cannot change.
        assert created.options.delete_before_replace
        made = created.inputs
        assert made["metadata"]["name"] == claim["storageClassName"] == "monitoring"
        assert (made["reclaimPolicy"], made["parameters"]["encrypted"]) == (reclaim, "true")
    # The disk of 200 GiB holds its blocks, and the log beside them.
    assert values(keep)["prometheus"]["prometheusSpec"]["retentionSize"] == "170GiB"


def test_grafana_is_reached_by_port_forward_only_and_reads_its_own_namespace() -> None:
    grafana = values(ON)["grafana"]
    assert not {"ingress", "adminPassword", "admin"} & grafana.keys()
    assert grafana["rbac"] == {"namespaced": True}
    for sidecar in ("dashboards", "datasources"):
        assert grafana["sidecar"][sidecar]["searchNamespace"] == "monitoring"
    assert absent(plan_of("prod", ON), "prometheus-clients")
    clients = "observability.metrics={enabled: true, clients: [proxy]}"
    policy = named(plan_of("prod", clients), "NetworkPolicy", "prometheus-clients").inputs["spec"]
    assert policy["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "grafana"}}
    assert policy["ingress"] == [
        {
            "from": [
                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "proxy"}}}
            ],
            "ports": [{"protocol": "TCP", "port": 3000}],
        }
    ]


def test_kube_state_metrics_may_list_no_secrets_and_knows_the_labels_that_rules_join() -> None:
    state = values(ON)["kube-state-metrics"]
    assert state["collectors"] == ["deployments", "pods", "resourcequotas"]
    extra = [one["resources"] for one in state["rbac"]["extraRules"]]
    assert extra == [["sparkapplications"], ["customresourcedefinitions"]]
    for label in ("spark-role", "spark-exec-id", "sparkoperator.k8s.io/app-name"):
        assert label in state["metricLabelsAllowlist"][0]


def test_node_exporter_runs_on_every_node_and_takes_no_executors_place() -> None:
    found = values(ON)["prometheus-node-exporter"]
    assert found["tolerations"] == [{"operator": "Exists"}]
    assert not found["priorityClassName"] and found["namespaceOverride"] == "node-agents"
    level = named(plan_of("prod", ON), "Namespace", "prometheus-agents").inputs["metadata"]
    assert level["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"


def test_it_reads_the_metrics_of_the_jar_mount_where_nodes_have_one() -> None:
    assert "extraHostVolumeMounts" not in values(ON)["prometheus-node-exporter"]
    folder = "jarMount={level: node, node: {metricsDir: /var/lib/metrics}}"
    found = values(ON, folder, stack="prod")["prometheus-node-exporter"]
    (mount,) = found["extraHostVolumeMounts"]
    assert (mount["hostPath"], mount["readOnly"]) == ("/var/lib/metrics", True)
    assert f"--collector.textfile.directory={mount['mountPath']}" in found["extraArgs"]


def test_a_series_of_a_job_belongs_to_who_its_pod_says() -> None:
    spec = monitor("spark-drivers")
    assert spec["namespaceSelector"] == {"matchNames": ["analytics", "ingest"]}
    for endpoint in spec["podMetricsEndpoints"]:
        given = {one.get("targetLabel"): one.get("sourceLabels") for one in endpoint["relabelings"]}
        label = "__meta_kubernetes_pod_label_sparkoperator_k8s_io_app_name"
        assert given["application"] == [label]
        (drop,) = [one for one in endpoint["metricRelabelings"] if one["action"] == "labeldrop"]
        for name in ("application_name", "exported_application_id", "exported_application"):
            assert keeps(drop, name)
        assert not keeps(drop, "executor_id") and not keeps(drop, "application")
        assert "honorLabels" not in endpoint


def test_a_job_has_as_many_series_as_its_executors_need() -> None:
    spec = monitor("spark-drivers")
    kept = spec["podMetricsEndpoints"][0]["metricRelabelings"][0]["regex"].split("|")
    # 100 executors and the driver, and the driver's own page.
    assert spec["sampleLimit"] == len(kept) * 101 + 50
    assert len(kept) <= 15


def test_prices_are_kept_for_the_families_of_the_pools_only() -> None:
    (endpoint,) = monitor("karpenter")["podMetricsEndpoints"]
    (relabeling,) = endpoint["metricRelabelings"]
    price = "karpenter_cloudprovider_instance_type_offering_price_estimate"
    assert keeps(relabeling, price, "r7gd.4xlarge")
    assert not keeps(relabeling, price, "p5.48xlarge")
    assert keeps(relabeling, "karpenter_nodes_allocatable", "r7gd.4xlarge")
    assert keeps(relabeling, "karpenter_nodepools_limit", "")
    assert not keeps(relabeling, "karpenter_pods_state", "")


def test_borders_of_the_api_servers_histogram_are_kept_that_objectives_can_have() -> None:
    (relabeling,) = values(ON)["kubeApiServer"]["serviceMonitor"]["metricRelabelings"]
    bucket = "apiserver_request_sli_duration_seconds_bucket"
    for border in ("1", "5.0", "10", "30", "60", "+Inf"):
        assert keeps(relabeling, bucket, border)
    assert not keeps(relabeling, bucket, "0.45")
    assert keeps(relabeling, "apiserver_request_total", "")
    assert not keeps(relabeling, "apiserver_request_body_size_bytes_bucket", "1")


def test_a_stack_has_alerts_on_what_it_has() -> None:
    full = alerts(plan_of("prod", ON))
    assert {"KarpenterDown", "HistoryServerDown", "SparkExecutorsPending"} <= full.keys()
    assert not {"YunikornDown", "JarMountDown", "RemoteWriteFails"} & full.keys()
    dev = alerts(plan_of("dev", ON, NODE_LEVEL, "spark.yunikorn.enabled=true"))
    assert {"YunikornDown", "JarMountDown"} <= dev.keys() and "HistoryServerDown" not in dev


def test_thresholds_of_the_stack_file_are_in_its_alerts() -> None:
    sets = (
        "observability.alerts={executorsPendingMinutes: 45, slo: {mutatingSeconds: 5}, "
        "disabled: [DnsErrors]}"
    )
    found = alerts(plan_of("prod", ON, sets))
    assert found["SparkExecutorsPending"]["for"] == "45m"
    assert "DnsErrors" not in found
    group = named(plan_of("prod", ON, sets), "PrometheusRule", "monitoring-api-server-rules")
    (rules,) = group.inputs["spec"]["groups"]
    assert 'le=~"5([.]0)?"' in rules["rules"][1]["expr"]
    assert "> 942000" in alerts(plan_of("prod", ON))["PrometheusSeriesNearLimit"]["expr"]


def test_an_alert_goes_to_the_topic_and_alertmanager_may_publish_there_only() -> None:
    config = values(ON, TOPIC)["alertmanager"]["config"]
    assert config["route"]["receiver"] == "sns"
    (sns,) = config["receivers"][1]["sns_configs"]
    assert sns["topic_arn"].endswith(":alerts") and sns["sigv4"] == {"region": "us-west-2"}
    policy = named(plan_of("prod", ON, TOPIC), "Policy", "prometheus-alertmanager-publish")
    (statement,) = statements(policy.inputs["policy"]).values()
    assert (statement["Action"], statement["Resource"]) == (
        ["sns:Publish"],
        ["arn:aws:sns:us-west-2:111122223333:alerts"],
    )
    assert values(ON)["alertmanager"]["config"]["route"]["receiver"] == "none"


def test_prometheus_writes_to_one_workspace_what_rules_and_dashboards_need() -> None:
    plan = plan_of("prod", *ALL)
    (statement,) = statements(
        named(plan, "Policy", "metrics-workspace-writer-write").inputs["policy"]
    ).values()
    arn = "arn:aws:aps:us-west-2:111122223333:workspace/ws-metrics-workspace-workspace"
    assert (statement["Action"], statement["Resource"]) == (["aps:RemoteWrite"], [arn])
    (write,) = values(*ALL)["prometheus"]["prometheusSpec"]["remoteWrite"]
    assert write["url"] == (
        "https://aps-workspaces.us-west-2.amazonaws.com/workspaces/"
        "ws-metrics-workspace-workspace/api/v1/remote_write"
    )
    assert write["sigv4"] == {"region": "us-west-2"} and write["queueConfig"]["retryOnRateLimit"]
    (keep,) = write["writeRelabelConfigs"]
    assert keeps(keep, "namespace:cost:dollars_per_hour") and keeps(keep, "up")
    assert not keeps(keep, "container_memory_working_set_bytes")
    account = values(*ALL)["prometheus"]["serviceAccount"]
    assert account["annotations"]["eks.amazonaws.com/role-arn"].endswith("writer-role")


def test_a_given_workspace_is_not_changed() -> None:
    arn = "arn:aws:aps:us-west-2:111122223333:workspace/ws-11111111-2222-3333-4444-555555555555"
    plan = plan_of("prod", ON, f"observability.amp={{enabled: true, workspaceArn: '{arn}'}}")
    assert absent(plan, "amp/workspace")
    (statement,) = statements(
        named(plan, "Policy", "metrics-workspace-writer-write").inputs["policy"]
    ).values()
    assert statement["Resource"] == [arn]


def test_alerts_are_evaluated_in_one_place() -> None:
    plan = plan_of("prod", *ALL, "observability.amp={enabled: true, alerts: true}")
    assert alerts(plan) == {}
    groups = [json.loads(one.inputs["data"]) for one in of_type(plan, "RuleGroupNamespace")]
    found = {rule.get("alert") for one in groups for rule in one["groups"][0]["rules"]}
    # Where Prometheus evaluates, alerts do not need samples elsewhere.
    assert found == alerts(plan_of("prod", *ALL)).keys() | {"WorkspaceWithoutSamples"}
    release = named(plan, "Release", "prometheus-release").inputs["values"]
    assert release["alertmanager"]["enabled"] is False
    assert release["defaultRules"]["create"] is False
    definition = json.loads(of_type(plan, "AlertManagerDefinition")[0].inputs["definition"])
    assert json.loads(definition["alertmanager_config"])["route"]["receiver"] == "sns"


@pytest.mark.parametrize("part", ["prometheus", "alertmanager", "grafana"])
@pytest.mark.parametrize(
    "wanted",
    [
        "service: {type: LoadBalancer}",
        "service: {type: NodePort}",
        "service: {externalIPs: [203.0.113.7]}",
        "ingress: {enabled: true}",
        "route: {main: {enabled: true}}",
    ],
)
def test_no_value_opens_a_page_to_others(part: str, wanted: str) -> None:
    key = wanted.partition(":")[0]
    metrics = f"observability.metrics={{enabled: true, values: {{{part}: {{{wanted}}}}}}}"
    with pytest.raises(UserError, match=rf"metrics\.values: {part}\.{key}[.\w]* cannot be set"):
        plan_of("prod", metrics)


def test_values_of_prometheus_that_are_refused_are_the_charts() -> None:
    if reason := reference.missing():
        pytest.skip(reason)
    found = named(plan_of("prod", ON), "Release", "prometheus-release").inputs
    errors = []
    for path in PROMETHEUS_FIXED:
        wanted: Any = None
        for key in reversed(path.split(".")):
            wanted = {key: wanted}
        if path.startswith(("prometheus.", "alertmanager.")):
            errors += errors_of_release(found["chart"], found["version"], wanted)
    assert errors == []


def test_the_volume_has_the_key_of_the_stack_file_and_the_driver_may_use_it() -> None:
    key = "arn:aws:kms:us-west-2:111122223333:key/metrics"
    plan = plan_of("prod", ON, f"observability.metrics.kmsKeyArn={key}")
    parameters = named(plan, "StorageClass", "prometheus-class").inputs["parameters"]
    assert parameters["encrypted"] == "true" and parameters["kmsKeyId"] == key
    policy = named(plan, "Policy", "cluster-addons-ebs-csi-metrics-key").inputs["policy"]
    assert {one["Resource"][0] for one in statements(policy).values()} == {key}
    plain = plan_of("prod", ON)
    assert "kmsKeyId" not in named(plain, "StorageClass", "prometheus-class").inputs["parameters"]
    assert absent(plain, "metrics-key")


def test_metrics_and_alerts_name_their_cluster() -> None:
    spec = values(ON)["prometheus"]["prometheusSpec"]
    assert spec["externalLabels"] == {"cluster": "spark-prod"}


def test_the_autoscaler_moves_the_memory_request_of_the_object_prometheus() -> None:
    plan = plan_of("prod", *ALL)
    spec = of_type(plan, "VerticalPodAutoscaler")[0].inputs["spec"]
    assert spec["targetRef"]["kind"] == "Prometheus"
    assert spec["targetRef"]["name"] == "kube-prometheus-stack-prometheus"
    assert spec["updatePolicy"]["minReplicas"] == 1
    policy, others = spec["resourcePolicy"]["containerPolicies"]
    assert policy["controlledValues"] == "RequestsOnly"
    assert (policy["minAllowed"], policy["maxAllowed"]) == ({"memory": "3Gi"}, {"memory": "6Gi"})
    assert others == {"containerName": "*", "mode": "Off"}
    resources = values(*ALL)["prometheus"]["prometheusSpec"]["resources"]
    assert (resources["requests"]["memory"], resources["limits"]["memory"]) == ("3Gi", "6Gi")


def test_the_control_planes_hidden_parts_are_read_through_eks() -> None:
    assert values(ON)["prometheus"]["additionalRulesForClusterRole"] == [
        {
            "apiGroups": ["metrics.eks.amazonaws.com"],
            "resources": ["kcm/metrics", "ksh/metrics"],
            "verbs": ["get"],
        }
    ]


def test_one_of_each_runs_and_what_it_asks_for_is_counted() -> None:
    """Two Prometheus servers would write each series twice, and cost twice."""
    plan = plan_of("prod", *ALL)
    assert values(ON)["prometheus"]["prometheusSpec"]["replicas"] == 1
    autoscaler = named(plan, "Release", "vpa-release").inputs["values"]
    parts = ("admissionController", "recommender", "updater")
    assert [autoscaler[part]["replicas"] for part in parts] == [1, 1, 1]
    # A budget of one replica would keep its node for ever.
    assert not any(autoscaler[part]["podDisruptionBudget"]["enabled"] for part in parts)
    counted = {
        (package.resource.name, workload.name): len(workload.requests)
        for package in packages(plan)
        if package.resource.name in ("prometheus-release", "vpa-release")
        for workload in package.workloads
    }
    assert all(counted.values()), counted


def test_its_webhook_sees_pods_of_monitoring_only() -> None:
    release = named(plan_of("prod", *ALL), "Release", "vpa-release").inputs["values"]
    webhook = release["admissionController"]["mutatingWebhookConfiguration"]
    assert webhook["namespaceSelector"] == {
        "matchLabels": {"kubernetes.io/metadata.name": "monitoring"}
    }
    assert webhook["failurePolicy"] == "Ignore"


def test_a_given_prometheus_gets_objects_with_its_labels_and_nothing_else() -> None:
    sets = "observability.metrics={enabled: true, existing: true, labels: {release: given}}"
    plan = plan_of("existing", sets)
    assert absent(plan, "prometheus-release", "prometheus-namespace")
    for kind in ("PodMonitor", "PrometheusRule"):
        for one in of_type(plan, kind):
            assert one.inputs["metadata"]["labels"] == {"release": "given"}
            assert one.inputs["metadata"]["namespace"] == "monitoring"
    assert "JarMountDown" not in alerts(plan)
    assert check(plan).of(Severity.error) == []


def test_without_karpenter_there_are_no_costs_and_no_alerts_on_it() -> None:
    plan = plan_of("existing", "observability.metrics={enabled: true, existing: true}")
    assert absent(plan, "monitoring-cost-rules", "monitoring-karpenter")
    assert "KarpenterDown" not in alerts(plan)


def test_crds_are_in_a_release_of_their_own_which_outlives_the_objects() -> None:
    plan = plan_of("prod", ON)
    assert named(plan, "Release", "prometheus-release").inputs["skipCrds"] is True
    assert "skipCrds" not in named(plan, "Release", "prometheus-crds").inputs


def test_applications_are_looked_for_in_the_version_that_the_operator_serves() -> None:
    (found,) = values(ON)["kube-state-metrics"]["customResourceState"]["config"]["spec"][
        "resources"
    ]
    assert found["groupVersionKind"] == {
        "group": "sparkoperator.k8s.io",
        "version": "v1beta2",
        "kind": "SparkApplication",
    }
