"""Valid stack files, and the messages for invalid ones."""

import re
from ipaddress import IPv4Network
from typing import get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as no_deadline
from hypothesis import strategies as st

from components.network import NetworkSettings
from ops.plan.errors import UserError
from settings import StackSettings
from tests.plans import CLUSTER_AUTOSCALER, ROOT, plan_of

WRONG = {
    # one key
    "jarMount.level=pods": "jarMount.level: 'pods' is not one of pod, node",
    "jarMount.levle=pod": "jarMount.levle: 'pod': there is no such key",
    "account='123'": "account: '123' is not the twelve digits of an account",
    "autoscaler=keda": "autoscaler: 'keda' is not one of karpenter, cluster-autoscaler, none",
    "cluster.version='1.20'": "cluster.version: '1.20' is not one of 1.33, 1.34, 1.35, 1.36",
    "cluster.endpoint={public: true}": (
        "cluster.endpoint: publicCidrs must list the CIDR blocks that may call"
    ),
    "cluster.admins=[alice]": "cluster.admins[0]: 'alice' is not the ARN of an IAM role or user",
    "network.cidr=8.8.0.0/16": (
        "network.cidr: '8.8.0.0/16' must be a private IPv4 block of /16 to /20"
    ),
    "network.cidr=10.0.0.0/24": (
        "network.cidr: '10.0.0.0/24' must be a private IPv4 block of /16 to /20"
    ),
    "network.zones=[a]": 'network.zones: ["a"] needs at least 2 entries',
    "network.zones=[a, a]": 'network.zones: ["a", "a"] lists \'a\' twice',
    "systemNodes.minSize=1": "systemNodes.minSize: 1 is not a whole number from 2 to 450",
    "systemNodes.instanceTypes=[m7g.large, m7i.large]": (
        "systemNodes.instanceTypes: mixes arm64 and amd64"
    ),
    "systemNodes.maxSize=1": "systemNodes.maxSize: 1 is not a whole number from 2 to 450",
    "addonVersions={coredns: latest}": "addonVersions.coredns: 'latest' is not the version",
    "addonVersions={core-dns: v1.2.3-eksbuild.1}": (
        "addonVersions.core-dns: 'v1.2.3-eksbuild.1': there is no such key"
    ),
    "jarBucket.prefix=''": "jarBucket.prefix: '' is not a key prefix",
    "jarBucket.prefix=spark": "jarBucket.prefix: 'spark' is not a key prefix",
    "jarBucket.prefix=te*m/": "jarBucket.prefix: 'te*m/' is not a key prefix",
    "jarBucket.existing=true": "jarBucket: existing: true needs the bucket's name",
    "jarBucket.kmsKeyArn=arn:aws:kms:us-west-2:111122223333:key/1": (
        "jarBucket: kmsKeyArn needs encryption: kms"
    ),
    "pools[0].families=[big]": "pools[0].families[0]: 'big' is not one of EC2's instance",
    "pools[0].sizes=[metal]": "pools[0].sizes[0]: 'metal' is not a size",
    "pools[0].name=Default": "pools[0].name: 'Default' is not a name",
    "pools[0].budgets=[{nodes: [10]}]": "pools[0].budgets[0].nodes: [10] is not text",
    "pools[0].budgets=[{nodes: '10%', schedule: '@daily'}]": (
        "pools[0].budgets[0]: schedule and duration come"
    ),
    "karpenter.values={serviceAccount: {name: mine}}": (
        "karpenter.values: serviceAccount.name cannot be set: the platform sets serviceAccount "
        "itself"
    ),
    "spark.operator.values={webhook: {enable: false}}": "spark.operator.values: webhook.enable",
    "spark.yunikorn.values={yunikornDefaults: {queues.yaml: x}}": (
        "spark.yunikorn.values: yunikornDefaults.queues.yaml"
    ),
    "clusterAutoscaler.values={image: {tag: x}}": (
        "clusterAutoscaler.values: has no effect with autoscaler: karpenter"
    ),
    "addons.unheard={enabled: true}": 'addons.unheard: {"enabled": true}: there is no such',
    "pools[0].expireAfter=30d": "pools[0].expireAfter: '30d' is not a duration such as",
    "cluster.existing=true": "cluster.name: is not set",
    "jarMount.cacheMiB=0": "jarMount.cacheMiB: 0 is not a whole number from 512",
    "aws:region=Oregon": "region: 'Oregon' is not a region such as us-west-2",
    "autoscaler='{none'": "autoscaler: '{none' is not one of karpenter",
    # combinations
    "pools[0].name=drivers": (
        "pools[0].name: 'drivers' is the name of nodes that are not executors'"
    ),
    "pools=[{name: one}, {name: one}]": "pools[1].name: 'one' is used twice",
    "pools=[]": "pools: is empty; set autoscaler: none",
    "drivers.zone=f": "drivers.zone: 'f' is not one of the network's zones a, b",
    "jarMount.level=node pools[0].os=bottlerocket": (
        "pools[0].os: 'bottlerocket' cannot mount JARs at node level; use al2023, or "
        "jarMount.level: pod"
    ),
    "jarMount.level=node drivers.os=bottlerocket": (
        "drivers.os: 'bottlerocket' cannot mount JARs at node level"
    ),
    "jarMount.level=node jarMount.node.flags=['--max-cache-size=100']": (
        "jarMount.node.flags[0]: '--max-cache-size=100' the platform sets --max-cache-size; "
        "use jarMount.cacheMiB"
    ),
    "pools[0].diskGiB=20": "jarMount.cacheMiB: 10240 is over half of pools[0].diskGiB (20 GiB)",
    "jarMount.level=node jarMount.node.flags=['--auto-unmount']": (
        "jarMount.node.flags[0]: '--auto-unmount' is not a flag of mount-s3"
    ),
    "jarMount.level=node jarMount.cacheMiB=80000": (
        "jarMount.cacheMiB: 80000 is over half of pools[0].diskGiB (100 GiB)"
    ),
    "jarMount.level=node jarMount.method=daemonset pools[0].jarBucket={}": (
        "pools[0].jarBucket: needs jarMount.level: pod or method: userdata"
    ),
    "jarMount.daemonset.checkSeconds=30": (
        "jarMount: daemonset has an effect only with level: node, method: daemonset"
    ),
    "autoscaler=none": "pools: have no effect with autoscaler: none; set pools: []",
    "jarMount.level=node "
    "jarMount.method=daemonset "
    "jarMount.daemonset.nodeSelector={eks.amazonaws.com/compute-type: auto}": (
        "jarMount.daemonset.nodeSelector: eks.amazonaws.com/compute-type: auto selects EKS Auto "
        "Mode nodes, which cannot mount JARs at node level; select others, or use jarMount.level:"
        " pod"
    ),
    "jarMount.level=node "
    "jarMount.method=daemonset "
    "jarMount.daemonset.nodeSelector={kubernetes.io/os: windows}": (
        "jarMount.daemonset.nodeSelector: kubernetes.io/os: windows selects nodes that"
    ),
    "autoscaler=none pools=[] jarMount.level=node": (
        "jarMount.method: 'userdata' reaches no existing node"
    ),
    "autoscaler=cluster-autoscaler": "pools[0].sizes: must be one size with cluster-autoscaler",
    f"{' '.join(CLUSTER_AUTOSCALER[:2])} drivers={{families: [m7g, r7i], sizes: [large]}}": (
        "drivers.families: must be of one series (m, r, c) with cluster-autoscaler"
    ),
    "systemNodes.create=false": (
        "systemNodes.create: false leaves the new cluster without a node for CoreDNS"
    ),
    "cluster.existing=true cluster.name=given": "cluster.existing: true needs network.existing",
    "cluster.oidcProviderArn=arn:aws:iam::111122223333:oidc-provider/x": (
        "cluster.oidcProviderArn: is for an existing cluster only"
    ),
    "cluster.deletionProtection=true": (
        "jarBucket.forceDestroy: true contradicts cluster.deletionProtection: true"
    ),
    "cluster.name=a-rather-long-cluster-name-012 "
    "pools[0].name=rather-long-name "
    "pools[0].jarBucket={}": (
        "pools[0].jarBucket.name: is not set, and "
        "<cluster>-rather-long-name-jars-<account>-<region> has 75 characters; S3 allows 63"
    ),
    "network.cidr=10.0.0.0/20 pools[0].limits={cpu: 4096, memoryGiB: 8192}": (
        "pools: limits allow 2116 nodes, which need 69828 addresses; the private subnets of "
        "network.cidr 10.0.0.0/20 hold 2038"
    ),
    "network.cidr=10.0.0.0/20 "
    "drivers.limits={cpu: 48, memoryGiB: 192} "
    "pools=[{name: a, jarBucket: {}, limits: {cpu: 16, memoryGiB: 64}}, "
    "{name: b, jarBucket: {}, limits: {cpu: 16, memoryGiB: 64}}] "
    "spark.teams=[]": "pools: limits allow 68 nodes, which need 2244 addresses",
    "spark.teams=[{name: a}, {name: a}]": "spark.teams[1].name: 'a' is used twice",
    "spark.teams=[{name: kube-system}]": (
        "spark.teams[0].name: 'kube-system' is a namespace of the cluster's own"
    ),
    "spark.teams=[{name: a, pool: gpu}]": "spark.teams[0].pool: 'gpu' is not one of default",
    "pools=[{name: etl}, {name: memory}]": (
        "spark.teams[0].pool: is not set, and none of several pools is called default; set it to "
        "one of etl, memory"
    ),
    "pools[0].limits={cpu: 4, memoryGiB: 16}": (
        "pools[0].limits.cpu: 4 is below the smallest size's vCPU"
    ),
}


