"""Expressions that ask for metrics, labels or values that do not exist are found, and no others."""

import subprocess
from pathlib import Path

import pytest

from tests.metrics import catalogue
from tests.metrics.catalogue import load, missing, programs
from tests.metrics.exposition import metrics
from tests.metrics.expressions import tools
from tests.metrics.held import POD_MONITOR, Known, Source, held, held_rules
from tests.tiers.programs import or_skip

APP = "sparkoperator_k8s_io_app_name"
EVERY = Known.of(
    [
        Source("spark-driver", POD_MONITOR | {APP}),
        Source("spark-operator", honor_labels=True),
        Source("karpenter"),
        Source("kube-state-metrics", honor_labels=True),
        Source("kube-apiserver"),
    ]
)


@pytest.fixture(autouse=True)
def _parser() -> None:
    """Expressions are read by Prometheus' own parser."""
    or_skip(tools)


@pytest.mark.parametrize(
    "expression",
    [
        f"sum by (namespace, {APP}) (metrics_executor_totalCores)",
        "histogram_quantile(0.9, sum by (le) (rate(etcd_request_duration_seconds_bucket[5m])))",
        'kube_pod_status_phase{phase="Pending"} * on (namespace, pod) '
        "group_left (label_spark_role) kube_pod_labels",
        'label_replace(up, "team", "$1", "namespace", "(.*)") * on (team) group_left () '
        'label_replace(up, "team", "$1", "namespace", "(.*)")',
        'absent(up{job="x"})',
        'topk(3, max by (nodepool, resource_type) (karpenter_nodepools_limit{resource_type!=""}))',
        'kube_pod_labels{label_owner=""}',
        '{__name__=~"metrics_executor_total.*"}',
        'count_values("n", up) > 1',
        "sum without (instance) (up) or vector(0)",
        'count by (__name__) ({__name__=~"karpenter_nodes_.*"})',
        "max_over_time((sum(up))[1h:1m])",
    ],
)
def test_what_there_is_passes(expression: str) -> None:
    assert held([expression], EVERY) == []


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("metrics_executor_totalDuration > 0", "no program has the metric metrics_executor_totalD"),
        ('{__name__=~"metrics_exec_.*"}', "no program has the metric"),
        ("sum by (app) (metrics_executor_totalCores)", "by (app): the labels there are"),
        ('metrics_executor_totalCores{executor="1"}', "has no label executor"),
        ('kube_pod_status_phase{phase="pending"}', "no series with phase=pending"),
        ('kube_pod_status_phase{phase=~"Crash.*"}', "no series with phase=~Crash.*"),
        ("up * on (node) kube_node_info", "on (node): the labels there are"),
        ("kube_pod_info * on (pod) group_left (role) kube_pod_labels", "group_left (role)"),
        ("sum by (pod) (sum by (namespace) (up))", "by (pod): the labels there are namespace"),
        (
            "histogram_quantile(0.9, sum(rate(apiserver_request_sli_duration_seconds_bucket[5m])))",
            "le",
        ),
        ('label_replace(up, "a", "$1", "b", "(.*)")', "label_replace (b)"),
        ("sum by (tier) (sum without (pod) (up))", "by (tier)"),
        ("up unless on (zone) up", "on (zone)"),
        ("quantile(scalar(absent_metric), up)", "absent_metric"),
    ],
)
def test_what_there_is_not_is_found(expression: str, says: str) -> None:
    said = held([expression], EVERY)
    assert any(says in one and expression in one for one in said), said


def test_a_metrics_own_label_gets_a_prefix_unless_the_monitor_honors_it() -> None:
    by = "sum by (namespace) (spark_application_count)"
    exported = "sum by (exported_namespace) (spark_application_count)"
    honored, not_honored = (
        Known.of([Source("spark-operator", honor_labels=honor)]) for honor in (True, False)
    )
    assert held([by, exported], not_honored) == []
    assert held([by], honored) == []
    assert "exported_namespace" in held([exported], honored)[0]


def test_a_metric_that_the_monitor_drops_is_not_there() -> None:
    known = Known.of([Source("karpenter", kept="karpenter_nodes_.*")])
    assert held(["karpenter_nodes_allocatable", "up"], known) == []
    assert "karpenter_pods_state" in held(["karpenter_pods_state"], known)[0]


def test_a_label_that_the_monitor_drops_is_not_there() -> None:
    by = "sum by (application_name) (metrics_executor_totalCores)"
    dropped = frozenset({"application_name"})
    assert held([by], Known.of([Source("spark-driver")])) == []
    (said,) = held([by], Known.of([Source("spark-driver", dropped=dropped)]))
    assert said.startswith("by (application_name)")


def test_a_recorded_name_has_the_labels_that_its_expression_leaves() -> None:
    record = {"record": "team:up", "expr": "sum by (namespace) (up)", "labels": {"unit": "one"}}
    alert = {
        "alert": "Down",
        "expr": "team:up == 0",
        "annotations": {"summary": "{{ $labels.namespace }} {{ $labels.unit }}"},
    }
    wrong = {**alert, "annotations": {"summary": "{{ $labels.pod }}"}}
    # Whichever comes first.
    for rules in ([record, alert], [alert, record]):
        assert held_rules(rules, EVERY) == []
    (said,) = held_rules([record, wrong], EVERY)
    assert "its annotation summary names the label pod" in said
    (said,) = held_rules([record, {**alert, "expr": "sum by (pod) (team:up)"}], EVERY)[:1]
    assert "by (pod): the labels there are namespace, unit" in said


def test_an_expression_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="sum by"):
        held(["sum by (a up"], EVERY)


def test_every_file_of_the_catalogue_says_where_it_is_from() -> None:
    for name in programs():
        one = load(name)
        assert one.about["program"] == name
        assert one.about["version"]
        assert one.is_sampled or one.about["documented, not sampled"]
        assert one.labels


def test_a_scrape_that_lost_a_name_a_label_or_a_type_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = '# TYPE a counter\na{x="1"} 1\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_sum 1\n'
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    catalogue.rewrite("own", before, {"version": "1"})
    assert missing("own", before + "b 1\n") == []
    after = '# TYPE a gauge\na 1\n# TYPE h histogram\nh_bucket{le="1"} 1\n'
    assert missing("own", after) == [
        "h_sum is gone",
        "a is a gauge, not a counter",
        "a has no label x",
    ]


@pytest.mark.parametrize(
    "line", ['a{b="c"d"} 1', "a{b=1} 1", "a-b 1", "a", 'a{b="c" d="e"} 1'], ids=repr
)
def test_a_line_that_is_not_of_the_format_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not "):
        metrics(line)


def test_promtool_reads_what_the_programs_print(tmp_path: Path) -> None:
    text = '# HELP a b\n# TYPE a gauge\na{b="c \\"d\\" \\\\"} 1\n'
    command = [tools() / "promtool", "check", "metrics"]
    assert subprocess.run(command, input=text, text=True, check=False).returncode in (0, 3)
    assert metrics(text)["a"].labels == {"b": {'c \\"d\\" \\\\'}}
