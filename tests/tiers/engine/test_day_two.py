"""Updates over the life of a stack: what AWS would refuse is refused before anything changes, and
what runs keeps its size, its subnets and its JARs."""

import pytest

from tests.plans import CLUSTER_AUTOSCALER
from tests.tiers.engine import health
from tests.tiers.engine.project import Project
from tests.tiers.engine.providers import aws_references as refs
from tests.tiers.engine.providers.aws_outputs import RUNNING
from tests.tiers.engine.providers.kubernetes_rules import CLAIM
from tests.tiers.programs import ROOT

_RUNNING_NODES = 5


@pytest.fixture(scope="module")
def scaled(open_project) -> Project:
    """Dev with Cluster Autoscaler, which has given each of the pools' groups five nodes."""
    project = open_project("dev")
    project.change(*CLUSTER_AUTOSCALER)
    project.up().ok()
    for group in _groups(project):
        group.state[RUNNING] = _RUNNING_NODES
    return project


def _groups(project: Project):
    groups = project.cloud.all(refs.NODE_GROUP)
    return [one for one in groups if not one.text("nodeGroupName").startswith("system-")]


LIMITS = "pools[0].limits={cpu: 256, memoryGiB: 1024}"


@pytest.mark.parametrize(
    ("setting", "refreshed"),
    [
        (LIMITS, False),
        (LIMITS, True),
        ("drivers.limits={cpu: 32, memoryGiB: 128}", False),
        ("pools[0].diskGiB=200", True),
        ("jarMount={level: node, method: userdata}", False),
        ("cluster.version='1.36'", False),
        ("systemNodes.minSize=3", True),
    ],
)
def test_no_update_changes_the_size_of_a_group_that_an_autoscaler_sizes(
    scaled: Project, setting: str, refreshed: bool, tmp_path
):
    with scaled.copy(tmp_path) as project:
        if refreshed:
            project.refresh().ok()
        project.change(setting)
        assert project.up().ok().operations
        assert {one.state[RUNNING] for one in _groups(project)} == {_RUNNING_NODES}
        assert project.preview().ok().operations == []


def test_a_limit_of_a_pool_reaches_the_autoscaler(scaled: Project, tmp_path):
    with scaled.copy(tmp_path) as project:
        project.change(LIMITS)
        assert project.up().ok().operations == ["update Release cluster-autoscaler-release"]


@pytest.mark.parametrize(("size", "running"), [(3, 3), (4, 4)])
def test_a_larger_minimum_of_the_system_nodes_starts_them(running_dev, size, running):
    running_dev.change(f"systemNodes.minSize={size}")
    assert running_dev.up().ok().operations == ["update NodeGroup system-group"]
    (group,) = running_dev.cloud.all(refs.NODE_GROUP)
    assert group.state[RUNNING] == running


def _subnets(project: Project) -> dict[str, str]:
    found = project.cloud.all(refs.SUBNET)
    return {one.urn.rsplit("::", 1)[-1]: one.id for one in found if one.urn.startswith("urn:")}


