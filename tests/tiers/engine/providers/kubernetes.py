"""The kubernetes plugin: checks objects by Kubernetes' schemas, and keeps the clusters' objects."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import yaml

from ops.diff.replace_rules.kubernetes import ALWAYS, KINDS, OTHER
from ops.plan.paths import leaves
from ops.plan.protobuf import UNKNOWN
from tests.validate import manifest

from . import aws_references as refs
from . import karpenter, kubernetes_rules, sdk
from .base import Changes, Provider, State, changed_paths, covered
from .cloud import Cloud, Refused, Thing
from .kubernetes_rules import CLUSTER_SCOPED

AUTONAMED = "pulumi.com/autonamed"
_NAMESPACED_BY_DEFAULT = "default"


class Kubernetes(Provider):
    """One instance: one `kubernetes.Provider`, with the kubeconfig of one cluster."""

    version = "4.34.2"
    _server = ""

    def configure(self, config: State) -> None:
        # The engine does not call while the kubeconfig is not known.
        try:
            kubeconfig = yaml.safe_load(config["kubeconfig"])
            self._server = str(kubeconfig["clusters"][0]["cluster"]["server"])
        except (yaml.YAMLError, LookupError, TypeError):
            raise Refused("failed to parse kubeconfig") from None

    def diff_config(self, old: State, new: State) -> Changes:
        paths = changed_paths(old, new)
        before, after = old.get("clusterIdentifier"), new.get("clusterIdentifier")
        same = before and before == after
        replaces = [] if same else [path for path in paths if path.startswith("kubeconfig")]
        if before != after:
            replaces.append("clusterIdentifier")
        return Changes(paths, replaces)

    def check(
        self, token: str, urn: str, old: State, new: State, seed: bytes
    ) -> tuple[State, list[str]]:
        if token == karpenter.RELEASE:
            return _checked_release(new)
        inputs = _normalized(_named(urn, old, new, seed))
        if any(value == UNKNOWN for _, value in leaves(inputs)):
            # As the real one: nothing is validated while a part of the object is not known.
            return inputs, []
        lines = [] if kubernetes_rules.defined_by(token) else sdk.problems(token, inputs)
        return inputs, lines or manifest.errors_of(inputs)

    def diff(self, token: str, old: State, new: State) -> Changes:
        paths = changed_paths(old, new)
        forcing = f"{ALWAYS.replaces} apiVersion kind {_row(token).replaces}".split()
        replaces = [path for path in paths if covered(path, forcing)]
        return Changes(paths, replaces, bool(replaces) and _same_name(old, new))

    def dry_run(self, token: str, old: State, new: State) -> None:
        # Not replaced by the provider and not changed by the API server: the preview fails.
        for path in changed_paths(old, new):
            if covered(path, _row(token).refused.split()):
                kind = token.rpartition(":")[2]
                raise Refused(f"{kind} {_id(old)} is invalid: {path} may not be changed")

    def computed(self, token: str, inputs: State) -> Iterable[str]:
        return ["status"] if token == karpenter.RELEASE else []

    def create(self, token: str, urn: str, inputs: State) -> tuple[str, State]:
        state = {**inputs, **_live(self.cloud, token, inputs)}
        thing = Thing(token, _id(inputs), urn, inputs, state, self._cluster())
        kubernetes_rules.create(self.cloud, thing)
        return thing.id, state

    def update(self, thing: Thing, inputs: State) -> State:
        self._cluster()
        self.dry_run(thing.type, thing.inputs, inputs)
        kept = {key: value for key, value in thing.state.items() if key not in thing.inputs}
        state = {**kept, **inputs, **_live(self.cloud, thing.type, inputs)}
        if "metadata" in thing.state:
            state["metadata"]["uid"] = kubernetes_rules.uid_of(thing)
        kubernetes_rules.update(self.cloud, replace(thing, inputs=inputs, state=state))
        return state

    def delete(self, thing: Thing) -> None:
        self._cluster()
        kubernetes_rules.delete(self.cloud, thing)

    def read(self, token: str, id_: str) -> tuple[State, State] | None:
        self._cluster()
        rules = kubernetes_rules
        if token == rules.BINDING and self.cloud.get(rules.VOLUME, id_) is None:
            return None
        return super().read(token, id_)

    def _cluster(self) -> str:
        """The name of the cluster that answers. Raises Refused where none does."""
        for cluster in self.cloud.all(refs.CLUSTER):
            if self._server and cluster.text("endpoint") == self._server:
                return cluster.id
        raise Refused("configured Kubernetes cluster is unreachable")


def _row(token: str) -> Any:
    """What a change of a type does, from the provider's own code."""
    return OTHER.get(token) or KINDS.get(token.rpartition(":")[2], ALWAYS)


def _checked_release(new: State) -> tuple[State, list[str]]:
    inputs = {"namespace": _NAMESPACED_BY_DEFAULT, **new}
    lines, chart = sdk.problems(karpenter.RELEASE, new), str(inputs.get("chart", ""))
    if not inputs.get("name"):
        lines.append("name: a name that the provider makes is not known here")
    if not inputs.get("version"):
        lines.append("version: a chart without a version changes by itself")
    if not chart.startswith("oci://") and not (inputs.get("repositoryOpts") or {}).get("repo"):
        lines.append("chart: neither an OCI address nor in a repository")
    return inputs, lines


def _named(urn: str, old: State, new: State, seed: bytes) -> State:
    """The object with a name: `<logical name>-<8 hex>` where the program gives none."""
    metadata = dict(new.get("metadata") or {})
    if metadata.get("name"):
        return new
    before = old.get("metadata") or {}
    kept = before.get("name") if (before.get("annotations") or {}).get(AUTONAMED) else None
    metadata["name"] = kept or f"{urn.rsplit('::', 1)[-1]}-{seed.hex()[:8]}"
    metadata["annotations"] = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
    return {**new, "metadata": metadata}


def _normalized(inputs: State) -> State:
    # An empty class of a volume is the same as none, and the provider drops it.
    spec = inputs.get("spec")
    if inputs.get("kind") != "PersistentVolume" or not isinstance(spec, Mapping):
        return inputs
    kept = {key: value for key, value in spec.items() if (key, value) != ("storageClassName", "")}
    return {**inputs, "spec": kept}


def _live(cloud: Cloud, token: str, inputs: State) -> State:
    """What the API server adds."""
    if token == karpenter.RELEASE:
        return {"status": {key: inputs.get(key) for key in ("name", "namespace", "version")}}
    metadata = {"uid": cloud.fresh_id(), **inputs["metadata"]}
    if inputs["kind"] not in CLUSTER_SCOPED:
        metadata.setdefault("namespace", _NAMESPACED_BY_DEFAULT)
    return {"metadata": metadata}


def _metadata(inputs: State) -> State:
    """Name, namespace and annotations; a release has the first two at its top."""
    return inputs.get("metadata") or inputs


def _id(inputs: State) -> str:
    metadata = _metadata(inputs)
    if inputs.get("kind") in CLUSTER_SCOPED:
        return str(metadata["name"])
    return f"{metadata.get('namespace') or _NAMESPACED_BY_DEFAULT}/{metadata['name']}"


def _same_name(old: State, new: State) -> bool:
    """Whether old and new would be the same object, so that both cannot exist."""
    before, after = _metadata(old), _metadata(new)
    made = (after.get("annotations") or {}).get(AUTONAMED)
    return not made and all(before.get(key) == after.get(key) for key in ("name", "namespace"))
