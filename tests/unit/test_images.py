"""Images: where pods pull them from, with and without ECR's pull-through cache."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.helm_addon import merge
from components.images import Images, split
from ops.plan.model import Plan
from ops.plan.values import at
from tests.plans import CACHE, CLUSTER_AUTOSCALER, DAEMONSET, ROOT, named, of_type, plan_of, reaches
from tests.rights import may
from tests.unit.values import message
from tests.validate import reference
from tests.validate.values import defaults_of
from versions import SPARK_IMAGE

_NOT_INSTALLED = (
    "web",
    "crds.upgradeJob",
    "prometheusOperator.admissionWebhooks",
    "prometheusOperator.thanosImage",
    "thanosRuler",
)
"""Parts of charts without a pod: enableWebService, crds.enabled and admissionWebhooks.enabled are
false, and nothing of Thanos is installed."""

REGISTRY = "111122223333.dkr.ecr.us-west-2.amazonaws.com"
ACCOUNT = "account='111122223333'"
MONITORING = (
    "observability.metrics.enabled=true",
    "observability.verticalAutoscaling.enabled=true",
)
SPARK_FROM_QUAY = "spark.image=quay.io/example/spark:4.0.4"
NODES = "images.cache.nodeRoles=[analytics-nodes]"

VARIANTS = [
    ("dev", ACCOUNT, *CACHE),
    ("staging", ACCOUNT, *CACHE),
    ("prod", *CACHE),
    ("prod", *CACHE, "spark.yunikorn.enabled=true"),
    ("dev", ACCOUNT, *CACHE, *CLUSTER_AUTOSCALER, *DAEMONSET),
    ("existing", ACCOUNT, *CACHE, NODES),
    ("prod", *CACHE, *MONITORING),
    ("prod", *CACHE, *MONITORING, "jarMount={level: node}"),
]


MONITORING_IMAGES = {
    "docker/grafana/grafana",
    "k8s/autoscaling/vpa-admission-controller",
    "k8s/autoscaling/vpa-recommender",
    "k8s/autoscaling/vpa-updater",
    "k8s/ingress-nginx/kube-webhook-certgen",
    "k8s/kube-state-metrics/kube-state-metrics",
    "quay/kiwigrid/k8s-sidecar",
    "quay/prometheus-operator/prometheus-config-reloader",
    "quay/prometheus-operator/prometheus-operator",
    "quay/prometheus/alertmanager",
    "quay/prometheus/node-exporter",
    "quay/prometheus/prometheus",
}


def images_in(value: Any) -> Iterator[str]:
    """Every image below a value: of containers, and of a chart's values, put together as charts
    do."""
    if isinstance(value, list):
        for item in value:
            yield from images_in(item)
    elif isinstance(value, dict):
        if isinstance(value.get("repository"), str) and {"tag", "registry"} & set(value):
            host = f"{value['registry']}/" if value.get("registry") else ""
            yield f"{host}{value['repository']}"
        for key, item in value.items():
            if key in ("image", "service.placeholderImage") and isinstance(item, str):
                yield item
            else:
                yield from images_in(item)


def chart_defaults(release: Any) -> dict[str, Any]:
    """The chart's own values, which name the images that a plan does not set."""
    chart = release.inputs["chart"].rpartition("/")[2]
    return defaults_of(f"{chart}-{release.inputs['version']}")


def images_of(plan: Plan) -> set[str]:
    """The images of every pod of the platform, and Spark's."""
    found = {str(plan.exports["sparkImage"])}
    for one in plan.resources:
        if one.type.endswith("helm.sh/v3:Release"):
            values = merge(chart_defaults(one), one.inputs.get("values") or {})
            for path in _NOT_INSTALLED:
                above, _, key = path.rpartition(".")
                part = at(values, above) if above else values
                if isinstance(part, dict):
                    part.pop(key, None)
            found |= set(images_in(json.loads(json.dumps(values))))
        elif one.is_kubernetes_object:
            found |= set(images_in(json.loads(json.dumps(one.inputs))))
    return found


@pytest.mark.parametrize("variant", VARIANTS, ids=" ".join)
def test_with_the_cache_every_image_is_pulled_from_it(variant: tuple[str, ...]) -> None:
    if reason := reference.missing():
        pytest.skip(reason)
    plan = plan_of(*variant)
    prefix = named(plan, "PullThroughCacheRule", "images-k8s").inputs["ecrRepositoryPrefix"]
    cache = f"{REGISTRY}/{prefix.removesuffix('/k8s')}/"
    found = images_of(plan)
    assert len(found) > 1
    assert {one for one in found if not one.startswith(cache)} == set()


def test_the_names_in_the_cache_are_those_of_the_registries_below_a_prefix() -> None:
    plan = plan_of("prod", *CACHE, "spark.yunikorn.enabled=true")
    cache = f"{REGISTRY}/spark-prod"
    found = images_of(plan)
    assert {
        f"{cache}/docker/apache/spark:4.0.4-scala2.13-java17-python3-ubuntu",
        f"{cache}/docker/apache/yunikorn",
        f"{cache}/k8s/pause:3.7",
        f"{cache}/ecr/aws-cli/aws-cli:2.36.44",
        f"{cache}/ecr/karpenter/controller",
        f"{cache}/ghcr/kubeflow/spark-operator/controller",
        f"{cache}/ghcr/kubeflow/spark-operator/kubectl",
    } <= found


def test_every_image_of_monitoring_is_pulled_from_the_cache_by_its_own_path() -> None:
    cache = f"{REGISTRY}/spark-prod/"
    found = images_of(plan_of("prod", *CACHE, *MONITORING))
    assert {one for one in MONITORING_IMAGES if f"{cache}{one}" not in found} == set()


