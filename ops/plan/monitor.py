"""The recording monitor, which replaces the engine while the program runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from pulumi.runtime import mocks
from pulumi.runtime.proto import engine_pb2, resource_pb2

from ops.plan import fake_outputs as outputs
from ops.plan import protobuf as wire
from ops.plan.cloud import Cloud, invoke
from ops.plan.errors import PlanError
from ops.plan.model import STACK_TYPE, Invoke, sorted_unique

_Add = Callable[[Any, dict[str, Any]], None]


@dataclass
class Recording:
    """The unchanged requests of one run of the program."""

    registered: dict[str, resource_pb2.RegisterResourceRequest] = field(default_factory=dict)
    read: dict[str, resource_pb2.ReadResourceRequest] = field(default_factory=dict)
    stack_outputs: Any = None
    outputs: dict[str, Any] = field(default_factory=dict)
    """Outputs that components register, by URN."""
    identifiers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Ids and ARNs of AWS resources, by URN."""
    invokes: list[Invoke] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class RecordingMonitor(mocks.MockMonitor):
    """Keeps every raw request and responds as in a preview or an update.

    In a preview ids and computed outputs stay unknown and inputs are returned as outputs; in an
    update `outputs` generates the rest. All requests come from one thread (ops/plan/program.py).
    """

    def __init__(self, project: str, stack: str, cloud: Cloud, preview: bool) -> None:
        # The monitor handles all requests itself.
        super().__init__(mocks=cast("mocks.Mocks", None))
        self.recording = Recording()
        self._prefix = f"urn:pulumi:{stack}::{project}::"
        self._cloud = cloud
        self._preview = preview
        self._unconfigured: set[str] = set()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Returns the URN that the engine would generate.

        The SDK's own mock includes only the nearest parent's type, so two resources with
        different URNs could get the same one.
        """
        chain = parent.split("::")[2] if parent else ""
        qualified = type_ if chain in ("", STACK_TYPE) else f"{chain}${type_}"
        return f"{self._prefix}{qualified}::{name}"

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if urn in self.recording.registered or urn in self.recording.read:
            self.recording.problems.append(f"two resources have the same URN: {urn}")
        self.recording.registered[urn] = request
        if request.transforms:
            self.recording.warnings.append(f"{urn}: its transforms were not run")
        response = resource_pb2.RegisterResourceResponse(urn=urn)
        if self._is_unconfigured(urn, request):
            return response
        response.object.CopyFrom(request.object)
        if request.custom or request.remote:
            add = wire.fill_unknown if self._preview else wire.fill
            identifier = self._finish(urn, request, request.importId, response.object, add)
            response.id = "" if self._preview else identifier
        return response

    def _is_unconfigured(self, urn: str, request: resource_pb2.RegisterResourceRequest) -> bool:
        """Whether the resource's provider lacks a part of its configuration at preview.

        Such a provider is not called: it returns nothing, not even the inputs
        (tests/tiers/engine/test_plan.py compares this with the engine).
        """
        if request.type.startswith("pulumi:providers:"):
            if self._preview and any(wire.unknowns(request.object)):
                self._unconfigured.add(urn)
            return False
        return request.provider.rsplit("::", 1)[0] in self._unconfigured

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> Any:
        """Records a resource that the program only looks up."""
        urn = self.make_urn(request.parent, request.type, request.name)
        self.recording.read[urn] = request
        response = resource_pb2.ReadResourceResponse(urn=urn)
        response.properties.CopyFrom(request.properties)
        # Lookups also run at preview, so their results are known.
        response.id = self._finish(urn, request, request.id, response.properties, wire.fill)
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:
        """Records the stack's exports and the components' outputs."""
        if request.urn.startswith(f"{self._prefix}{STACK_TYPE}::"):
            self.recording.stack_outputs = request.outputs
        else:
            self.recording.outputs[request.urn] = request.outputs
        return super().RegisterResourceOutputs(request)

    def Invoke(self, request: Any) -> Any:
        """Returns the result of a provider function from the table. Raises PlanError for an unknown
        one."""
        if request.tok == "pulumi:pulumi:getResource":
            return super().Invoke(request)
        self.recording.invokes.append(Invoke(request.tok, wire.masked(request.args)))
        try:
            answer = invoke(request.tok, wire.revealed(request.args), self._cloud)
        except PlanError as error:
            self.recording.problems.extend(error.problems)
            raise
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(wire.struct(answer))
        return response

    def Call(self, request: Any) -> Any:
        """Rejects methods of resources: their results are not in the table."""
        error = PlanError([f"the program calls {request.tok}, which the preview does not support"])
        self.recording.problems.extend(error.problems)
        raise error

    def _finish(self, urn: str, request: Any, given_id: str, state: Any, add: _Add) -> str:
        """Adds the fake outputs to `state` with `add`, and returns the id."""
        inputs = wire.revealed(state)
        made_id, made = outputs.resource(request.type, request.name, inputs, self._cloud)
        # An ARN or id that contains a secret name is not marked as secret.
        redactor = wire.Redactor(wire.secrets(state))
        made = redactor.data(made)
        add(state, made)
        identifier = given_id or made_id
        if request.type.startswith("aws:"):
            shown = redactor.text(identifier)
            found = (shown, str(made.get("arn") or shown))
            self.recording.identifiers[urn] = sorted_unique(found)
        known = mocks.MockMonitor.ResourceRegistration(urn, identifier, {**inputs, **made})
        self.resources[urn] = known
        return identifier


class RecordingEngine:
    """Receives the program's log lines: warnings become notes, the rest is dropped."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def Log(self, request: engine_pb2.LogRequest) -> None:
        if request.severity in (engine_pb2.WARNING, engine_pb2.ERROR):
            self._recording.warnings.append(request.message.strip())

    def RequirePulumiVersion(self, request: Any) -> None:
        """Accepts any version of the CLI, because no CLI runs here."""
