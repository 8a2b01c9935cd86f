"""The aws plugin: checks inputs by the SDK's types and AWS's own schemas, and keeps the account."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from . import aws_outputs, aws_references, aws_rules, aws_schemas, sdk, wire
from .aws_types import ROWS, Row
from .base import Changes, Provider, State, changed_paths
from .cloud import Cloud, Refused, Thing

_DEFAULTS = "__defaults"
"""Key in which the real provider also records the inputs that it generated."""
_ALL_TAGS = "tagsAll"
_TAG_KEY, _TAG_VALUE = 128, 256
"""docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html."""


class Aws(Provider):
    """One instance: one `aws.Provider` of the program."""

    version = "7.51.1"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._default_tags: Mapping[str, Any] = {}

    def check_config(self, config: State) -> list[str]:
        if config.get("region") in (None, "", wire.UNKNOWN):
            return ["region: is required"]
        return []

    def configure(self, config: State) -> None:
        accounts = _decoded(config.get("allowedAccountIds")) or []
        if accounts and self.cloud.account not in accounts:
            raise Refused(f"AWS account ID not allowed: {self.cloud.account}")
        if config.get("region") != self.cloud.region:
            raise Refused(f"no such region here: {config.get('region')!r}")
        self._default_tags = (_decoded(config.get("defaultTags")) or {}).get("tags", {})

    def check(
        self, token: str, urn: str, old: State, new: State, seed: bytes
    ) -> tuple[State, list[str]]:
        row = ROWS.get(token)
        if row is None:
            return new, [f": {token} has no row in the table of types"]
        inputs = _named(row, urn, old, new, seed)
        if self._default_tags and "tagsAll" in sdk.output_names(token):
            # So that a change of the provider's default tags changes every resource.
            inputs = {**inputs, _ALL_TAGS: {**self._default_tags, **(new.get("tags") or {})}}
        given = {key: value for key, value in inputs.items() if key not in (_DEFAULTS, _ALL_TAGS)}
        lines = sdk.problems(token, given)
        return inputs, lines or list(schema_problems(token, row, {**given, **_tags_of(inputs)}))

    def diff(self, token: str, old: State, new: State, state: State) -> Changes:
        row = ROWS[token]
        paths = {
            path: kind
            for path, kind in changed_paths(old, new).items()
            if not path.startswith(_DEFAULTS)
        }
        replaces = [path for path in paths if row.forces_replacement(_plain(path))]
        return Changes(paths, replaces, bool(replaces) and _named_by_hand(row, old, new))

    def computed(self, token: str, inputs: State) -> Iterable[str]:
        return aws_outputs.computed(token, _without_defaults(inputs))

    def create(self, token: str, urn: str, inputs: State) -> tuple[str, State]:
        given = _without_defaults(inputs)
        id_, state = aws_outputs.make(self.cloud, token, given, self._default_tags)
        thing = Thing(token, id_, urn, inputs, state)
        aws_rules.before_create(self.cloud, thing)
        self.cloud.add(thing)
        aws_rules.after_create(self.cloud, thing)
        return id_, state

    def update(self, token: str, id_: str, urn: str, inputs: State) -> State:
        thing, given = self._existing(token, id_), _without_defaults(inputs)
        tags = aws_outputs.common(self.cloud, token, given, self._default_tags)
        kept = {key: value for key, value in thing.state.items() if key not in thing.inputs}
        # The service's own spelling of an input stays as long as the input does.
        same = {key: thing.state[key] for key in given if given[key] == thing.inputs.get(key)}
        changed = Thing(token, id_, urn, inputs, {**kept, **tags, **given, **same})
        if token == aws_references.CLUSTER:
            group = thing.state["vpcConfig"]["clusterSecurityGroupId"]
            changed.state["vpcConfig"] = {**inputs["vpcConfig"], "clusterSecurityGroupId": group}
        if "latestVersion" in kept:
            # Each change of a launch template is a new version.
            changed.state["latestVersion"] = kept["latestVersion"] + 1
            if inputs.get("updateDefaultVersion"):
                changed.state["defaultVersion"] = changed.state["latestVersion"]
        aws_rules.before_change(self.cloud, changed)
        self.cloud.add(changed)
        return changed.state

    def delete(self, token: str, id_: str) -> None:
        thing = self.cloud.get(token, id_)
        # A default group is only forgotten; deleting a missing resource succeeds.
        if thing is not None:
            aws_rules.before_delete(self.cloud, thing)
            self.cloud.remove(thing)
            aws_rules.after_delete(self.cloud, thing)

    def read(self, token: str, id_: str) -> tuple[State, State] | None:
        thing = self.cloud.get(token, id_)
        return (thing.inputs, thing.state) if thing else None

    def invoke(self, token: str, args: State) -> State:
        answer = _INVOKES.get(token)
        if answer is None:
            raise Refused(f"no function {token}")
        return answer(self.cloud, args)

    def _existing(self, token: str, id_: str) -> Thing:
        thing = self.cloud.get(token, id_)
        if thing is None:
            raise Refused(f"NotFound: {id_}")
        return thing


def _without_defaults(inputs: State) -> State:
    return {key: value for key, value in inputs.items() if key != _DEFAULTS}


def _tags_of(inputs: State) -> State:
    return {_ALL_TAGS: inputs[_ALL_TAGS]} if _ALL_TAGS in inputs else {}


def schema_problems(token: str, row: Row, inputs: Mapping[str, Any]) -> Iterator[str]:
    """A line for each input that AWS's own schema refuses, by path."""
    for path, value in _with_lists(inputs):
        where = wire.text(path)
        if path[0] in ("tags", _ALL_TAGS):
            yield from _tag_problems(path, value)
            continue
        node = row.node(_plain(where))
        if node is None and not row.cfn:
            node = aws_schemas.request_node("s3", "PutObject", where)
        for problem in aws_schemas.problems(node or {}, value):
            yield f"{where}: {problem}"


