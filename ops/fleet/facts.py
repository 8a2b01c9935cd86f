"""What checks need of each member: its settings as they are written, and facts of its plan."""

import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ops.plan.model import Plan
from ops.plan.packages import RELEASE
from ops.plan.record import Failure, record_all
from ops.plan.stack import load
from ops.plan.values import at, known

GLOBAL, ACCOUNT, REGION = "in AWS", "in the account", "in the account and Region"
_NAMES: Mapping[str, tuple[str, str]] = {
    "aws:s3/bucket:Bucket": ("bucket", GLOBAL),
    "aws:iam/role:Role": ("name", ACCOUNT),
    "aws:iam/policy:Policy": ("name", ACCOUNT),
    "eks:index:Cluster": ("name", REGION),
    "aws:sqs/queue:Queue": ("name", REGION),
    "aws:sns/topic:Topic": ("name", REGION),
    "aws:kms/alias:Alias": ("name", REGION),
    "aws:cloudwatch/logGroup:LogGroup": ("name", REGION),
    "aws:cloudwatch/eventRule:EventRule": ("name", REGION),
    "aws:ec2/launchTemplate:LaunchTemplate": ("name", REGION),
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": ("ecrRepositoryPrefix", REGION),
    "aws:amp/workspace:Workspace": ("alias", REGION),
}
"""Type to the input with its name, and where that must be unique: the Create operation of each
service in docs.aws.amazon.com."""


@dataclass(frozen=True)
class Facts:
    """One member."""

    name: str
    values: Mapping[str, Any]
    """Its stack file's keys, without the project's name."""
    region: str
    """Empty where the stack file has none: that of the environment."""
    account: str
    block: str
    """IPv4 block of a VPC that the stack makes; empty for a given one."""
    kubernetes: str
    operator: str
    """Version of the Spark operator's chart."""
    names: Mapping[tuple[str, str, str], str]
    """Short type, name and where it must be unique, to the resource."""


def facts_of(root: Path, members: Sequence[str]) -> list[Facts | Failure]:
    """Returns what each member's stack is, in their order, or why its stack cannot be recorded;
    as many at a time as there are processors."""
    # The parent has imported the SDK: each worker starts with it.
    import pulumi  # noqa: F401, PLC0415
    import pulumi_aws  # noqa: F401, PLC0415
    import pulumi_eks  # noqa: F401, PLC0415
    import pulumi_kubernetes  # noqa: F401, PLC0415

    workers = min(len(members), os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, multiprocessing.get_context("fork")) as pool:
        return list(pool.map(partial(_facts, root), members))


def _facts(root: Path, name: str) -> Facts | Failure:
    plan = record_all(root, [name])[name]
    if isinstance(plan, Failure):
        return plan
    config = load(root, name)
    values = {key.removeprefix(f"{config.project}:"): one for key, one in config.values.items()}
    region, account = str(values.get("aws:region") or ""), str(values.get("account") or "")
    return Facts(
        name,
        values,
        region,
        account,
        _first(plan, "aws:ec2/vpc:Vpc", "cidrBlock"),
        _first(plan, "eks:index:Cluster", "version"),
        _operator(plan),
        dict(_names(plan)),
    )


def _first(plan: Plan, type_: str, path: str) -> str:
    found = [at(one.inputs, path) for one in plan.by_type(type_)]
    return str(found[0]) if found and known(found[0]) else ""


def _operator(plan: Plan) -> str:
    for one in plan.by_type(RELEASE):
        if one.inputs.get("chart") == "spark-operator":
            return str(one.inputs.get("version"))
    return ""


def _names(plan: Plan) -> Iterator[tuple[tuple[str, str, str], str]]:
    for one in plan.resources:
        if one.type in _NAMES and not one.external:
            key, where = _NAMES[one.type]
            # Without a name Pulumi makes one, with random characters.
            if isinstance(name := one.inputs.get(key), str) and known(name):
                yield (one.short_type, name, where), one.name