@pytest.mark.parametrize("keys", WRONG)
def test_a_wrong_key_is_named_with_its_value_and_what_is_allowed(keys: str) -> None:
    with pytest.raises(UserError, match=re.escape(f":{WRONG[keys]}")):
        plan_of("dev", keys)


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(UserError) as error:
        plan_of("dev", "jarMount.level=pods", "network.zones=[a]", "pools[0].name=X")
    assert str(error.value).splitlines()[0] == "3 problems in stacks/Pulumi.dev.yaml:"


def test_keys_of_a_given_cluster_that_have_no_effect_are_refused() -> None:
    with pytest.raises(UserError) as error:
        plan_of("existing", "cluster.version='1.34'", "network.cidr=10.0.0.0/16")
    assert "spark-on-eks:cluster.version: has no effect on an existing cluster" in str(error.value)
    assert "spark-on-eks:network.cidr: has no effect beside network.existing" in str(error.value)


def test_a_given_cluster_has_no_nodes_for_an_autoscaler_unless_some_are_made() -> None:
    with pytest.raises(UserError, match="false leaves karpenter without nodes to run on"):
        plan_of("existing", "autoscaler=karpenter", "pools=[{name: default}]")


def test_the_project_file_declares_every_key_with_its_type_and_default() -> None:
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    fields = {field.alias: field for field in StackSettings.model_fields.values()}
    assert set(declared) == set(fields)
    kinds = {"string": (str,), "object": (dict,), "array": (list,)}
    for key, declaration in declared.items():
        assert isinstance(declaration["default"], kinds[declaration["type"]]), key
    defaults = {key: declaration["default"] for key, declaration in declared.items()}
    defaults["cluster"] = {"name": "spark-x"}
    given = StackSettings.model_validate(defaults)
    assert given == StackSettings.model_validate({"cluster": {"name": "spark-x"}})
    assert get_args(fields["autoscaler"].annotation)[0] == declared["autoscaler"]["default"]


