"""System nodes, DNS, registries and disks in a report."""

import io
import json
from dataclasses import replace

import pytest

from ops.capacity import quotas
from ops.capacity.limits import Severity
from ops.capacity.registries import Registry, registry_of
from ops.capacity.report import Request, report
from ops.capacity.show import render, to_json
from ops.capacity.start import Executor, executors_per_node
from ops.jobs.catalog import JOBS
from ops.plan.executor_fit import mounts_by_claim
from ops.plan.node_capacity import node_capacities
from tests.ops.capacity.test_report import limit_check, of_quota
from tests.plans import CACHE, DAEMONSET, DATA, NODE, plan_of


def figures_of(*overrides: str, stack: str = "dev", executors: int = 100) -> dict[str, float]:
    """The figures on the pool's smallest type."""
    found = report(plan_of(stack, *overrides), Request(executors=executors))
    return dict(found.figures[0])


def test_system_nodes_are_part_of_the_report_and_of_its_exit_code() -> None:
    found = report(plan_of("dev"), Request())
    assert [one.type.name for one in found.system] == ["r7g.large", "r6g.large"]
    assert not found.failed
    small = report(plan_of("dev", "systemNodes.instanceTypes=[m7g.large]"), Request())
    assert small.failed
    (content,) = json.loads(to_json(small))["systemNodes"]
    assert (content["nodes"], content["leastNodes"], content["unplaced"]) == (2, 3, ["coredns"])
    assert {one["name"]: one["replicas"] for one in content["workloads"]}["coredns"] == 9


def test_the_text_adds_up_the_system_nodes_and_says_what_has_no_place() -> None:
    stream = io.StringIO()
    render(report(plan_of("dev", "systemNodes.instanceTypes=[m7g.large]"), Request()), stream)
    lines = stream.getvalue().splitlines()
    assert "system nodes: 2 m7g.large, at the limits of all pools" in lines
    (pods,) = [line.split() for line in lines if line.startswith("  all pods ")]
    (room,) = [line.split() for line in lines if line.startswith("  these nodes ")]
    assert (pods[2:], room[2:]) == (["28", "3.24", "9.44", "0"], ["220", "3.86", "11.63", "88"])
    assert (
        "  error  all pods, and one more of the largest for a rollout: no place for coredns"
        in lines
    )
    assert "  ok     one replica of each with a node lost" in lines


@pytest.mark.parametrize(
    ("workload", "cpu", "mib"),
    [
        ("prometheus", 0.51, 3072 + 64),
        ("alertmanager", 0.06, 128 + 64),
        ("grafana", 0.14, 384 + 2 * 128),
        ("prometheus-operator", 0.1, 256),
    ],
)
def test_sidecars_of_a_chart_are_part_of_its_pods(workload: str, cpu: float, mib: int) -> None:
    found = report(plan_of("prod", "observability.metrics.enabled=true"), Request())
    rows = json.loads(to_json(found))["systemNodes"][0]["workloads"]
    (row,) = [one for one in rows if one["name"] == f"kube-prometheus-stack {workload}"]
    assert (row["each"]["vCPU"], row["each"]["memory"]) == pytest.approx(
        (cpu, mib / 1024), abs=0.006
    )


def test_docker_hub_counts_the_nodes_behind_each_gateway() -> None:
    assert figures_of()["docker-pulls"] == 100
    assert figures_of(stack="prod")["docker-pulls"] == 34
    found = limit_check(report(plan_of("dev"), Request(executors=101)), quotas.DOCKER_PULLS)
    assert (found.severity, found.exceeded_at) == (Severity.warning, 101)


def test_an_image_in_ecr_counts_its_requests_and_not_docker_hub_s() -> None:
    image = "spark.image=111122223333.dkr.ecr.us-west-2.amazonaws.com/spark:4.0.4"
    figures = figures_of(image)
    assert (figures["ecr-images"], figures["ecr-layers"]) == (200, 300)
    assert "docker-pulls" not in figures
    found = report(plan_of("dev", image), Request())
    assert limit_check(found, quotas.ECR_IMAGES).exceeded_at == 1001
    assert limit_check(found, quotas.ECR_LAYERS).exceeded_at == 1001
    assert not of_quota(found.limits, quotas.NAT_CONNECTIONS)


