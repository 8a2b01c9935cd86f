"""A plan as a tree and as manifests."""

import io
import json

import yaml

from ops.plan.manifests import documents, write
from ops.plan.model import Plan
from ops.plan.tree import markdown, render, to_json
from tests.ops.diff.plans import VPC, component, kubernetes, plan, resource


def tree(of: Plan, depth: int = 0) -> str:
    stream = io.StringIO()
    render(of, stream, depth)
    return stream.getvalue()


def platform() -> Plan:
    network, teams = component("network"), component("team", "Team")
    vpc = resource(VPC, "network-vpc", {"cidrBlock": "10.0.0.0/16"}, parent=network, protect=True)
    claim = kubernetes(
        "PersistentVolumeClaim",
        "spark-jars",
        {
            "metadata": {"labels": {"b": "1"}, "namespace": "team-a", "name": "spark-jars"},
            "spec": {"volumeName": "pv"},
        },
        parent=teams,
        dependencies=(vpc.urn,),
    )
    chart = resource(
        "kubernetes:helm.sh/v3:Release",
        "operator",
        {
            "chart": "spark-operator",
            "version": "2.5.1",
            "repositoryOpts": {"repo": "https://example.org/charts"},
            "namespace": "spark-operator",
            "values": {"webhook": {"enable": True}, "script": "a\nb\n"},
        },
        parent=teams,
    )
    return plan(network, teams, vpc, claim, chart, exports={"url": "x"}, notes=("a note",))


def test_a_tree_shows_a_line_per_resource_with_its_flags_and_no_inputs():
    shown = tree(platform())
    assert "toy/dev  5 resources (components 2, kubernetes 2, aws 1)" in shown
    assert "network  toy:index:Part  1 resource\n" in shown
    assert "network-vpc  aws:ec2:Vpc  protect\n" in shown
    assert "10.0.0.0" not in shown
    assert shown.endswith("exports\n  url\n\nnotes\n  a note\n")


def test_a_tree_as_json_has_flags_and_children_and_no_inputs():
    found = json.loads(to_json(platform()))
    assert found["packages"] == {"components": 2, "kubernetes": 2, "aws": 1}
    (network,) = [one for one in found["tree"] if one["name"] == "network"]
    assert network["children"] == [{"name": "network-vpc", "type": VPC, "flags": ["protect"]}]
    assert "10.0.0.0" not in json.dumps(found)
    assert all("children" not in one for one in json.loads(to_json(platform(), 1))["tree"])


def test_a_tree_as_markdown_is_a_code_block():
    shown = markdown(platform())
    assert shown == f"### toy/dev\n\n```text\n{tree(platform())}```\n"


def test_a_tree_in_a_pipe_has_no_colour_and_no_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = tree(plan(resource(VPC, "v" * 200)))
    assert "v" * 200 in shown
    assert "\x1b" not in shown


def test_manifests_are_one_file_an_object_in_the_usual_order(tmp_path):
    files = write(platform(), tmp_path / "out")
    assert [file.name for file in files] == [
        "helm-operator.values.yaml",
        "persistentvolumeclaim-team-a-spark-jars.yaml",
    ]
    content = files[1].read_text()
    assert list(yaml.safe_load(content)) == ["apiVersion", "kind", "metadata", "spec"]
    assert content.startswith("apiVersion: v1\nkind: PersistentVolumeClaim\n")
    assert list(yaml.safe_load(content)["metadata"]) == ["name", "namespace", "labels"]


def test_helm_values_have_a_comment_with_their_chart():
    content = documents(platform())["helm-operator.values.yaml"]
    assert content.startswith("# chart: spark-operator\n# version: 2.5.1\n# repository: https://")
    assert yaml.safe_load(content) == {"script": "a\nb\n", "webhook": {"enable": True}}
    assert "script: |" in content


def test_two_objects_of_one_name_are_two_files():
    first = kubernetes("ConfigMap", "a", {})
    second = kubernetes("ConfigMap", "b", {"metadata": {"name": "a"}})
    assert list(documents(plan(first, second))) == ["configmap-a-2.yaml", "configmap-a.yaml"]
