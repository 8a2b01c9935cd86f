"""Shuffle files that executors do not hold: Celeborn, and the Lustre file system."""

import re
from collections.abc import Iterable, Iterator

from components.names import (
    CELEBORN_NAMESPACE,
    POOL_ANNOTATION,
    SHUFFLE_ANNOTATION,
    SHUFFLE_CLAIM,
)
from ops.plan.celeborn import configurations
from ops.plan.graph import inputs_from
from ops.plan.model import Plan, Resource
from ops.plan.nodes import NodeSet, node_sets
from ops.plan.packages import packages
from ops.plan.storage_classes import allowed_zones
from ops.plan.values import UNKNOWN, at, each, mapping
from ops.plan.workloads import in_namespace, team_namespaces
from ops.rules.rule import Violation, rule

_CELEBORN = "https://github.com/apache/celeborn/blob/main/docs"
_LUSTRE_GUIDE = "https://docs.aws.amazon.com/fsx/latest/LustreGuide"
_FILE_SYSTEM = "aws:fsx/lustreFileSystem:LustreFileSystem"
_PORTS = ("rpc", "fetch", "push", "replicate", "internal")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_ZONE = "availabilityZone"
_LUSTRE_PORTS = {988, *range(1018, 1024)}


def _sets(plan: Plan, component: str) -> Iterator[Resource]:
    """The StatefulSets of Celeborn's masters, or of its workers."""
    for one in in_namespace(plan, "StatefulSet", CELEBORN_NAMESPACE):
        if one.object_name == f"celeborn-{component}":
            yield one


def _seconds(text: str) -> int:
    found = re.fullmatch(r"(\d+)([smh])", text.strip())
    return int(found[1]) * _SECONDS[found[2]] if found else 0


@rule(
    reason="Masters agree by majority: two lose it with one pod, as one does.",
    source=f"{_CELEBORN}/deploy.md",
)
def celeborn_masters_agree(plan: Plan) -> Iterator[Violation]:
    """Celeborn's masters are an odd number, and the configuration names each of them."""
    for one in _sets(plan, "master"):
        count = at(one.inputs, "spec.replicas")
        if not isinstance(count, int) or count % 2 == 0:
            yield Violation(one, "masters", f"{count} masters have no majority when one is lost")
        for conf, keys in configurations(plan):
            named = len(str(keys.get("celeborn.master.endpoints", "")).split(","))
            if named != count:
                yield Violation(conf, "endpoints", f"names {named} masters, and there are {count}")


@rule(
    reason="A worker that is killed takes shuffle files with it that jobs still need.",
    source=f"{_CELEBORN}/decommissioning.md",
)
def celeborn_workers_drain(plan: Plan) -> Iterator[Violation]:
    """A Celeborn worker drains before its pod ends, its grace period is longer than that, and no
    autoscaler evicts it or a master to save a node."""
    for component in ("master", "worker"):
        for one in _sets(plan, component):
            notes = mapping(one.inputs, "spec.template.metadata.annotations")
            if notes.get("karpenter.sh/do-not-disrupt") != "true":
                yield Violation(one, "disruption", "may be evicted to save a node")
    for one in _sets(plan, "worker"):
        pod = mapping(one.inputs, "spec.template.spec")
        hooks = str([at(item, "lifecycle.preStop") for item in each(pod, "containers")])
        if "/workers/exit" not in hooks:
            yield Violation(one, "drain", "does not drain before its pod ends")
        for _, keys in configurations(plan):
            names = ("decommission.forceExitTimeout", "graceful.shutdown.timeout")
            needed = sum(_seconds(keys.get(f"celeborn.worker.{name}", "6h")) for name in names)
            grace = pod.get("terminationGracePeriodSeconds") or 30
            if int(grace) <= needed:
                text = f"is killed after {grace} s, and drains for up to {needed} s"
                yield Violation(one, "grace", text)


