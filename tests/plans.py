"""Plans of the project's own stacks, recorded once a process, and helpers to query them."""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from ops.plan.model import Plan, Resource
from ops.plan.record import record

ROOT = Path(__file__).resolve().parent.parent
STACKS = ("dev", "staging", "prod", "existing")

NODE = ("jarMount.level=node", "jarMount.method=userdata")
DAEMONSET = ("jarMount.level=node", "jarMount.method=daemonset")
CLUSTER_AUTOSCALER = (
    "autoscaler=cluster-autoscaler",
    "pools=[{name: default, families: [m7gd, m7i], sizes: [4xlarge]}]",
    "drivers={families: [m7g, m7i], sizes: [xlarge]}",
)
_SECRET = "arn:aws:secretsmanager:us-west-2:111122223333:secret:ecr-pullthroughcache"
CACHE = (
    "images.cache={enabled: true, credentials: "
    f"{{dockerHub: '{_SECRET}/hub-AbCdEf', github: '{_SECRET}/gh-AbCdEf'}}}}",
)
"""Every registry that ECR can cache."""
CELEBORN_POOL = (
    "{name: celeborn, families: [m7gd, m6gd], sizes: [2xlarge], capacityTypes: [on-demand], "
    "localDisk: nvme, terminationGracePeriod: 90m, limits: {cpu: 64, memoryGiB: 512}}"
)
_DEFAULT_POOL = "{name: default, limits: {cpu: 128, memoryGiB: 512}}"
FALLBACK = (
    "spark.historyServer={enabled: true, release: '2026-11-01'}",
    "spark.shuffleFallback.enabled=true",
)
CELEBORN = (
    f"pools=[{_DEFAULT_POOL}, {CELEBORN_POOL}]",
    "spark.teams=[{name: team-a, shuffle: celeborn}, {name: team-b}]",
    "storage.celeborn.pool=celeborn",
)
LUSTRE = (
    "pools=[{name: default, zones: [b], limits: {cpu: 128, memoryGiB: 512}}]",
    "spark.teams=[{name: team-a, shuffle: lustre}, {name: team-b}]",
)
DATA = (
    "spark.teams=[{name: team-a, buckets: [{name: acme-lake, prefix: raw/}, "
    "{name: acme-lake, prefix: gold/, access: readWrite}]}, "
    "{name: team-b, buckets: [{name: acme-lake, prefix: raw/b/}]}]",
    "cache={kind: mountpoint, buckets: [{name: acme-lake, prefix: raw/}]}",
)
"""Cached data that the first team may read, and the second only a part of."""
LOGS = (
    "observability.logs.enabled=true",
    "spark.historyServer={enabled: true, release: '2026-11-01'}",
)
LOG_GROUPS = ("observability.logs={enabled: true, destination: cloudwatch}",)
DRILL = (
    "karpenter.spotDrill={enabled: true, pool: default, nodes: 2, "
    "alarmArn: 'arn:aws:cloudwatch:us-west-2:111122223333:alarm:jobs fail'}",
)
REPLICA = (
    "jarBucket={encryption: kms, replicateTo: {bucket: acme-copies, region: us-east-1, "
    "kmsKeyArn: 'arn:aws:kms:us-east-1:111122223333:key/b1'}}",
)
OPEN_TEAM = (
    "spark.teams=[{name: a, "
    "rights: {"
    "glue: [{database: sales, access: readWrite}, {database: raw, tables: [orders, tmp_*]}], "
    "dynamodb: [{tableArn: 'arn:aws:dynamodb:us-west-2:111122223333:table/locks', "
    "access: readWrite}], "
    "secrets: [{arn: 'arn:aws:secretsmanager:us-west-2:111122223333:secret:db/x-AbCdEf', "
    "kmsKeyArn: 'arn:aws:kms:us-west-2:111122223333:key/a'}], "
    "kafka: [{clusterArn: 'arn:aws:kafka:us-west-2:111122223333:cluster/c/0a-1', "
    "topics: [orders-*, clicks]}], "
    "sqs: [{queueArn: 'arn:aws:sqs:us-west-2:111122223333:in'}, "
    "{queueArn: 'arn:aws:sqs:us-west-2:111122223333:out', access: send}], "
    "kms: [{keyArn: 'arn:aws:kms:us-west-2:111122223333:key/b', access: readWrite}]}, "
    "egress: [{cidr: 10.20.0.0/24, ports: [9098]}], "
    "services: [{namespace: catalog, podLabels: {app: rest}, ports: [8181]}], "
    "clients: [{namespace: proxy}, {namespace: metrics, podLabels: {app: prometheus}, "
    "ports: [8090, 9404]}], "
    "submitters: [{group: people}, {namespace: airflow, serviceAccount: worker}, "
    "{roleArn: 'arn:aws:iam::111122223333:role/ci/deploy'}]}, "
    "{name: b, submitters: [{roleArn: 'arn:aws:iam::111122223333:role/ci/deploy'}]}]",
)
"""A team with everything that a stack file can open for it, and another with little."""


@cache
def plan_of(stack: str, *overrides: str) -> Plan:
    """The plan of a stack with keys changed, as `make plan` makes it."""
    return record(ROOT, stack, list(overrides))


def of_type(plan: Plan, kind: str) -> list[Resource]:
    """The resources whose type ends so: `s3/bucket:Bucket`, `NodePool`."""
    return [one for one in plan.resources if one.type.endswith(kind)]


def named(plan: Plan, kind: str, name: str) -> Resource:
    """The one resource of this type and name."""
    (found,) = [one for one in of_type(plan, kind) if one.name == name]
    return found


def absent(plan: Plan, *words: str) -> bool:
    """True if no type or name of a resource contains any of the words."""
    return not any(word in f"{one.type} {one.name}" for one in plan.resources for word in words)


def statements(document: str) -> dict[str, dict[str, Any]]:
    """A policy's statements by Sid."""
    return {one["Sid"]: one for one in json.loads(document)["Statement"]}


def reaches(plan: Plan, start: Resource) -> set[str]:
    """URNs of the resources that must exist before a resource and are deleted after it."""
    by_urn = {one.urn: one for one in plan.resources}
    seen: set[str] = set()
    waiting = list(direct(start))
    while waiting:
        urn = waiting.pop()
        if urn in seen or urn not in by_urn:
            continue
        seen.add(urn)
        waiting += direct(by_urn[urn])
    return seen


def direct(resource: Resource) -> Iterable[str]:
    """URNs that a resource itself names: its dependencies and its provider."""
    options = resource.options
    yield from options.dependencies
    for urns in options.property_dependencies.values():
        yield from urns
    if options.provider:
        yield options.provider
