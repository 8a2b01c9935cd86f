"""Celeborn: its pods, its ports, who reaches it, and what its configuration says."""

from typing import Any

import pytest

from dev.celeborn_keys import PAGE, used
from ops.plan.celeborn import keys_of
from tests.plans import CELEBORN, absent, named, of_type, plan_of, reaches

PLAN = plan_of("dev", *CELEBORN)
SETS = ("celeborn-master", "celeborn-worker")


def conf(*sets: str) -> dict[str, str]:
    found = named(plan_of("dev", *CELEBORN, *sets), "ConfigMap", "celeborn-conf")
    return dict(keys_of(found.inputs["data"]["celeborn-defaults.conf"]))


def template(name: str, *sets: str) -> Any:
    plan = plan_of("dev", *CELEBORN, *sets)
    return named(plan, "StatefulSet", name).inputs["spec"]["template"]


def policy(name: str) -> Any:
    return named(PLAN, "NetworkPolicy", name).inputs["spec"]


def test_without_a_team_that_uses_it_there_is_no_celeborn() -> None:
    assert absent(plan_of("dev"), "eleborn")


def test_every_key_and_class_is_one_of_a_published_client() -> None:
    unknown = used() - set(PAGE.read_text().splitlines())
    assert not unknown, "run: python -m dev.celeborn_keys 0.5.4"


def test_three_masters_know_each_other_by_names_that_outlive_their_pods() -> None:
    found = conf()
    hosts = [
        f"celeborn-master-{number}.celeborn-master.celeborn.svc.cluster.local"
        for number in range(3)
    ]
    assert found["celeborn.master.endpoints"] == ",".join(f"{one}:9097" for one in hosts)
    assert found["celeborn.master.internal.endpoints"] == ",".join(f"{one}:8097" for one in hosts)
    assert [found[f"celeborn.master.ha.node.{one}.host"] for one in range(3)] == hosts
    service = named(PLAN, "Service", "celeborn-master").inputs
    assert service["metadata"]["name"] == "celeborn-master"
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["publishNotReadyAddresses"] is True


def test_one_master_has_no_quorum_and_no_budget() -> None:
    one = "storage.celeborn={pool: celeborn, masters: 1}"
    assert not any(".ha." in key for key in conf(one))
    budgets = of_type(plan_of("dev", *CELEBORN, one), "PodDisruptionBudget")
    assert [budget.name for budget in budgets if "celeborn" in budget.name] == ["celeborn-worker"]


def test_ports_are_fixed_and_a_taken_one_is_an_error() -> None:
    found = conf()
    ports = {key: value for key, value in found.items() if key.endswith(".port")}
    assert {key: value for key, value in ports.items() if "worker" in key} == {
        "celeborn.worker.rpc.port": "9091", "celeborn.worker.fetch.port": "9092",
        "celeborn.worker.push.port": "9093", "celeborn.worker.replicate.port": "9094",
        "celeborn.worker.internal.port": "9095", "celeborn.worker.http.port": "9096",
    }  # fmt: skip
    assert found["celeborn.port.maxRetries"] == "0"


def test_an_application_reaches_its_own_shuffles_only() -> None:
    found = conf()
    assert found["celeborn.auth.enabled"] == "true"
    assert found["celeborn.internal.port.enabled"] == "true"


def test_a_worker_that_ends_waits_until_its_files_are_not_needed() -> None:
    spec = template("celeborn-worker", "storage.celeborn={pool: celeborn, drainMinutes: 30}")[
        "spec"
    ]
    (container,) = spec["containers"]
    hook = container["lifecycle"]["preStop"]["exec"]["command"][-1]
    assert '{"type":"DECOMMISSION"}' in hook and "$POD_IP:9096/api/v1/workers/exit" in hook
    found = conf("storage.celeborn={pool: celeborn, drainMinutes: 30}")
    assert found["celeborn.worker.decommission.forceExitTimeout"] == "30m"
    assert found["celeborn.worker.graceful.shutdown.timeout"] == "600s"
    assert spec["terminationGracePeriodSeconds"] == 30 * 60 + 600 + 120


def test_a_worker_asks_for_heap_buffers_and_a_gibibyte_and_for_its_disk() -> None:
    sizes = "storage.celeborn={pool: celeborn, heapGiB: 5, offHeapGiB: 10, diskGiB: 300, cpu: 6}"
    spec = template("celeborn-worker", sizes)["spec"]
    (container,) = spec["containers"]
    assert container["resources"]["limits"] == {"memory": "16Gi"}
    assert container["resources"]["requests"] == {
        "cpu": "6", "memory": "16Gi", "ephemeral-storage": "302Gi",
    }  # fmt: skip
    env = {one["name"]: one.get("value") for one in container["env"]}
    assert env["CELEBORN_WORKER_MEMORY"] == "5g"
    assert env["CELEBORN_WORKER_OFFHEAP_MEMORY"] == "10g"
    volumes = {one["name"]: one for one in spec["volumes"]}
    assert volumes["data"]["emptyDir"] == {"sizeLimit": "300Gi"}
    assert conf(sizes)["celeborn.worker.storage.dirs"].endswith(":capacity=300Gi")


