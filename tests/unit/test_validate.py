"""The validator of manifests, Helm values and add-on configurations finds each kind of error."""

import json
from typing import Any

import pytest

from tests.ops.rules.changes import GONE, put
from tests.plans import named, plan_of
from tests.unit.test_stacks import with_ids
from tests.validate import reference
from tests.validate.manifest import errors_of
from tests.validate.values import errors_of_addon, errors_of_release

NODE_POOL = ("NodePool", "karpenter-default-arm-spot")
NODE_CLASS = ("EC2NodeClass", "karpenter-default-class")


@pytest.fixture
def _crds() -> None:
    if reason := reference.missing():
        pytest.skip(reason)


def test_the_crds_and_chart_values_of_third_parties_are_there() -> None:
    if reason := reference.missing():
        if reference.is_required():
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.mark.usefixtures("_crds")
@pytest.mark.parametrize(
    ("resource", "path", "value", "says"),
    [
        (NODE_POOL, "spec.weight", "100", "spec.weight: '100' is not of type 'integer'"),
        (NODE_POOL, "spec.weight", 101, "spec.weight: 101 is greater than the maximum"),
        (NODE_POOL, "spec.consolidation", {}, "'consolidation' was unexpected"),
        (NODE_POOL, "spec.limits.cpu", "many", "spec.limits.cpu: 'many' does not match"),
        (NODE_POOL, "spec.template.spec.nodeClassRef", GONE, "'nodeClassRef' is a required"),
        (NODE_POOL, "spec.template.spec.requirements[0].operator", "Is", "'Is' is not one of"),
        (NODE_POOL, "spec.template.spec.requirements[0].values", [], "must have a value defined"),
        (NODE_POOL, "spec.disruption.budgets[0].schedule", "@daily", "'schedule' must be set with"),
        (NODE_POOL, "metadata.namespace", "spark", "cluster-scoped"),
        (NODE_POOL, "metadata.name", GONE, "metadata.name: required"),
        (NODE_POOL, "apiVersion", "karpenter.sh/v1beta1", "is not served by"),
        (NODE_POOL, "apiVersion", "karpenter.example/v1", "nor of a known CRD"),
        (NODE_CLASS, "spec.amiSelectorTerms[0].alias", "al2023", "'alias' is improperly formatted"),
        (NODE_CLASS, "spec.instanceProfile", "p", "must specify exactly one of"),
    ],
)
def test_a_custom_resource_with_an_error_is_refused(
    resource: tuple[str, str], path: str, value: Any, says: str
) -> None:
    plan = put(resource[0], path, value, resource[1])(plan_of("dev"))
    found = errors_of(with_ids(dict(named(plan, *resource).inputs)))
    assert [text for text in found if says in text], found


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value": "1000"}, "value: '1000' is not of type 'integer'"),
        ({"globaldefault": True}, "'globaldefault' was unexpected"),
        ({"kind": "PriorityKlass"}, "neither a kind of Kubernetes 1.35"),
        ({"metadata": {"name": "a", "label": {}}}, "metadata: "),
    ],
)
def test_a_built_in_kind_with_an_error_is_refused(change: dict[str, Any], says: str) -> None:
    good = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": {"name": "a"}, "value": 1}  # fmt: skip
    assert [text for text in errors_of(good | change) if says in text]


@pytest.mark.usefixtures("_crds")
@pytest.mark.parametrize(
    ("chart", "version", "values", "says"),
    [
        ("karpenter", "1.14.1", {"settings": {"clusterNam": "a"}}, "clusterNam: no such value"),
        ("karpenter", "1.14.1", {"settings": "a"}, "settings: the chart's default is of type dict"),
        ("unknown", "1", {"a": 1}, "no values in"),
        ("yunikorn", "1.8.0", {"a": 1}, "'yunikornDefaults' is a required property"),
    ],
)
def test_a_value_that_a_chart_does_not_read_is_refused(
    chart: str, version: str, values: dict[str, Any], says: str
) -> None:
    found = errors_of_release(f"oci://example.com/{chart}", version, values)
    assert [text for text in found if says in text], found


@pytest.mark.parametrize(
    ("addon", "configuration", "says"),
    [
        ("coredns", {"autoscaling": {"enabled": True}}, "'autoscaling' was unexpected"),
        ("coredns", {"tolerations": [{"effects": "NoExecute"}]}, "'effects' was unexpected"),
        ("vpc-cni", {"env": {"WARM_PREFIX_TARGET": 1}}, "1 is not of type 'string'"),
    ],
)
def test_a_configuration_that_an_add_on_does_not_take_is_refused(
    addon: str, configuration: Any, says: str
) -> None:
    found = errors_of_addon(addon, json.dumps(configuration))
    assert [text for text in found if says in text], found