def test_with_the_cache_docker_hub_s_limit_is_gone_and_ecr_s_count() -> None:
    figures = figures_of(*CACHE, stack="prod")
    assert "docker-pulls" not in figures
    assert figures["ecr-images"] == 200
    found = report(plan_of("prod", *CACHE), Request())
    assert not of_quota(found.limits, quotas.DOCKER_PULLS)
    assert not of_quota(found.limits, quotas.NAT_CONNECTIONS)


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("spark:4.0.4", Registry.docker_hub),
        ("apache/spark:4.0.4", Registry.docker_hub),
        ("docker.io/apache/spark:4.0.4", Registry.docker_hub),
        ("1.dkr.ecr.us-west-2.amazonaws.com/spark:4", Registry.ecr),
        ("public.ecr.aws/x/spark:4", Registry.ecr_public),
        ("ghcr.io/x/spark:4", Registry.other),
        ("localhost:5000/spark:4", Registry.other),
    ],
)
def test_a_registry_is_known_by_its_host(image: str, registry: Registry) -> None:
    assert registry_of(image) is registry


def test_the_limits_of_an_unknown_registry_are_named_as_unknown() -> None:
    found = report(plan_of("dev", "spark.image=ghcr.io/x/spark:4.0.4"), Request())
    assert "limits of the registry of spark.image are not known" in found.unknown
    public = report(plan_of("dev", "spark.image=public.ecr.aws/x/spark:4.0.4"), Request())
    assert limit_check(public, quotas.ECR_PUBLIC_PULLS).exceeded_at == 11


def test_coredns_asks_for_a_replica_for_16_nodes_or_256_vcpu_and_has_ten_at_most() -> None:
    assert figures_of(executors=160)["dns-replicas"] == 10
    found = report(plan_of("dev"), Request())
    # One executor a node of 8 vCPU.
    assert limit_check(found, quotas.DNS_REPLICAS).exceeded_at == 161
    large = report(plan_of("dev"), Request(executors=7 * 80)).figures[-1]
    assert (large["nodes"], large["dns-replicas"]) == (80, 10)  # 80 x 32 vCPU


def test_dns_queries_are_limited_by_the_nodes_that_coredns_runs_on() -> None:
    figures = figures_of()
    assert (figures["dns-queries"], figures["dns-forwarded"]) == (2600, 800)
    two, three = (report(plan_of(stack), Request()) for stack in ("dev", "prod"))
    assert limit_check(two, quotas.VPC_DNS).exceeded_at == 2 * 1024 // 8 + 1
    assert limit_check(three, quotas.VPC_DNS).exceeded_at == 3 * 1024 // 8 + 1


def test_local_disks_and_caches_count_against_a_node_s_disk() -> None:
    # Seven executors of 5 GiB and one claim's cache of 10 GiB, on 100 GiB.
    large = report(plan_of("dev"), Request()).figures[-1]
    assert (large["node-disk"], large["node-disk-room"]) == (45, 89)
    for level in (NODE, DAEMONSET):
        # The node's copies and its cache, once for all claims.
        plan = plan_of("dev", *level, "jarMount.cacheMiB=20480")
        assert report(plan, Request(claims=3)).figures[-1]["node-disk"] == 55
    # A team's caches of data, 20 GiB for each folder, and of JARs.
    assert report(plan_of("dev", *DATA), Request()).figures[-1]["node-disk"] == 65
    full = report(plan_of("dev"), Request(executor=Executor(4, 16, disk_gib=40)))
    found = limit_check(full, quotas.NODE_DISK)
    assert (found.severity, found.exceeded_at) == (Severity.warning, 2)
    assert limit_check(report(plan_of("dev"), Request()), quotas.NODE_DISK).exceeded_at is None


@pytest.mark.parametrize(("level", "by_claim"), [((), True), (NODE, False), (DAEMONSET, False)])
def test_cached_data_says_nothing_of_how_jars_are_mounted(
    level: tuple[str, ...], by_claim: bool
) -> None:
    assert mounts_by_claim(plan_of("dev", *DATA, *level)) is by_claim