def test_zones_come_go_and_change_their_order_and_no_subnet_moves(running_dev: Project):
    before = _subnets(running_dev)
    for zones in ("[b, a]", "[a, b, c]", "[f, e, d, c, b, a]", "[a, d, b]", "[a, b]"):
        running_dev.change(f"network.zones={zones}")
        done = running_dev.up().ok().operations
        assert (done == []) == (zones == "[b, a]")
        assert "update Cluster cluster-eks-eksCluster" not in done
        assert not any(line.startswith("replace Subnet") for line in done)
        assert _subnets(running_dev).items() >= before.items()
        assert health.complaints(running_dev.cloud) == []
    assert _subnets(running_dev) == before


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            ["network.zones=[b, c]"],
            "cluster.zones: [b, c]: the control plane of spark-dev was created in [a, b]",
        ),
        (["network.zones=[a, b, c]", "cluster.zones=[b, c]"], "cluster.zones: [b, c]: the control"),
        (["network.zones=[b, c, d, e, f]"], "set cluster.zones: [a, b]"),
        (["network.cidr=10.1.0.0/16"], "network.cidr: '10.1.0.0/16': spark-dev runs in a VPC of"),
        (["cluster.version='1.34'"], "cluster.version: '1.34': the cluster runs 1.35, and EKS"),
        (["cluster.version='1.37'"], "cluster.version: '1.37'"),
        (
            [
                "network={existing: {vpcId: vpc-0a1b2c3d4e5f60718, privateSubnets: "
                "{a: subnet-0a1b2c3d4e5f60711, b: subnet-0a1b2c3d4e5f60712}}}"
            ],
            "network.existing.vpcId: 'vpc-0a1b2c3d4e5f60718': spark-dev runs in vpc-",
        ),
    ],
)
def test_what_eks_never_changes_is_refused_before_anything(running_dev, settings, said):
    done = len(running_dev.cloud.attempts)
    running_dev.change(*settings)
    for outcome in (running_dev.preview(), running_dev.up()):
        assert outcome.failed
        assert said in outcome.text
    assert len(running_dev.cloud.attempts) == done


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("cluster.logTypes=[api, audit, scheduler]", "cluster.logTypes=[scheduler, audit, api]"),
        (
            "cluster.endpoint.publicCidrs=[203.0.113.0/24, 198.51.100.0/24]",
            "cluster.endpoint.publicCidrs=[198.51.100.0/24, 203.0.113.0/24]",
        ),
        ("network.interfaceEndpoints=[sts, ec2]", "network.interfaceEndpoints=[ec2, sts]"),
    ],
)
def test_the_order_of_a_set_is_no_change(running_dev, before, after):
    running_dev.change(before)
    running_dev.up().ok()
    running_dev.change(after)
    assert running_dev.up().ok().operations == []


def test_encryption_of_secrets_goes_on_and_never_off(running_dev):
    running_dev.change("cluster.encryptSecrets=true")
    running_dev.up().ok()
    done = len(running_dev.cloud.attempts)
    running_dev.change("cluster.encryptSecrets=false")
    refused = running_dev.up()
    assert refused.failed
    assert "spark-on-eks:cluster.encryptSecrets: false: the secrets of spark-dev" in refused.text
    assert len(running_dev.cloud.attempts) == done
    running_dev.change("cluster.encryptSecrets=true")
    assert running_dev.up().ok().operations == []


def test_a_team_moves_between_pools_with_jars_of_their_own(open_project):
    project = open_project("staging")
    project.up().ok()
    pools = "[{name: default}, {name: etl, families: [r7gd], sizes: [4xlarge]%s}]"
    for setting in (
        "spark.teams[1].pool=default",
        "spark.teams[1].pool=etl",
        f"pools={pools % ''}",
        f"pools={pools % ', jarBucket: {}'}",
        f"pools={pools % ', jarBucket: {name: example-etl-jars}'}",
    ):
        project.change(setting)
        project.up().ok()
        assert health.complaints(project.cloud) == []
        assert project.preview().ok().operations == []
    volumes = {one.inputs["spec"]["volumeName"] for one in project.cloud.all(CLAIM)}
    assert volumes == {"spark-jars-team-a.jars-node", "spark-jars-team-etl.etl-jars-node"}


def test_the_drivers_nodes_keep_the_role_that_their_set_of_jars_had(open_project, program_with):
    before = program_with({})
    path = before / "components/karpenter/autoscaler.py"
    former = "{group.jar_set if pool == group.driver_pool else pool}"
    role, entry = 'self._name}-{pool}",\n            c', "self._name}-{pool}-nodes"
    text = path.read_text()
    for one in (role, entry):
        assert text.count(one) == 1
        text = text.replace(one, one.replace("{pool}", former))
    path.write_text(text)
    project = open_project("dev", program=before)
    project.up().ok()
    project.program = ROOT
    assert project.up().ok().operations == []
    assert health.complaints(project.cloud) == []
