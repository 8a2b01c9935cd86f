"""The aws plugin: checks inputs by the SDK's types and AWS's own schemas, and keeps the account."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ops.plan.paths import Path, text
from ops.plan.protobuf import UNKNOWN

from . import aws_functions, aws_outputs, aws_rules, aws_schemas, sdk
from . import aws_references as refs
from .aws_types import ROWS, Row
from .base import Changes, Provider, State, changed_paths
from .cloud import Refused, Thing

_DEFAULTS = "__defaults"
"""Key in which the real provider also records the inputs that it generated."""
_ALL_TAGS = "tagsAll"
_INDEX = re.compile(r"\[\d+\]")
_TAG_KEY, _TAG_VALUE = 128, 256
"""docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html."""


class Aws(Provider):
    """One instance: one `aws.Provider` of the program."""

    version = "7.51.1"
    _default_tags: Mapping[str, Any] = {}

    def check_config(self, config: State) -> list[str]:
        return ["region: is required"] if config.get("region") in (None, "", UNKNOWN) else []

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
        given = _without_defaults(inputs)
        lines = sdk.problems(token, {key: given[key] for key in given if key != _ALL_TAGS})
        return inputs, lines or list(_schema_problems(row, given))

    def diff(self, token: str, old: State, new: State) -> Changes:
        row = ROWS[token]
        paths = changed_paths(*(row.sorted(_without_defaults(one)) for one in (old, new)))
        replaces = [path for path in paths if row.forces_replacement(_INDEX.sub("[]", path))]
        if (
            token == refs.CLUSTER
            and old.get("encryptionConfig")
            and not new.get("encryptionConfig")
        ):
            replaces.append("encryptionConfig")
        return Changes(paths, replaces, bool(replaces) and _named_by_hand(row, old, new))

    def computed(self, token: str, inputs: State) -> Iterable[str]:
        return aws_outputs.computed(token, _without_defaults(inputs))

    def create(self, token: str, urn: str, inputs: State) -> tuple[str, State]:
        given = _without_defaults(inputs)
        id_, state = aws_outputs.make(self.cloud, token, given, self._default_tags)
        aws_rules.create(self.cloud, Thing(token, id_, urn, inputs, state))
        return id_, state

    def update(self, thing: Thing, inputs: State) -> State:
        token, given = thing.type, _without_defaults(inputs)
        tags = aws_outputs.common(self.cloud, token, given, self._default_tags)
        kept = {key: value for key, value in thing.state.items() if key not in thing.inputs}
        # The service's own spelling of an input stays as long as the input does.
        same = {key: thing.state[key] for key in given if given[key] == thing.inputs.get(key)}
        state = {**kept, **tags, **given, **same}
        if token == refs.CLUSTER:
            group = thing.state["vpcConfig"]["clusterSecurityGroupId"]
            state["vpcConfig"] = {**inputs["vpcConfig"], "clusterSecurityGroupId": group}
        if token == refs.NODE_GROUP and inputs["scalingConfig"] != thing.inputs["scalingConfig"]:
            state[aws_outputs.RUNNING] = inputs["scalingConfig"]["desiredSize"]
        if "latestVersion" in kept:
            # Each change of a launch template is a new version.
            state["latestVersion"] = kept["latestVersion"] + 1
        aws_rules.update(self.cloud, replace(thing, inputs=inputs, state=state))
        return state

    def delete(self, thing: Thing) -> None:
        aws_rules.delete(self.cloud, thing)

    def invoke(self, token: str, args: State) -> State:
        return aws_functions.invoke(self.cloud, token, args) or super().invoke(token, args)


def _without_defaults(inputs: State) -> State:
    return {key: value for key, value in inputs.items() if key != _DEFAULTS}


def schema_path(path: Path) -> str:
    """A path as the tables and schemas have it, without indexes: `rules[].status`."""
    steps = ("[]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(steps).removeprefix(".")


def _schema_problems(row: Row, inputs: State) -> Iterator[str]:
    """A line for each input that AWS's own schema refuses, by path."""
    for path, value in _with_lists(inputs):
        if path[0] in ("tags", _ALL_TAGS):
            key = str(path[-1])
            if len(key) > _TAG_KEY or len(str(value)) > _TAG_VALUE or key.startswith("aws:"):
                yield f"{text(path)}: not a tag that AWS takes"
            continue
        name = schema_path(path)
        node = row.node(name) if row.cfn else aws_schemas.object_node(name)
        for problem in aws_schemas.problems(node or {}, value):
            yield f"{text(path)}: {problem}"


def _with_lists(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _with_lists(item, (*path, key))
        return
    yield path, value
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _with_lists(item, (*path, index))


def _named(row: Row, urn: str, old: State, new: State, seed: bytes) -> State:
    """The inputs with a name, where the provider makes one: kept as long as the resource is."""
    prefix = f"{row.name}Prefix"
    if not row.autoname or new.get(row.name):
        return new
    if row.name in old.get(_DEFAULTS, []) and old.get(prefix) == new.get(prefix):
        name = old[row.name]
    else:
        given = new.get(prefix) or f"{urn.rsplit('::', 1)[-1]}-"
        name = f"{given[: row.autoname - 7]}{seed.hex()[:7]}"
    return {**new, row.name: name, _DEFAULTS: [row.name]}


def _named_by_hand(row: Row, old: State, new: State) -> bool:
    """Whether old and new would have one name, so that both cannot exist."""
    made = row.name in new.get(_DEFAULTS, [])
    return bool(row.autoname) and not made and old.get(row.name) == new.get(row.name)


def _decoded(value: Any) -> Any:
    # A provider's own nested inputs arrive as JSON text.
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value