@rule(
    reason="A worker on another port is closed by NetworkPolicies, and a restart on another port "
    "does not find its files.",
    source=f"{_CELEBORN}/configuration/worker.md",
)
def celeborn_ports_fixed(plan: Plan) -> Iterator[Violation]:
    """Celeborn's workers have fixed ports, and do not try the next one."""
    for conf, keys in configurations(plan):
        for name in _PORTS:
            if keys.get(f"celeborn.worker.{name}.port", "0").strip() == "0":
                yield Violation(conf, name, f"worker port {name} is any free port")
        if keys.get("celeborn.port.maxRetries", "1").strip() != "0":
            yield Violation(conf, "retries", "a port that is taken becomes the next one")


@rule(
    reason="Without authentication each client that reaches a worker reads the shuffle files of "
    "any job.",
    source=f"{_CELEBORN}/security.md",
)
def celeborn_authenticates(plan: Plan) -> Iterator[Violation]:
    """Celeborn's applications authenticate, and its servers talk on ports of their own."""
    for conf, keys in configurations(plan):
        for key in ("celeborn.auth.enabled", "celeborn.internal.port.enabled"):
            if keys.get(key, "false").strip() != "true":
                yield Violation(conf, key, f"{key} is not true")


@rule(
    reason="An application registers with a secret that it chooses: only teams that use Celeborn "
    "may reach it, and no team its internal ports.",
    source=f"{_CELEBORN}/security.md",
)
def celeborn_closed(plan: Plan) -> Iterator[Violation]:
    """Only teams with `shuffle: celeborn` reach Celeborn, at the ports of clients."""
    users = {
        one.object_name
        for one in team_namespaces(plan)
        if mapping(one.inputs, "metadata.annotations").get(SHUFFLE_ANNOTATION) == "celeborn"
    }
    teams = {one.object_name for one in team_namespaces(plan)}
    internal = {8097, 9872, 9094, 9095}
    for one in in_namespace(plan, "NetworkPolicy", CELEBORN_NAMESPACE):
        for item in each(one.inputs, "spec.ingress"):
            for peer in each(item, "from") or [{}]:
                labels = mapping(peer, "namespaceSelector.matchLabels")
                name = labels.get("kubernetes.io/metadata.name")
                inside = "namespaceSelector" not in peer and "podSelector" in peer
                ports = {port.get("port") for port in each(item, "ports")}
                if not inside and name is None:
                    yield Violation(one, "any", "lets in pods of any namespace")
                elif name in teams - users:
                    yield Violation(one, str(name), f"lets in {name}, which does not use it")
                elif name is not None and (not ports or ports & internal):
                    yield Violation(one, "internal", f"opens internal ports to {name}")


@rule(
    reason="A Spot interruption leaves two minutes, and a drain takes longer: the files are gone.",
    source=f"{_CELEBORN}/decommissioning.md",
)
def celeborn_on_demand(plan: Plan) -> Iterator[Violation]:
    """Celeborn's nodes are On-Demand and no team's, and their drain is long enough."""
    used = {
        mapping(one.inputs, "metadata.annotations").get(POOL_ANNOTATION)
        for one in team_namespaces(plan)
    }
    for one in _sets(plan, "worker"):
        spec = mapping(one.inputs, "spec.template.spec")
        pool = next(iter(mapping(spec, "nodeSelector").values()), "")
        if pool in used:
            yield Violation(one, "team", f"runs on pool {pool}, on which executors run")
        for nodes in node_sets(plan):
            if nodes.pool == pool and "spot" in nodes.values_of("karpenter.sh/capacity-type"):
                yield Violation(nodes.resource, "spot", "runs Celeborn's workers on Spot")


