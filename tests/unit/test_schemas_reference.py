"""The condensed schemas against the full third-party ones, wherever those are at hand."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.validate import condensed, reference
from tests.validate.cases import MANIFESTS, Case, manifest_cases, value_cases
from tests.validate.compare import at, fields, patterns, unlike_defaults, wider
from tests.validate.crd import errors_of_custom, schema_of
from tests.validate.full_values import FREE_FORM, errors_by_chart, load_defaults, load_schema

BY_DEFAULTS = [n for n in condensed.names() if "values" in condensed.load(n).reference]
BY_SCHEMA = [n for n in condensed.names() if "schema" in condensed.load(n).reference]
VALUES = [case for case in value_cases() if case.schema in [*BY_DEFAULTS, *BY_SCHEMA]]

ONLY_NAMES = {"helm-karpenter", "helm-cluster-autoscaler"}
"""Charts of which only default values are known: of our samples they refuse unknown names."""

SAMPLES = {
    # By the end of a pattern's path: what it must let pass, and what it must refuse.
    "emptyDir.sizeLimit": (["10Gi", "500M", "1.5Gi"], ["ten", "1 Gi", "1GB", "Gi"]),
    "limits{}": (["1000", "1.5", "500m", "4000Gi", "2k"], ["ten", "1 Gi", "1GB", "Gi", "1,5"]),
    "consolidateAfter": (["0s", "1m30s", "720h", "Never"], ["", "60", "1d", "never", "Never 1s"]),
    "expireAfter": (["0s", "1m30s", "720h", "Never"], ["", "60", "1d", "never"]),
    "terminationGracePeriod": (["30s", "24h", "1h30m"], ["", "Never", "1d", "60"]),
    "budgets[].nodes": (["0", "5", "100", "0%", "10%", "100%"], ["", "101%", "-1", "1.5", "%"]),
    "budgets[].duration": (["10m", "8h", "1h30m", "8h0s"], ["", "600s", "1d", "30m1h", "60"]),
    "budgets[].schedule": (
        ["0 6 * * *", "@daily", "*/5 0-6 1 1 mon-fri"],
        ["", "0 6 * *", "daily", "@often"],
    ),
    "labels{}": (["", "a", "A-b_c.d", "1"], ["-a", "a-", "a b", "a/b", "a,b"]),
    "requirements[].key": (["a", "a.b/c_D", "x-1"], ["", "/a", "A.b/c", "a/", "a b", "a/b/c"]),
    "aints[].key": (["a", "a.b/c_D"], ["/a", "A.b/c", "a/", "a b", "a/b/c"]),
    "aints[].value": (["true", "a.b/c_D"], ["", "/a", "a b", "-a"]),
    "amiSelectorTerms[].id": (["ami-0123456789abcdef0"], ["", "i-0123", "ami-", "AMI-0123"]),
    "subnetSelectorTerms[].id": (["subnet-0123456789abcdef0"], ["", "vpc-0123", "subnet-"]),
    "securityGroupSelectorTerms[].id": (["sg-0123456789abcdef0"], ["", "vpc-0123", "sg-"]),
    "ebs.volumeSize": (
        ["1Gi", "20Gi", "9999Gi", "49999Gi", "1Ti", "16Ti"],
        ["", "0Gi", "100", "100GB", "59001Gi", "99Ti", "1.5Ti", "-1Gi"],
    ),
    "Reserved{}": (["1", "200m", "1.5Gi", "100Mi"], ["", "one", "1GB", "1 Gi"]),
    "evictionHard{}": (["5%", "99.5%", "100%", "100Mi", "1.5Gi"], ["101%", "5 %", "abc", "1GB"]),
    "evictionSoft{}": (["5%", "99.5%", "100%", "100Mi", "1.5Gi"], ["101%", "5 %", "abc", "1GB"]),
}

BOUND_ELSEWHERE = {
    "requirements[].values[]": "no pattern on the items in the CRD; the controller checks them",
    "amiSelectorTerms[].alias": "rules in place of a pattern in the CRD; the samples cover them",
    "evictionSoftGracePeriod{}": "no pattern in the CRD; the kubelet parses a duration",
    "metadata.name": "the server checks names apart from the CRD",
    "metadata.namespace": "the same",
    "spec.sparkVersion": "any text in the CRD; the operator compares it as a version",
    "spec.mainApplicationFile": "any text in the CRD",
    ".memory": "any text in the CRD; spark-submit parses it",
    ".memoryOverhead": "any text in the CRD; spark-submit parses it",
    ".coreRequest": "any text in the CRD; spark-submit parses it",
    ".coreLimit": "any text in the CRD; spark-submit parses it",
    "volumeMounts[].mountPath": "any text in the CRD; the server looks at it in the pod",
}


@pytest.fixture(scope="module", name="folder")
def _folder() -> Path:
    reason = reference.missing()
    if reason:
        # One test of this file fails where that must not be; the others need not repeat it.
        pytest.skip(reason)
    return reference.place()


def crd_file(folder: Path, name: str) -> Path:
    """Return the CRD of a condensed schema."""
    return folder / "crds" / condensed.load(name).reference["crd"]


def full_schema(folder: Path, name: str) -> dict[str, Any]:
    """Return the CRD's schema of the version that a condensed schema is about."""
    version = condensed.load(name).document["properties"]["apiVersion"]["const"]
    return schema_of(crd_file(folder, name), version.rpartition("/")[2])


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_field_is_in_the_crd_and_no_wider_than_there(folder: Path, name: str) -> None:
    full = full_schema(folder, name)
    for path, ours in fields(name):
        theirs = at(full, path)
        assert theirs is not None, f"{path} is not in the CRD"
        assert wider(path, ours, theirs) == []


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_pattern_agrees_with_the_crds_on_samples(folder: Path, name: str) -> None:
    full = full_schema(folder, name)
    for ours, paths in patterns(name).items():
        for path in paths:
            if any(path.endswith(end) for end in BOUND_ELSEWHERE):
                continue
            good, bad = next((s for end, s in SAMPLES.items() if path.endswith(end)), ([], []))
            assert good, f"{path} has no samples"
            assert bad, f"{path} has no samples"
            theirs = (at(full, path) or {})["pattern"]
            for text, expected in [*((g, True) for g in good), *((b, False) for b in bad)]:
                assert bool(re.search(ours, text)) is expected, (path, text)
                assert bool(re.search(theirs, text)) is expected, (path, text, "in the CRD")


