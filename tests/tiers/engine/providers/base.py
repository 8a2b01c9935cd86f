"""Base of the providers: the protocol around checks, differences and operations."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from ops.plan.paths import leaves, text
from ops.plan.protobuf import UNKNOWN, struct
from ops.plan.protobuf import revealed as plain

from .cloud import Cloud, HalfDone, Operation, Refused, Thing

State = dict[str, Any]


@dataclass
class Changes:
    """How the inputs of a resource differ from those it has."""

    paths: dict[str, str] = field(default_factory=dict)
    """Changed path to `add`, `delete` or `update`."""
    replaces: list[str] = field(default_factory=list)
    delete_before_replace: bool = False


def changed_paths(old: State, new: State) -> dict[str, str]:
    """Every leaf path whose value differs, with the kind of difference."""
    before, after = dict(leaves(old)), dict(leaves(new))
    found = {}
    for path in {*before, *after} - {()}:
        if path not in before:
            found[text(path)] = "add"
        elif path not in after:
            found[text(path)] = "delete"
        elif before[path] != after[path]:
            found[text(path)] = "update"
    return found


def covered(path: str, prefixes: Iterable[str]) -> bool:
    """Whether a path is one of the prefixes or below one."""
    return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in prefixes)


def _refusing(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """Makes a method of the protocol, whose refusal is the call's error."""

    @wraps(method)
    def call(self: Any, request: Any, context: Any) -> Any:
        try:
            return method(self, request)
        except HalfDone as half:
            _abort_half_done(context, half, request)
        except Refused as refusal:
            context.abort(grpc.StatusCode.UNKNOWN, str(refusal))

    return call


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One instance of a plugin. Subclasses say what the resources are, by raising Refused too."""

    version = "0.0.1"

    def __init__(self, cloud: Cloud, engine: str = "") -> None:
        """`engine` is the address of the engine that started the plugin."""
        self.cloud, self.engine = cloud, engine

    # Subclasses override these; a provider of components only needs none for resources.

    def check(
        self, token: str, urn: str, old: State, new: State, seed: bytes
    ) -> tuple[State, list[str]]:
        """The inputs with defaults, and a line `path: reason` for each that cannot be."""

    def diff(self, token: str, old: State, new: State) -> Changes:
        """What a change of inputs means."""

    def computed(self, token: str, inputs: State) -> Iterable[str]:
        """Outputs that a preview of a creation does not know."""

    def create(self, token: str, urn: str, inputs: State) -> tuple[str, State]:
        """Creates; returns the id and all outputs."""

    def update(self, thing: Thing, inputs: State) -> State:
        """Updates in place; returns all outputs."""

    def dry_run(self, token: str, old: State, new: State) -> None:
        """Tries an update in place in a preview."""

    def delete(self, thing: Thing) -> None:
        """Deletes."""

    def read(self, token: str, id_: str) -> tuple[State, State] | None:
        """Inputs and outputs of what exists under the id, None where nothing does."""
        thing = self.cloud.get(token, id_)
        return (thing.inputs, thing.state) if thing else None

    def invoke(self, token: str, args: State) -> State:
        """Answers a function."""
        raise Refused(f"no function {token}")

    def configure(self, config: State) -> None:
        """Takes the provider resource's inputs."""

    def check_config(self, config: State) -> list[str]:
        """A line for each wrong input of the provider resource."""
        return []

    def diff_config(self, old: State, new: State) -> Changes:
        """What a change of the provider resource's inputs means."""
        return Changes(changed_paths(old, new))

    def end(self) -> None:
        """The engine is done with this instance."""

    # The protocol.

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self.version)

    def CheckConfig(self, request: Any, context: Any) -> Any:
        failures = _failures(self.check_config(plain(request.news)))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        old = plain(request.old_inputs) or plain(request.olds)
        return _diff_response(self.diff_config(old, plain(request.news)))

    @_refusing
    def Configure(self, request: Any) -> Any:
        self.configure(plain(request.args))
        # Without secrets: the engine takes their marks off, and puts them on what comes back.
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    @_refusing
    def Check(self, request: Any) -> Any:
        old, new = plain(request.olds), plain(request.news)
        token, urn = token_of(request), request.urn
        inputs, lines = self.check(token, urn, old, new, request.randomSeed)
        return provider_pb2.CheckResponse(inputs=struct(inputs), failures=_failures(lines))

    @_refusing
    def Diff(self, request: Any) -> Any:
        old, new = plain(request.old_inputs), plain(request.news)
        return _diff_response(self.diff(token_of(request), old, new))

    @_refusing
    def Create(self, request: Any) -> Any:
        token, inputs = token_of(request), plain(request.properties)
        if request.preview:
            id_, state = "", {**dict.fromkeys(self.computed(token, inputs), UNKNOWN), **inputs}
        else:
            operation = Operation("create", token, request.urn)
            id_, state = self.cloud.attempt(
                operation, lambda: self.create(token, request.urn, inputs)
            )
        return provider_pb2.CreateResponse(id=id_, properties=struct(state))

    @_refusing
    def Read(self, request: Any) -> Any:
        found = self.read(token_of(request), request.id)
        if found is None:
            return provider_pb2.ReadResponse()
        inputs, state = map(struct, found)
        return provider_pb2.ReadResponse(id=request.id, inputs=inputs, properties=state)

    @_refusing
    def Update(self, request: Any) -> Any:
        token, inputs = token_of(request), plain(request.news)
        if request.preview:
            self.dry_run(token, plain(request.old_inputs), inputs)
            old = plain(request.olds)
            state = {**{key: old.get(key) for key in self.computed(token, inputs)}, **inputs}
        else:
            thing = self.cloud.get(token, request.id)
            if thing is None:
                raise Refused(f"NotFound: {request.id}")
            operation = Operation("update", token, request.urn)
            state = self.cloud.attempt(operation, lambda: self.update(thing, inputs))
        return provider_pb2.UpdateResponse(properties=struct(state))

    @_refusing
    def Delete(self, request: Any) -> Any:
        token = token_of(request)

        def perform() -> None:
            # A default group is only forgotten; deleting a missing resource succeeds.
            if thing := self.cloud.get(token, request.id):
                self.delete(thing)

        self.cloud.attempt(Operation("delete", token, request.urn), perform)
        return empty_pb2.Empty()

    @_refusing
    def Invoke(self, request: Any) -> Any:
        answer = struct(self.invoke(request.tok, plain(request.args)))
        return provider_pb2.InvokeResponse(**{"return": answer})