def test_instance_store_is_a_node_s_disk_where_its_class_pools_it() -> None:
    sets = {one.name: one for one in node_capacities(plan_of("prod"))}
    with_store, without = sets["memory-arm-spot"], sets["memory-x86-spot"]
    rooms = {
        of.name: round(float(one.usable_disk(of) / 2**30))
        for one in (with_store, without)
        for of in one.types
        if of.name in ("r7gd.4xlarge", "r7i.4xlarge")
    }
    assert rooms == {"r7gd.4xlarge": 795, "r7i.4xlarge": 89}


def test_the_default_local_disk_is_that_of_our_jobs() -> None:
    assert f"{Executor(4, 16).disk_gib}Gi" == JOBS["taxi-trip"].executor.local_disk


@pytest.mark.parametrize(
    ("disk_gib", "per_node", "why"),
    [
        # m7g.8xlarge: (32 vCPU - 0.19 - 0.25) / 4, and 89 GiB for 1.05 GiB more than each disk.
        (5, 7, "vCPU"),
        (11.6, 7, "89 / 12.65 is still 7"),
        (11.7, 6, "89 / 12.75 is below 7"),
        (43, 2, "disk"),
        (43.5, 1, "89 / 44.55 is below 2"),
        (88, 0, "89 GiB hold no 89.05"),
    ],
)
def test_requests_of_local_disk_bound_the_executors_of_a_node(
    disk_gib: float, per_node: int, why: str
) -> None:
    plan = plan_of("dev", "pools[0].families=[m7g]", "pools[0].sizes=[8xlarge]")
    fits = report(plan, Request(executor=Executor(4, 16, disk_gib))).fits
    assert [one.per_node for one in fits] == ([per_node] if per_node else []), why


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        # volume_limits.html: 28 for volumes, interfaces and instance store; the root volume, and
        # one interface: prefixes give it as many addresses as are needed.
        ("m7g.8xlarge", 28 - 1 - 1),
        # One disk of instance store.
        ("m7gd.4xlarge", 28 - 1 - 1 - 1),
        # A limit of its own for volumes: 48 from 16xlarge.
        ("m7i.16xlarge", 48 - 1),
    ],
)
def test_claimed_volumes_are_bounded_by_aws_s_formula(name: str, by_hand: int) -> None:
    family, _, size = name.partition(".")
    plan = plan_of("dev", f"pools[0].families=[{family}]", f"pools[0].sizes=[{size}]")
    executor = Executor(0.5, 1, 50)
    (free,) = report(plan, Request(executor=replace(executor, disk_gib=1))).fits
    assert free.per_node > by_hand, "vCPU, memory, pods and disk allow more"
    (fit,) = report(plan, Request(executor=replace(executor, claims=True))).fits
    assert (fit.name, fit.per_node) == (name, by_hand)


def test_interfaces_take_attachments_where_both_share_them() -> None:
    plan = plan_of("dev", "pools[0].families=[m7g]", "pools[0].sizes=[2xlarge]")
    executor = Executor(0.25, 1, 50, claims=True)
    found = report(plan, Request(executor=executor))
    (fit,), platform = found.fits, found.scenario.platform
    assert fit.per_node == 28 - 1 - 1
    single = replace(platform, networking=replace(platform.networking, prefixes=False))
    # 14 addresses an interface: 24 executors and 3 other pods need two, and a third is kept ready.
    assert executors_per_node(fit.nodes, fit.type, executor, single) == 28 - 3 - 1


def test_a_larger_reservation_of_the_driver_leaves_fewer_claims() -> None:
    plan = plan_of("dev", "pools[0].families=[m7g]", "pools[0].sizes=[8xlarge]",
                   "storage.ebsCsi={reservedAttachments: 6}")  # fmt: skip
    (fit,) = report(plan, Request(executor=Executor(0.5, 1, 50, claims=True))).fits
    assert fit.per_node == 28 - 1 - 6


def test_claims_are_volumes_of_the_account_that_take_time_to_attach() -> None:
    claims = Executor(4, 16, 512, claims=True)
    (with_claims, *_) = report(plan_of("dev"), Request(executors=750, executor=claims)).figures
    (without, *_) = report(plan_of("dev"), Request(executors=750)).figures
    assert with_claims["volumes"] == without["volumes"] + 750
    assert with_claims["disk-tib"] == without["disk-tib"] + 750 / 2
    assert with_claims["attach-seconds"] == 10
    assert "attach-seconds" not in without