def test_the_labels_that_karpenter_knows_are_the_crds(folder: Path) -> None:
    ours = condensed.load("nodepool").lists["awsLabels"]
    theirs = set(
        re.findall(r'"(karpenter\.k8s\.aws/[^"]+)"', crd_file(folder, "nodepool").read_text())
    )
    assert len(ours) == len(set(ours))
    assert set(ours) == theirs


@pytest.mark.parametrize("case", manifest_cases(), ids=str)
def test_the_full_crd_gives_a_sample_the_same_verdict(folder: Path, case: Case) -> None:
    found = errors_of_custom(case.sample, crd_file(folder, case.schema))
    if case.says is None:
        assert found == []
    elif case.full:
        assert found == [], "no longer an exception: take `api` off the case"
    else:
        assert found


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "NodeClaim"}, "kind"),
        ({"apiVersion": "karpenter.sh/v1beta1"}, "apiVersion"),
        ({"apiVersion": "example.com/v1"}, "apiVersion"),
        ({"metadata": {"name": "a", "namespace": "b"}}, "metadata.namespace"),
        ({"metadata": {}}, "metadata.name"),
        ({"more": 1}, "more: 1: no such field"),
    ],
)
def test_the_full_crd_is_asked_about_the_head_too(folder: Path, change: dict, says: str) -> None:
    good = manifest_cases()[0].sample
    found = errors_of_custom(good | change, crd_file(folder, "nodepool"))
    assert [text for text in found if text.startswith(says)], found


@pytest.mark.parametrize("name", BY_DEFAULTS)
def test_a_value_is_in_the_charts_defaults_and_of_their_type(folder: Path, name: str) -> None:
    file = folder / "helm-values" / condensed.load(name).reference["values"]
    assert unlike_defaults(name, load_defaults(file)) == []


@pytest.mark.parametrize("name", BY_SCHEMA)
def test_a_value_is_in_the_charts_schema_and_no_wider_than_there(folder: Path, name: str) -> None:
    full = load_schema(folder / "helm-values" / condensed.load(name).reference["schema"])
    for path, ours in fields(name):
        theirs = at(full, path)
        assert theirs is not None, f"{path} is not in the chart's schema"
        assert wider(path, ours, theirs) == []


@pytest.mark.parametrize("case", VALUES, ids=str)
def test_the_chart_gives_a_sample_the_same_verdict(folder: Path, case: Case) -> None:
    unnamed = condensed.load(case.schema).reference.get("unnamed", {})
    found = [
        text
        for text in errors_by_chart(folder / "helm-values", *_chart(case.schema), case.sample)
        if not text.startswith(tuple(unnamed))
    ]
    if case.says is None:
        assert found == []
    elif case.full:
        assert found == [], "no longer an exception: take `full` off the case"
    elif case.schema not in ONLY_NAMES or _is_about_a_name(case):
        assert found


def _is_about_a_name(case: Case) -> bool:
    """Return whether the condensed schema refuses a key that is the chart's own to define."""
    first = condensed.load(case.schema).errors(case.sample)[0]
    where, _, said = first.partition(": ")
    return "no such field" in said and not FREE_FORM & set(where.split("."))


def _chart(name: str) -> tuple[str, str]:
    reference = condensed.load(name).reference
    file = reference.get("values") or reference["schema"]
    stem = re.sub(r"(\.schema\.json|\.yaml)$", "", file)
    chart, _, version = stem.rpartition("-")
    return chart, version


def test_the_full_schemas_are_at_hand_where_they_must_be() -> None:
    reason = reference.missing()
    if reason and reference.is_required():
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)
