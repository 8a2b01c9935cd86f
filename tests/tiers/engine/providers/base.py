"""Base of the providers: the protocol around checks, differences and operations."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from . import wire
from .cloud import Cloud, HalfDone, Operation, Refused

PREVIEWED_ID = ""
State = dict[str, Any]


@dataclass
class Changes:
    """How the inputs of a resource differ from those it has."""

    paths: dict[str, str] = field(default_factory=dict)
    """Changed path to `add`, `delete` or `update`."""
    replaces: list[str] = field(default_factory=list)
    delete_before_replace: bool = False


def changed_paths(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """Every leaf path whose value differs, with the kind of difference."""
    before = dict(wire.leaves(dict(old)))
    after = dict(wire.leaves(dict(new)))
    found = {}
    for path in {*before, *after}:
        if path not in before:
            found[wire.text(path)] = "add"
        elif path not in after:
            found[wire.text(path)] = "delete"
        elif before[path] != after[path]:
            found[wire.text(path)] = "update"
    found.pop("", None)
    return found


def below(path: str, prefixes: Iterable[str]) -> bool:
    """Whether a changed path is one of the prefixes, or below or above one."""
    return any(path == one or _inside(path, one) or _inside(one, path) for one in prefixes)


def _inside(path: str, prefix: str) -> bool:
    return path.startswith((f"{prefix}.", f"{prefix}["))


def _none_of(provider: object, token: str) -> Refused:
    return Refused(f"{type(provider).__name__} has no resource {token}")


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One instance of a plugin. Subclasses say what the resources are."""

    version = "0.0.1"

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    # Subclasses override these; a provider of components only needs none for resources.

    def check(
        self, token: str, urn: str, old: State, new: State, seed: bytes
    ) -> tuple[State, list[str]]:
        """The inputs with defaults, and a line `path: reason` for each that cannot be."""
        raise _none_of(self, token)

    def diff(self, token: str, old: State, new: State, state: State) -> Changes:
        """What a change of inputs means. Raises Refused for a change that cannot be made."""
        raise _none_of(self, token)

    def computed(self, token: str, inputs: State) -> Iterable[str]:
        """Outputs that a preview of a creation does not know."""
        raise _none_of(self, token)

    def create(self, token: str, urn: str, inputs: State) -> tuple[str, State]:
        """Creates; returns the id and all outputs. Raises Refused."""
        raise _none_of(self, token)

    def update(self, token: str, id_: str, urn: str, inputs: State) -> State:
        """Updates in place; returns all outputs. Raises Refused."""
        raise _none_of(self, token)

    def dry_run(self, token: str, old: State, new: State) -> None:
        """Tries an update in place in a preview. Raises Refused."""

    def delete(self, token: str, id_: str) -> None:
        """Deletes. Raises Refused."""
        raise _none_of(self, token)

    def read(self, token: str, id_: str) -> tuple[State, State] | None:
        """Inputs and outputs of what exists under the id, None where nothing does."""
        raise _none_of(self, token)

    def invoke(self, token: str, args: State) -> State:
        """Answers a function. Raises Refused."""
        raise Refused(f"no function {token}")

    def configure(self, config: State) -> None:
        """Takes the provider resource's inputs. Raises Refused."""

    def check_config(self, config: State) -> list[str]:
        """A line for each wrong input of the provider resource."""
        return []

    def diff_config(self, old: State, new: State) -> Changes:
        """What a change of the provider resource's inputs means."""
        return Changes(changed_paths(old, new))

    # The protocol.

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self.version)

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(
            inputs=request.news, failures=_failures(self.check_config(wire.plain(request.news)))
        )

    def DiffConfig(self, request: Any, context: Any) -> Any:
        old = wire.plain(request.old_inputs) or wire.plain(request.olds)
        return _diff_response(self.diff_config(old, wire.plain(request.news)))

    def Configure(self, request: Any, context: Any) -> Any:
        self._guarded(context, lambda: self.configure(wire.plain(request.args)))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    def Check(self, request: Any, context: Any) -> Any:
        inputs, lines = self.check(
            _token(request.urn),
            request.urn,
            wire.plain(request.olds),
            wire.plain(request.news),
            request.randomSeed,
        )
        return provider_pb2.CheckResponse(
            inputs=wire.struct(inputs, wire.secret_keys(request.news)), failures=_failures(lines)
        )

    def Diff(self, request: Any, context: Any) -> Any:
        changes = self._guarded(
            context,
            lambda: self.diff(
                _token(request.urn),
                wire.plain(request.old_inputs),
                wire.plain(request.news),
                wire.plain(request.olds),
            ),
        )
        return _diff_response(changes)

    def Create(self, request: Any, context: Any) -> Any:
        token, inputs = _token(request.urn), wire.plain(request.properties)
        if request.preview:
            state = {**dict.fromkeys(self.computed(token, inputs), wire.UNKNOWN), **inputs}
            id_ = PREVIEWED_ID
        else:
            operation = Operation("create", token, request.urn)
            try:
                id_, state = self.cloud.attempt(
                    operation, lambda: self.create(token, request.urn, inputs)
                )
            except HalfDone as half:
                _abort_half_done(context, half, inputs)
            except Refused as refusal:
                context.abort(grpc.StatusCode.UNKNOWN, str(refusal))
        secrets = wire.secret_keys(request.properties)
        return provider_pb2.CreateResponse(id=id_, properties=wire.struct(state, secrets))

    def Read(self, request: Any, context: Any) -> Any:
        found = self._guarded(context, lambda: self.read(_token(request.urn), request.id))
        if found is None:
            return provider_pb2.ReadResponse()
        inputs, state = found
        return provider_pb2.ReadResponse(
            id=request.id,
            inputs=wire.struct(inputs, wire.secret_keys(request.inputs)),
            properties=wire.struct(state, wire.secret_keys(request.properties)),
        )

    def Update(self, request: Any, context: Any) -> Any:
        token, inputs = _token(request.urn), wire.plain(request.news)
        if request.preview:
            self._guarded(
                context, lambda: self.dry_run(token, wire.plain(request.old_inputs), inputs)
            )
            old = wire.plain(request.olds)
            state = {**{key: old.get(key) for key in self.computed(token, inputs)}, **inputs}
        else:
            operation = Operation("update", token, request.urn)
            state = self._attempt(
                context, operation, lambda: self.update(token, request.id, request.urn, inputs)
            )
        secrets = wire.secret_keys(request.news)
        return provider_pb2.UpdateResponse(properties=wire.struct(state, secrets))

    def Delete(self, request: Any, context: Any) -> Any:
        token = _token(request.urn)
        operation = Operation("delete", token, request.urn)
        self._attempt(context, operation, lambda: self.delete(token, request.id))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        answer = self._guarded(context, lambda: self.invoke(request.tok, wire.plain(request.args)))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(wire.struct(answer))
        return response

    def _attempt(self, context: Any, operation: Operation, perform: Callable[[], Any]) -> Any:
        return self._guarded(context, lambda: self.cloud.attempt(operation, perform))

    def _guarded(self, context: Any, perform: Callable[[], Any]) -> Any:
        try:
            return perform()
        except Refused as refusal:
            context.abort(grpc.StatusCode.UNKNOWN, str(refusal))