@pytest.mark.parametrize("name", SETS)
def test_pods_are_unprivileged_on_nodes_of_their_own_and_apart(name: str) -> None:
    found = template(name)
    spec = found["spec"]
    assert spec["nodeSelector"] == {"spark-on-eks/pool": "celeborn"}
    assert spec["tolerations"] == [
        {
            "key": "spark-on-eks/pool",
            "operator": "Equal",
            "value": "celeborn",
            "effect": "NoSchedule",
        }
    ]
    assert spec["automountServiceAccountToken"] is False
    assert found["metadata"]["annotations"]["karpenter.sh/do-not-disrupt"] == "true"
    (term,) = spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    (container,) = spec["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert not any("hostPath" in volume for volume in spec["volumes"])
    budget = named(PLAN, "PodDisruptionBudget", name).inputs["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"] == found["metadata"]["labels"]


def test_another_configuration_replaces_pods_and_the_same_does_not() -> None:
    more = "storage.celeborn={pool: celeborn, drainMinutes: 30}"
    digest = "checksum/config"
    before, same, after = (
        template("celeborn-master", *sets)["metadata"]["annotations"][digest]
        for sets in ((), ("jarBucket.forceDestroy=false",), (more,))
    )
    assert before == same != after


def test_only_drivers_and_executors_of_teams_that_use_it_reach_it() -> None:
    for name, ports in (("celeborn-master", {9097}), ("celeborn-worker", {9091, 9092, 9093})):
        inside, clients, scraper = policy(f"celeborn-{name}-policy")["ingress"]
        (peer,) = clients["from"]
        labels = peer["namespaceSelector"]["matchLabels"]
        assert labels == {"kubernetes.io/metadata.name": "team-a"}
        assert peer["podSelector"]["matchExpressions"][0]["values"] == ["driver", "executor"]
        assert {one["port"] for one in clients["ports"]} == ports
        assert inside["from"] == [{"podSelector": {}}]
        assert scraper["from"][0]["namespaceSelector"]["matchLabels"] == {
            "kubernetes.io/metadata.name": "monitoring"
        }


def test_servers_talk_on_ports_that_no_team_reaches() -> None:
    inside = policy("celeborn-celeborn-master-policy")["ingress"][0]
    assert {8097, 9872} <= {one["port"] for one in inside["ports"]}
    inside = policy("celeborn-celeborn-worker-policy")["ingress"][0]
    assert {9094, 9095} <= {one["port"] for one in inside["ports"]}
    assert policy("celeborn-deny-all-policy")["policyTypes"] == ["Ingress", "Egress"]


def test_a_team_has_a_way_out_to_it_only_if_it_uses_it() -> None:
    ways = policy("team-team-a-celeborn")["egress"]
    assert [{one["port"] for one in way["ports"]} for way in ways] == [{9097}, {9091, 9092, 9093}]
    for way, server in zip(ways, ("celeborn-master", "celeborn-worker"), strict=True):
        (peer,) = way["to"]
        own = {"kubernetes.io/metadata.name": "celeborn"}
        assert peer["namespaceSelector"]["matchLabels"] == own
        labels = template(server)["metadata"]["labels"]
        assert peer["podSelector"]["matchLabels"].items() <= labels.items()
    assert absent(PLAN, "team-team-b-celeborn")


def test_teams_are_deleted_before_it_and_it_before_its_nodes() -> None:
    worker = named(PLAN, "StatefulSet", "celeborn-worker")
    team = reaches(PLAN, named(PLAN, "Namespace", "team-team-a-namespace"))
    assert worker.urn in team
    nodes = [one for one in of_type(PLAN, "NodePool") if "-celeborn-" in one.name]
    assert nodes and {one.urn for one in nodes} <= reaches(PLAN, worker)
    assert named(PLAN, "NetworkPolicy", "celeborn-deny-all-policy").urn in reaches(PLAN, worker)


def test_its_servers_call_each_other_and_the_clusters_dns_only() -> None:
    assert policy("celeborn-internal-policy") == {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"podSelector": {}}]}],
    }
    named_there = [
        one.inputs["metadata"]["name"]
        for one in of_type(PLAN, "NetworkPolicy")
        if one.inputs["metadata"]["namespace"] == "celeborn"
        and "Egress" in one.inputs["spec"]["policyTypes"]
    ]
    assert sorted(named_there) == ["deny-all", "dns", "internal"]


@pytest.mark.parametrize("name", SETS)
def test_its_objects_have_the_labels_of_their_pods(name: str) -> None:
    wanted = template(name)["metadata"]["labels"]
    for kind in ("Service", "StatefulSet"):
        assert named(PLAN, kind, name).inputs["metadata"]["labels"] == wanted