@rule(
    reason="A file system is in one zone: an executor of another waits for its servers at each "
    "read, and pays for the traffic.",
    source=f"{_LUSTRE_GUIDE}/getting-started.html",
)
def lustre_in_zone(plan: Plan) -> Iterator[Violation]:
    """Executors of teams on Lustre are in the zone of the file system."""
    systems = plan.by_type(_FILE_SYSTEM)
    for team, nodes, zones in _executors(plan, "lustre") if systems else ():
        if len(zones) != 1:
            text = f"runs executors of {team} in {len(zones)} zones, and its files are in one"
            yield Violation(nodes.resource, "zones", text)
        elif others := _zones_of(systems, plan) - zones:
            text = f"runs executors of {team} in {next(iter(zones))}, and its files are in "
            yield Violation(nodes.resource, "zone", text + ", ".join(sorted(others)))


@rule(
    reason="A volume is attached in its own zone only: an executor of another zone waits for ever.",
    source="https://docs.aws.amazon.com/ebs/latest/userguide/ebs-attaching-volume.html",
)
def claims_in_zone(plan: Plan) -> Iterator[Violation]:
    """Teams whose executors have claims have nodes in the zone of the claims' class."""
    for one in plan.of_kind("StorageClass"):
        where = allowed_zones(one)
        if not where or one.inputs.get("provisioner") != "ebs.csi.aws.com":
            continue
        for team, nodes, zones in _executors(plan, "claim"):
            if zones and not zones & where:
                text = f"is not in {', '.join(sorted(where))}, where the volumes of executors of "
                yield Violation(nodes.resource, "zone", f"{text}{team} are")


def _executors(plan: Plan, kind: str) -> Iterator[tuple[str, NodeSet, set[str]]]:
    """Teams with this kind of shuffle, each with the nodes of its executors and their zones, where
    these are known; no zone stands for any."""
    for namespace in team_namespaces(plan):
        notes = mapping(namespace.inputs, "metadata.annotations")
        for nodes in node_sets(plan) if notes.get(SHUFFLE_ANNOTATION) == kind else ():
            zones = set(nodes.values_of("topology.kubernetes.io/zone"))
            if nodes.pool == notes.get(POOL_ANNOTATION) and UNKNOWN not in zones:
                yield namespace.object_name, nodes, zones


def _zones_of(systems: Iterable[Resource], plan: Plan) -> set[str]:
    """The zones of file systems in subnets of the plan."""
    subnets = [one for system in systems for one in inputs_from(system, "subnetIds", plan)]
    return {str(one.inputs[_ZONE]) for one in subnets if _ZONE in one.inputs}


@rule(
    reason="Without the driver no pod mounts the file system, without its role the driver's "
    "controller does not see it, and with the root as volume a team reads all folders.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/fsx-csi.html",
)
def lustre_mounted(plan: Plan) -> Iterator[Violation]:
    """A Lustre file system has its driver with a role, its ports, and a folder for each team."""
    for system in plan.by_type(_FILE_SYSTEM):
        drivers = [one for one in packages(plan) if "csi:fsx.csi.aws.com" in one.provides]
        if not any(one.resource.inputs.get("serviceAccountRoleArn") for one in drivers):
            yield Violation(system, "driver", "has no driver with a role")
        ports = {
            port
            for group in plan.by_type("aws:ec2/securityGroup:SecurityGroup")
            for item in each(group.inputs, "ingress")
            if isinstance(item.get("fromPort"), int)
            for port in range(int(item["fromPort"]), int(item["toPort"]) + 1)
        }
        if missing := sorted(_LUSTRE_PORTS - ports):
            yield Violation(system, "ports", f"is closed at port {missing[0]}")
    teams = {one.object_name for one in team_namespaces(plan)}
    for volume in plan.of_kind("PersistentVolume"):
        claim = mapping(volume.inputs, "spec.claimRef")
        path = str(at(volume.inputs, "spec.csi.volumeAttributes.mountname") or "")
        own = path == UNKNOWN or path.endswith(f"/{claim.get('namespace')}")
        if claim.get("name") == SHUFFLE_CLAIM and claim.get("namespace") in teams and not own:
            yield Violation(volume, "folder", f"is more than the folder of {claim['namespace']}")