def test_an_image_of_monitoring_whose_registry_has_no_login_is_pulled_from_there() -> None:
    plan = plan_of("prod", "images.cache.enabled=true", SPARK_FROM_QUAY, *MONITORING)
    values = named(plan, "Release", "prometheus-release").inputs["values"]
    assert "image" not in values["grafana"]
    assert values["grafana"]["sidecar"]["image"]["registry"] == REGISTRY


def test_without_the_cache_nothing_of_it_is_there_and_images_keep_their_names() -> None:
    plan = plan_of("prod")
    assert not [one for one in plan.resources if one.type.startswith("aws:ecr/")]
    assert not [one for one in plan.resources if "fill-cache" in one.name]
    values = named(plan_of("prod", *MONITORING), "Release", "prometheus-release").inputs["values"]
    assert "image" not in values["grafana"] and "image" not in values["prometheusOperator"]
    assert str(plan.exports["sparkImage"]).startswith("docker.io/apache/spark:")


def test_each_registry_has_a_rule_and_its_repositories_an_end() -> None:
    plan = plan_of("prod", *CACHE)
    rules = {one.name: one.inputs for one in of_type(plan, "PullThroughCacheRule")}
    assert {name: rule["upstreamRegistryUrl"] for name, rule in rules.items()} == {
        "images-docker": "registry-1.docker.io",
        "images-ecr": "public.ecr.aws",
        "images-ghcr": "ghcr.io",
        "images-k8s": "registry.k8s.io",
        "images-quay": "quay.io",
    }
    assert {name for name, rule in rules.items() if "credentialArn" in rule} == {
        "images-docker",
        "images-ghcr",
    }
    for one in of_type(plan, "RepositoryCreationTemplate"):
        assert one.inputs["prefix"] == rules[one.name]["ecrRepositoryPrefix"]
        # Else the first pull creates a repository without it.
        assert one.urn in reaches(plan, named(plan, "PullThroughCacheRule", one.name))
        assert one.inputs["appliedFors"] == ["PULL_THROUGH_CACHE"]
        assert one.inputs["encryptionConfigurations"] == [{"encryptionType": "AES256"}]
        (rule,) = json.loads(one.inputs["lifecyclePolicy"])["rules"]
        assert rule["selection"]["countNumber"] == 180
        assert rule["action"] == {"type": "expire"}


@pytest.mark.parametrize("role", ["system-node-role", "karpenter-default-node-role"])
def test_nodes_fill_the_cache_and_create_no_other_repository(role: str) -> None:
    plan = plan_of("prod", *CACHE)
    own = "arn:aws:ecr:us-west-2:111122223333:repository"
    for action in ("ecr:CreateRepository", "ecr:BatchImportUpstreamImage"):
        assert may(plan, role, action, f"{own}/spark-prod/docker/apache/spark")
        assert not may(plan, role, action, f"{own}/spark-production/x")
        assert not may(plan, role, action, f"{own}/other/x")
    assert not may(plan, role, "ecr:PutImage", f"{own}/spark-prod/docker/apache/spark")


def test_nodes_that_the_stack_does_not_create_get_the_right_by_their_role() -> None:
    plan = plan_of("existing", ACCOUNT, *CACHE, NODES)
    policy = named(plan, "RolePolicy", "images-analytics-nodes-fill-cache")
    assert policy.inputs["role"] == "analytics-nodes"
    (statement,) = json.loads(policy.inputs["policy"])["Statement"]
    assert statement["Resource"] == ["arn:aws:ecr:us-west-2:111122223333:repository/analytics/*"]


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("docker.io/apache/spark:4", ("docker.io", "apache/spark:4")),
        ("apache/spark:4", ("docker.io", "apache/spark:4")),
        ("busybox", ("docker.io", "library/busybox")),
        ("index.docker.io/busybox", ("docker.io", "library/busybox")),
        ("localhost/x", ("localhost", "x")),
        ("localhost:5000/x", ("localhost:5000", "x")),
        ("quay.io/a/b@sha256:0", ("quay.io", "a/b@sha256:0")),
    ],
)
def test_an_image_without_a_host_is_docker_hub_s(image: str, parts: tuple[str, str]) -> None:
    assert split(image) == parts


def test_an_image_of_another_registry_stays_where_it_is() -> None:
    images = Images({"docker.io": "p/docker"}, "r")
    assert images.pulled("example.com/x:1") == "example.com/x:1"
    assert images.pulled("x:1") == "r/p/docker/library/x:1"


def test_a_long_name_of_a_cluster_is_no_prefix() -> None:
    found = message("dev", f"cluster.name={'a' * 24}", *CACHE)
    assert "images.cache.prefix: is not set, and" in found


def test_the_build_file_of_a_team_s_image_begins_with_the_pinned_spark_and_ends_as_its_user() -> (
    None
):
    lines = (ROOT / "examples/image/Dockerfile").read_text().splitlines()
    assert f"ARG SPARK_IMAGE={SPARK_IMAGE}" in lines
    assert [line for line in lines if line.startswith("USER")][-1] == "USER 185"


@pytest.mark.parametrize("kind", ["Release", "Deployment", "NodeGroup", "NodePool"])
def test_the_cache_is_there_before_a_pod_pulls_from_it(kind: str) -> None:
    plan = plan_of("prod", *CACHE)
    rules = {one.urn for one in of_type(plan, "PullThroughCacheRule")}
    assert rules
    for one in of_type(plan, kind):
        assert rules <= reaches(plan, one), one.name