def _abort_half_done(context: Any, half: HalfDone, inputs: State) -> None:
    """Reports a resource that exists but failed to initialize: the engine keeps it in its state,
    and updates it next time even with the same inputs."""
    reason, (id_, state) = half.args
    detail = provider_pb2.ErrorResourceInitFailed(
        id=id_,
        properties=wire.struct(state),
        inputs=wire.struct(inputs),
        reasons=[reason],
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=reason)
    status.details.append(packed)
    context.set_trailing_metadata([("grpc-status-details-bin", status.SerializeToString())])
    context.abort(grpc.StatusCode.UNKNOWN, reason)


def _token(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", 1)[-1]


def _failures(lines: Iterable[str]) -> list[Any]:
    found = []
    for line in lines:
        path, _, reason = line.partition(": ")
        found.append(provider_pb2.CheckFailure(property=path, reason=reason))
    return found


def _diff_response(changes: Changes) -> Any:
    kinds = {"add": 0, "delete": 2, "update": 4}
    detailed = {
        path: provider_pb2.PropertyDiff(
            kind=kinds[kind] + (1 if below(path, changes.replaces) else 0), inputDiff=True
        )
        for path, kind in changes.paths.items()
    }
    some = provider_pb2.DiffResponse.DIFF_SOME
    none = provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some if changes.paths else none,
        replaces=changes.replaces,
        deleteBeforeReplace=changes.delete_before_replace,
        diffs=sorted({path.split(".")[0].split("[")[0] for path in changes.paths}),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )
