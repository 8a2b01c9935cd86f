"""One stack's configuration: every component's settings, and the checks that span them.

Nothing else reads configuration. All that is wrong is reported at once, by key, before any
resource is registered.
"""

import contextlib
import json
import re
from typing import Annotated, Any

import pulumi
from pydantic import Field, ValidationError

from components.addons import AddonVersions
from components.autoscaler import AutoscalerKind
from components.base import Settings
from components.cluster import ClusterSettings
from components.jar_bucket import JarBucketSettings
from components.mounts import JarMountSettings
from components.network import NetworkSettings
from components.node_groups import SystemNodesSettings
from components.pools import DriverPool, Pool
from components.spark.settings import SparkSettings
from settings_checks import Problem, cross_checks

PROJECT = "spark-on-eks"

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")


class StackSettings(Settings):
    """The keys of a stack file, without their namespace `spark-on-eks:`."""

    account: Annotated[str, Field(pattern=r"^([0-9]{12})?$")] = ""
    """AWS account of the stack, in quotes; the stack refuses any other. Empty: whichever it is."""
    tags: dict[str, str] = {}
    """Tags of every AWS resource, instances and volumes included."""
    network: NetworkSettings = NetworkSettings()
    cluster: ClusterSettings
    addon_versions: AddonVersions = AddonVersions.model_validate({})
    system_nodes: SystemNodesSettings = SystemNodesSettings()
    autoscaler: AutoscalerKind = "karpenter"
    """Who adds and removes Spark's nodes."""
    pools: list[Pool] = [Pool.model_validate({"name": "default"})]
    """Pools of executors."""
    drivers: DriverPool = DriverPool()
    jar_bucket: JarBucketSettings = JarBucketSettings()
    jar_mount: JarMountSettings = JarMountSettings()
    spark: SparkSettings = SparkSettings()


class Stack(Settings):
    """A stack's settings with what Pulumi and the AWS provider know of it."""

    name: str
    region: str
    settings: StackSettings

    @property
    def tags(self) -> dict[str, str]:
        """The stack's tags, and what tells its resources from another stack's."""
        return {"project": PROJECT, "stack": self.name, **self.settings.tags}


def load() -> Stack:
    """The settings of the stack that runs. Raises pulumi.RunError with every problem, by key."""
    stack = pulumi.get_stack()
    raw = {key: _value(text) for key, text in _configured().items()}
    region = pulumi.Config("aws").get("region")
    if isinstance(raw.get("cluster", {}), dict):
        cluster = raw["cluster"] = dict(raw.get("cluster", {}))
        if not cluster.get("existing"):
            cluster.setdefault("name", f"spark-{stack}")
    problems = [
        # It would go in clear to AWS, into the state and into every preview.
        Problem(f"{PROJECT}:{key}", "is encrypted (`secure:`), and no setting here takes a secret")
        for key in sorted(raw)
        if f"{PROJECT}:{key}" in _encrypted()
    ]
    if problems:
        # Nothing more is said: another message might quote the value.
        raise pulumi.RunError(_message(stack, problems))
    if region is None:
        problems.append(Problem("aws:region", "is not set; for example us-west-2"))
    elif not _REGION.fullmatch(region):
        problems.append(Problem("aws:region", f"{region!r} is not a region such as us-west-2"))
    try:
        settings = StackSettings.model_validate(raw)
        problems += cross_checks(settings, region or "us-west-2")
        if region is not None and not problems:
            return Stack(name=stack, region=region, settings=settings)
    except ValidationError as error:
        problems += [_problem(details, raw) for details in error.errors()]
    raise pulumi.RunError(_message(stack, problems))


def _configured() -> dict[str, str]:
    """Every key that the stack sets in the project's namespace, a mistyped one included."""
    given = {**pulumi.runtime.get_config_env(), **pulumi.runtime.config.CONFIG.get()}
    return {
        key.removeprefix(f"{PROJECT}:"): text
        for key, text in given.items()
        if key.startswith(f"{PROJECT}:")
    }


def _encrypted() -> set[str]:
    """Full keys that have an encrypted value, or one inside."""
    given = pulumi.runtime.config
    return {*given.get_config_secret_keys_env(), *given._SECRET_KEYS.get()}


def _value(text: Any) -> Any:
    """Objects and lists arrive as JSON; a plain scalar arrives as it stands in the stack file."""
    if isinstance(text, str) and text.startswith(("{", "[")):
        with contextlib.suppress(json.JSONDecodeError):
            return json.loads(text)
    return text


def _problem(details: Any, raw: dict[str, Any]) -> Problem:
    path = ""
    value: Any = raw
    for part in details["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
        value = _at(value, part)
    key = f"{PROJECT}:{path.removeprefix('.')}"
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return Problem(key, f"{value!r}: there is no such key")
    if kind == "missing":
        return Problem(key, "is not set")
    if kind == "literal_error":
        allowed = context["expected"].replace("'", "").replace(" or ", ", ")
        return Problem(key, f"{value!r} is not one of {allowed}")
    if kind == "string_pattern_mismatch":
        return Problem(key, f"{value!r} does not match {context['pattern']}")
    if kind == "value_error":
        text = str(context["error"])
        shown = "" if isinstance(value, dict | list) or repr(value) in text else f"{value!r} "
        return Problem(key, f"{shown}{text}")
    shown = json.dumps(value) if isinstance(value, dict | list) else repr(value)
    return Problem(key, f"{shown}: {details['msg'][0].lower()}{details['msg'][1:]}")


def _at(value: Any, part: str | int) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None


def _message(stack: str, problems: list[Problem]) -> str:
    lines = [f"  {problem.key}: {problem.text}" for problem in problems]
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    return "\n".join([f"{count} in stacks/Pulumi.{stack}.yaml:", *lines])
