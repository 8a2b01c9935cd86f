"""The kubernetes plugin with the real provider inside: it has every object of the stack and sends
it to a real API server. Helm releases, whose charts are on the internet, are recorded only."""

import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2_grpc

from tests.tiers.programs import ROOT, built

from .base import State, token_of
from .cloud import Cloud, Operation, Refused, Thing, Unheard
from .karpenter import RELEASE
from .kubernetes import Kubernetes

_HOW_TO_GET = (
    "needs Pulumi's kubernetes provider: install Go 1.26 and let dev/provider/build make it"
)
_CHANGES = {"Create": "create", "Update": "update", "Delete": "delete"}


@cache
def program() -> Path:
    """The real provider, built by dev/provider. Raises RuntimeError, which says how to get it."""
    folder = built(ROOT / "dev" / "provider" / "build", _HOW_TO_GET)
    return folder / "pulumi-resource-kubernetes"


def _passed(name: str) -> Callable[[Any, Any, Any], Any]:
    """A method of the protocol that the real provider answers."""

    def call(self: "RealKubernetes", request: Any, context: Any) -> Any:
        return self.ask(name, request, context)

    return call


def _of_resource(name: str) -> Callable[[Any, Any, Any], Any]:
    """The same for a resource that is not a release; what changes the cluster may fail first."""

    def call(self: "RealKubernetes", request: Any, context: Any) -> Any:
        token = token_of(request)
        if token == RELEASE:
            return getattr(Kubernetes, name)(self, request, context)
        if name in _CHANGES and not getattr(request, "preview", False):
            operation = Operation(_CHANGES[name], token, request.urn)
            try:
                # It is noted as begun: the lock of the cloud would put all one after the other.
                self.cloud.attempt(operation, lambda: None)
            except Unheard as unheard:
                self.ask(name, request, context)
                unheard.end_engine()
                context.abort(grpc.StatusCode.UNAVAILABLE, "the engine has ended")
            except Refused as refusal:
                context.abort(grpc.StatusCode.UNKNOWN, str(refusal))
        return self.ask(name, request, context)

    return call


class RealKubernetes(Kubernetes):
    """One instance: a process of the real provider that lives as long as the engine wants it."""

    def __init__(self, kubeconfig: Path, cloud: Cloud, engine: str) -> None:
        """`kubeconfig` is the API server's, whichever the program hands over."""
        super().__init__(cloud, engine)
        self._kubeconfig = kubeconfig
        # The kernel ends it with the thread of this instance.
        command = ["setpriv", "--pdeathsig", "KILL", str(program()), engine]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_GRPC_CHANNEL_OPTIONS)
        self._real = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def end(self) -> None:
        self._channel.close()
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def ask(self, name: str, request: Any, context: Any) -> Any:
        """The real provider's answer to a call, or its error."""
        try:
            return getattr(self._real, name)(request)
        except grpc.RpcError as error:
            # An object that exists and is not ready comes as a detail of the error.
            context.set_trailing_metadata(error.trailing_metadata() or ())
            context.abort(error.code(), error.details())

    def Configure(self, request: Any, context: Any) -> Any:
        text = self._kubeconfig.read_text()
        request.args["kubeconfig"] = text
        request.variables["kubernetes:config:kubeconfig"] = text
        return self.ask("Configure", request, context)

    CheckConfig, DiffConfig, Invoke, Cancel = map(
        _passed, ("CheckConfig", "DiffConfig", "Invoke", "Cancel")
    )
    Check, Diff, Read, Create, Update, Delete = map(
        _of_resource, ("Check", "Diff", "Read", "Create", "Update", "Delete")
    )

    # Releases: the CRDs of their charts are in the cluster, and nothing else of them is needed.

    def create(self, token: str, urn: str, inputs: State) -> tuple[str, State]:
        status = {key: inputs.get(key) for key in ("name", "namespace", "version")}
        state = {**inputs, "status": status}
        thing = self.cloud.add(
            Thing(token, f"{inputs['namespace']}/{inputs['name']}", urn, inputs, state)
        )
        return thing.id, state

    def update(self, thing: Thing, inputs: State) -> State:
        return self.create(thing.type, thing.urn, inputs)[1]

    def delete(self, thing: Thing) -> None:
        self.cloud.remove(thing)

    def read(self, token: str, id_: str) -> tuple[State, State] | None:
        thing = self.cloud.get(token, id_)
        return (thing.inputs, thing.state) if thing else None