@no_deadline(deadline=None)  # a busy machine must not fail the test
@given(
    prefix=st.integers(16, 20),
    zones=st.lists(st.sampled_from("abcdef"), min_size=2, max_size=6, unique=True),
)
def test_subnets_of_an_allowed_network_fit_and_never_overlap(prefix: int, zones: list[str]) -> None:
    settings = NetworkSettings.model_validate({"cidr": f"10.16.0.0/{prefix}", "zones": zones})
    private, public = settings.private_blocks(), settings.public_blocks()
    assert list(private) == list(public) == sorted(zones)
    blocks = [*private.values(), *public.values()]
    assert not any(one.overlaps(other) for i, one in enumerate(blocks) for other in blocks[i + 1 :])
    assert all(block.subnet_of(IPv4Network(settings.cidr)) for block in blocks)
    # A block is its zone's own, beside any others.
    for zone in zones:
        other = next(one for one in "abcdef" if one != zone)
        pair = NetworkSettings.model_validate({"cidr": settings.cidr, "zones": [other, zone]})
        assert pair.private_blocks()[zone] == private[zone]
        assert pair.public_blocks()[zone] == public[zone]
    sizes = {zone: block.prefixlen - prefix for zone, block in private.items()}
    assert sizes == {zone: 2 if zone in "abc" else 4 for zone in zones}
    # The smallest that AWS has is a /28.
    assert all(block.prefixlen <= 28 for block in public.values())