def _with_lists(value: Any, path: wire.Path = ()) -> Iterator[tuple[wire.Path, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _with_lists(item, (*path, key))
        return
    if path:
        yield path, value
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _with_lists(item, (*path, index))


def _tag_problems(path: wire.Path, value: Any) -> Iterator[str]:
    key = str(path[-1])
    if len(key) > _TAG_KEY or len(str(value)) > _TAG_VALUE or key.startswith("aws:"):
        yield f"{wire.text(path)}: not a tag that AWS takes"


def _named(row: Row, urn: str, old: State, new: State, seed: bytes) -> State:
    """The inputs with a name, where the provider makes one: kept as long as the resource is."""
    prefix = f"{row.name}Prefix"
    if not row.name or new.get(row.name):
        return new
    if row.name in old.get(_DEFAULTS, []) and old.get(prefix) == new.get(prefix):
        return {**new, row.name: old[row.name], _DEFAULTS: [row.name]}
    ending = seed.hex()[:7]
    given = new.get(prefix) or f"{urn.rsplit('::', 1)[-1]}-"
    return {**new, row.name: f"{given[: row.name_limit - 7]}{ending}", _DEFAULTS: [row.name]}


def _named_by_hand(row: Row, old: State, new: State) -> bool:
    """Whether old and new would have one name, so that both cannot exist."""
    made = row.name in new.get(_DEFAULTS, [])
    return bool(row.name) and not made and old.get(row.name) == new.get(row.name)


def _plain(path: str) -> str:
    return re.sub(r"\[\d+\]", "[]", path)


def _decoded(value: Any) -> Any:
    # A provider's own nested inputs arrive as JSON text.
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value


def _identity(cloud: Cloud, args: State) -> State:
    arn = f"arn:aws:sts::{cloud.account}:assumed-role/deployer/session"
    return {"id": cloud.account, "accountId": cloud.account, "arn": arn, "userId": "AROADEPLOYER"}


_ADDONS = {
    "vpc-cni": "v1.21.1-eksbuild.1",
    "kube-proxy": "v{kubernetes}.2-eksbuild.4",
    "coredns": "v1.13.2-eksbuild.1",
    "metrics-server": "v0.8.1-eksbuild.1",
    "aws-ebs-csi-driver": "v1.56.0-eksbuild.1",
    "aws-mountpoint-s3-csi-driver": "v2.4.0-eksbuild.1",
}


def _addon_version(cloud: Cloud, args: State) -> State:
    if args["addonName"] not in _ADDONS:
        raise Refused(f"InvalidParameterException: no add-on {args['addonName']}")
    version = _ADDONS[args["addonName"]].format(kubernetes=args["kubernetesVersion"])
    return {**args, "id": args["addonName"], "version": version}


def _cluster(cloud: Cloud, args: State) -> State:
    found = cloud.get(aws_references.CLUSTER, str(args["name"]))
    if found is None:
        raise Refused(f"ResourceNotFoundException: no cluster {args['name']}")
    state = {key: value for key, value in found.state.items() if key != "certificateAuthority"}
    return {
        **state,
        "id": found.id,
        "certificateAuthorities": [found.state["certificateAuthority"]],
    }


def _oidc_provider(cloud: Cloud, args: State) -> State:
    host = str(args.get("url") or "").removeprefix("https://")
    found = cloud.first("aws:iam/openIdConnectProvider:OpenIdConnectProvider", url=host)
    if found is None:
        raise Refused(f"no identity provider for {host}")
    return {**found.state, "id": found.id, "clientIdLists": ["sts.amazonaws.com"]}


_INVOKES: Mapping[str, Callable[[Cloud, State], State]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _identity,
    "aws:eks/getAddonVersion:getAddonVersion": _addon_version,
    "aws:eks/getCluster:getCluster": _cluster,
    "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": _oidc_provider,
}
