"""The condensed schemas, without any third-party file: they are sound, and they judge right."""

import itertools
import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.validate import condensed, rules
from tests.validate.cases import MANIFESTS, Case, manifest_cases, value_cases
from tests.validate.compare import fields
from tests.validate.manifest import errors_of
from tests.validate.values import errors_of_addon, errors_of_release

CASES = [*manifest_cases(), *value_cases()]
SCHEMAS = condensed.names()
RULES = [(name, rule) for name in SCHEMAS for rule in condensed.load(name).rules]

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "spark"}}
PRIORITY_CLASS = {
    "apiVersion": "scheduling.k8s.io/v1",
    "kind": "PriorityClass",
    "metadata": {"name": "spark"},
    "value": 1000,
}


def judged(case: Case) -> list[str]:
    """Return what the public functions say of a case."""
    if case.schema in MANIFESTS:
        return errors_of(case.sample)
    kind, _, name = case.schema.partition("-")
    if kind == "addon":
        return errors_of_addon(name, json.dumps(case.sample))
    version = condensed.load(case.schema).document["x-version"]
    return errors_of_release(f"oci://example.com/{name}", version, case.sample)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_condensed_schema_is_valid_and_names_its_source_and_reference(name: str) -> None:
    document = condensed.load(name).document
    Draft202012Validator.check_schema(document)
    assert document["$id"] == f"{name}.yaml"
    assert document["x-source"]
    known = {"crd", "values", "schema", "none"} & set(document["x-reference"])
    assert len(known) == 1, "exactly one of crd, values, schema, none"


@pytest.mark.parametrize("name", [name for name in SCHEMAS if name != "common"])
def test_a_condensed_schema_says_at_every_object_what_may_be_in_it(name: str) -> None:
    # A list of fields that stays open would let every mistyped field through.
    open_objects = [
        path
        for path, node in fields(name)
        if "properties" in node and node.get("additionalProperties") is not False
    ]
    assert open_objects == []


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_a_rule_is_an_expression_with_a_source(name: str, rule: rules.Rule) -> None:
    assert "self" in rules.compiled(rule.rule).variables(), f"{name}: {rule.rule}"
    assert rule.message
    assert rule.source


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_sample_gets_its_verdict(case: Case) -> None:
    found = judged(case)
    if case.says is None:
        assert found == []
    else:
        assert any(case.says in text for text in found), found
        assert len(found) == 1, "one defect, one message"


def test_every_rule_refuses_some_sample() -> None:
    said = {text for case in CASES if case.says for text in judged(case)}
    idle = [
        f"{name}: {rule.path}: {rule.message}"
        for name, rule in RULES
        if not any(text.endswith(rule.message) and _stands_at(text, rule) for text in said)
    ]
    assert idle == []


def _stands_at(text: str, rule: rules.Rule) -> bool:
    first = text.split(": ", maxsplit=1)[0]
    return first.translate(str.maketrans("", "", "0123456789")) == rule.path.translate(
        str.maketrans("", "", "0123456789")
    )


def test_there_are_samples_enough() -> None:
    bad = [case for case in manifest_cases() if case.says]
    assert len(bad) >= 40
    assert {case.schema for case in CASES} == set(SCHEMAS) - {"common"}
    repeated = [
        (a.name, b.name)
        for a, b in itertools.combinations(CASES, 2)
        if a.schema == b.schema and a.sample == b.sample and a.says == b.says
    ]
    assert repeated == []


@pytest.mark.parametrize("manifest", [NAMESPACE, PRIORITY_CLASS])
def test_a_built_in_kind_is_accepted(manifest: dict) -> None:
    assert errors_of(manifest) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value": "1000"}, 'value: "1000": allowed type: integer'),
        ({"globaldefault": True}, "globaldefault: true: no such field; allowed: apiVersion"),
        ({"value": 1.5}, "value: 1.5: allowed type: integer"),
        ({"kind": "PriorityKlass"}, "not a kind of Kubernetes 1.35; custom kinds known here"),
        ({"kind": "priorityclass"}, "PriorityClass"),
        ({"apiVersion": "scheduling.k8s.io/v2"}, "not a kind of Kubernetes 1.35"),
        ({"apiVersion": "scheduling.example.com/v1"}, "allowed: scheduling.k8s.io/v1"),
        ({"apiVersion": "karpenter.sh/v1", "kind": "NodeClaim"}, "karpenter.sh/v1 NodePool"),
        ({"apiVersion": "karpenter.sh/v1beta1", "kind": "NodePool"}, "not a kind"),
        ({"metadata": {}}, "metadata: null: required and not set"),
        ({"metadata": {"labels": {"a": "b"}}}, "metadata.name: null: required"),
        ({"metadata": {"name": "a", "label": {}}}, "metadata.label: {}: no such field"),
        ({"apiVersion": ""}, "apiVersion: null: required"),
    ],
)
def test_a_built_in_kind_with_a_defect_is_refused(change: dict, says: str) -> None:
    found = errors_of(PRIORITY_CLASS | change)
    assert len(found) == 1
    assert says in found[0]


def test_a_chart_of_another_version_or_name_is_refused() -> None:
    values = {"settings": {"clusterName": "spark"}}
    assert errors_of_release("karpenter", "1.14.1", values) == []
    assert "is for 1.14.1" in errors_of_release("karpenter", "1.15.0", values)[0]
    assert (
        "known: cluster-autoscaler, karpenter, karpenter-crd, spark-operator"
        in errors_of_release("karpentr", "1", {})[0]
    )


def test_an_addon_takes_json_or_a_mapping_and_nothing_else() -> None:
    assert errors_of_addon("coredns", {"replicaCount": 2}) == []
    assert errors_of_addon("coredns", '{"replicaCount": 2}') == []
    assert "must be JSON" in errors_of_addon("coredns", "replicaCount: 2")[0]
    assert "must be a JSON object" in errors_of_addon("coredns", "[1]")[0]
    assert "no condensed schema" in errors_of_addon("core-dns", '{"replicaCount": 2}')[0]


@pytest.mark.parametrize("nothing", [None, "", {}, "{}"])
def test_an_addon_without_configuration_needs_no_schema(nothing: str | dict | None) -> None:
    assert errors_of_addon("eks-pod-identity-agent", nothing) == []


def test_what_cannot_be_evaluated_does_not_hold() -> None:
    assert rules.true_of("self.a == 1", {"a": 1})
    assert not rules.true_of("self.b == 1", {"a": 1})
    assert not rules.true_of("self.a + 'x' == 1", {"a": 1})
    assert not rules.true_of("self.a", {"a": 1})


def test_the_two_functions_of_kubernetes_are_there() -> None:
    assert rules.true_of("self.find('^[^@]+') == 'al2023'", "al2023@latest")
    assert rules.true_of("self.find('[0-9]') == ''", "none")
    assert rules.true_of("self.split('@')[1] == 'latest'", "al2023@latest")


def test_the_tables_hold_no_key_twice() -> None:
    # YAML keeps the last one silently, so a rule or a case could vanish.
    for file in [*condensed.SCHEMAS.glob("*.yaml"), *condensed.SCHEMAS.glob("cases/*.yaml")]:
        _no_key_twice(yaml.compose(file.read_text()), file.name)


def _no_key_twice(node: yaml.Node | None, file: str) -> None:
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{file}: {sorted(keys)}"
        for _, value in node.value:
            _no_key_twice(value, file)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _no_key_twice(item, file)