def _abort_half_done(context: Any, half: HalfDone, request: Any) -> None:
    """Reports a resource that exists but failed to initialize: the engine keeps it in its state,
    and updates it next time even with the same inputs."""
    reason, (id_, state) = half.args
    packed = any_pb2.Any()
    packed.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=id_, properties=struct(state), inputs=request.properties, reasons=[reason]
        )
    )
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=reason, details=[packed])
    context.set_trailing_metadata([("grpc-status-details-bin", status.SerializeToString())])
    context.abort(code, reason)


def token_of(request: Any) -> str:
    """The type of the resource that a call is about."""
    return request.urn.split("::")[2].rsplit("$", 1)[-1]


def _failures(lines: Iterable[str]) -> list[Any]:
    parts = [line.partition(": ") for line in lines]
    return [provider_pb2.CheckFailure(property=path, reason=reason) for path, _, reason in parts]


def _diff_response(changes: Changes) -> Any:
    kinds, response = {"add": 0, "delete": 2, "update": 4}, provider_pb2.DiffResponse

    def replaces(path: str) -> bool:
        above = any(covered(one, [path]) for one in changes.replaces)
        return above or covered(path, changes.replaces)

    return response(
        changes=response.DIFF_SOME if changes.paths else response.DIFF_NONE,
        replaces=changes.replaces,
        deleteBeforeReplace=changes.delete_before_replace,
        diffs=sorted({path.split(".")[0].split("[")[0] for path in changes.paths}),
        detailedDiff={
            path: provider_pb2.PropertyDiff(kind=kinds[kind] + replaces(path), inputDiff=True)
            for path, kind in changes.paths.items()
        },
        hasDetailedDiff=True,
    )
