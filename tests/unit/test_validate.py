"""The validator of manifests, Helm values and add-on configurations finds each kind of error."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.plans import named, plan_of
from tests.validate import reference
from tests.validate.crd import holds
from tests.validate.manifest import errors_of
from tests.validate.values import errors_of_addon, errors_of_release

NODE_POOL = ("NodePool", "karpenter-default-arm-spot")
NODE_CLASS = ("EC2NodeClass", "karpenter-default-class")
RELEASES = {"karpenter": "1.14.1", "yunikorn": "1.8.0", "aws-ebs-csi-driver": "2.64.0"}


@pytest.fixture
def _crds() -> None:
    if reason := reference.missing():
        pytest.skip(reason)


def changed(manifest: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with the value at a path such as `spec/taints/0/key`; None removes the field."""
    copy = json.loads(
        re.sub(r'"(subnet|sg)-[^"]+"', r'"\1-0123456789abcdef0"', json.dumps(manifest))
    )
    *parents, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    holder = copy
    for step in parents:
        holder = holder[step]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return copy


def test_the_crds_and_chart_values_of_third_parties_are_there() -> None:
    if reason := reference.missing():
        if reference.is_required():
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def test_their_absence_is_a_failure_in_ci_and_where_a_folder_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reference, "DEFAULT", tmp_path)
    for name in ("CI", "SCHEMAS"):
        monkeypatch.delenv(name, raising=False)
    assert "helm show crds" in (reference.missing() or "")
    assert not reference.is_required()
    monkeypatch.setenv("CI", "true")
    assert reference.is_required()
    monkeypatch.delenv("CI")
    monkeypatch.setenv("SCHEMAS", str(tmp_path / "elsewhere"))
    assert reference.is_required()
    assert "elsewhere" in (reference.missing() or "")


@pytest.mark.usefixtures("_crds")
@pytest.mark.parametrize(
    ("resource", "path", "value", "says"),
    [
        (NODE_POOL, "spec/weight", "100", "spec.weight: '100' is not of type 'integer'"),
        (NODE_POOL, "spec/weight", 101, "spec.weight: 101 is greater than the maximum"),
        (NODE_POOL, "spec/consolidation", {}, "'consolidation' was unexpected"),
        (NODE_POOL, "spec/limits/cpu", "many", "spec.limits.cpu: 'many' does not match"),
        (NODE_POOL, "spec/template/spec/nodeClassRef", None, "'nodeClassRef' is a required"),
        (NODE_POOL, "spec/template/spec/requirements/0/operator", "Is", "'Is' is not one of"),
        (NODE_POOL, "spec/template/spec/requirements/0/values", [], "must have a value defined"),
        (NODE_POOL, "spec/disruption/budgets/0/schedule", "@daily", "'schedule' must be set with"),
        (NODE_POOL, "metadata/namespace", "spark", "cluster-scoped"),
        (NODE_POOL, "metadata/name", None, "metadata.name: required"),
        (NODE_POOL, "apiVersion", "karpenter.sh/v1beta1", "is not served by"),
        (NODE_POOL, "apiVersion", "karpenter.example/v1", "nor of a known CRD"),
        (NODE_CLASS, "spec/amiSelectorTerms/0/alias", "al2023", "'alias' is improperly formatted"),
        (NODE_CLASS, "spec/instanceProfile", "p", "must specify exactly one of"),
        (NODE_CLASS, "spec/amiSelectorTerms", [], "spec.amiSelectorTerms: [] "),
    ],
)
def test_a_custom_resource_with_an_error_is_refused(
    resource: tuple[str, str], path: str, value: Any, says: str
) -> None:
    manifest = dict(named(plan_of("dev"), *resource).inputs)
    assert errors_of(changed(manifest, "metadata/labels", {})) == []
    found = errors_of(changed(manifest, path, value))
    assert [text for text in found if says in text], found


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value": "1000"}, "value: '1000' is not of type 'integer'"),
        ({"globaldefault": True}, "'globaldefault' was unexpected"),
        ({"kind": "PriorityKlass"}, "neither a kind of Kubernetes 1.35"),
        ({"metadata": {"name": "a", "label": {}}}, "metadata: "),
        ({"metadata": {}}, "metadata.name: required"),
    ],
)
def test_a_built_in_kind_with_an_error_is_refused(change: dict[str, Any], says: str) -> None:
    good = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": {"name": "a"}, "value": 1}  # fmt: skip
    assert errors_of(good) == []
    assert [text for text in errors_of(good | change) if says in text]


@pytest.mark.usefixtures("_crds")
@pytest.mark.parametrize(
    ("chart", "values", "says"),
    [
        ("karpenter", {"settings": {"clusterNam": "a"}}, "settings.clusterNam: no such value"),
        ("karpenter", {"settings": "a"}, "settings: the chart's default is of type dict"),
        ("karpenter", {"replicas": {"a": 1}}, "replicas: the chart's default is of type int"),
        ("unknown", {"a": 1}, "no values in"),
        ("aws-ebs-csi-driver", {"controller": {"kubeApiQPS": 40}}, "'kubeApiQPS' was unexpected"),
        ("yunikorn", {"enableWebService": False}, "'yunikornDefaults' is a required property"),
    ],
)
def test_a_value_that_a_chart_does_not_read_is_refused(
    chart: str, values: dict[str, Any], says: str
) -> None:
    found = errors_of_release(f"oci://example.com/{chart}", RELEASES.get(chart, "1"), values)
    assert [text for text in found if says in text], found


@pytest.mark.parametrize(
    ("addon", "configuration", "says"),
    [
        ("coredns", {"autoscaling": {"enabled": True}}, "'autoscaling' was unexpected"),
        ("coredns", {"autoScaling": {"enabled": True}, "replicaCount": 3}, "should not be valid"),
        ("coredns", {"tolerations": [{"effects": "NoExecute"}]}, "'effects' was unexpected"),
        ("vpc-cni", {"env": {"WARM_PREFIX_TARGET": 1}}, "1 is not of type 'string'"),
        ("aws-mountpoint-s3-csi-driver", {"node": {"defaultTolerations": True}}, "was unexpected"),
        ("coredns", [1], "not a JSON object"),
    ],
)
def test_a_configuration_that_an_add_on_does_not_take_is_refused(
    addon: str, configuration: Any, says: str
) -> None:
    found = errors_of_addon(addon, json.dumps(configuration))
    assert [text for text in found if says in text], found
    assert errors_of_addon(addon, None) == []
    assert "not JSON" in errors_of_addon(addon, "replicaCount: 2")[0]


def test_a_cel_rule_holds_only_where_it_can_be_evaluated() -> None:
    assert holds("self.a == 1", {"a": 1})
    assert not holds("self.b == 1", {"a": 1})
    assert not holds("self.a + 'x' == 1", {"a": 1})
    assert not holds("self.a", {"a": 1})
    assert holds("self.find('^[^@]+') == 'al2023'", "al2023@latest")
    assert holds("self.find('[0-9]') == ''", "none")
    assert holds("self.split('@')[1] == 'latest'", "al2023@latest")
