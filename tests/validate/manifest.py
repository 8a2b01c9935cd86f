"""Validates a Kubernetes manifest: built-in kinds by Kubernetes' schemas, custom ones by CRDs."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

from . import reference
from .crd import errors_of_custom, messages

KUBERNETES = "1.35"
"""The version whose built-in types are taken; the default of the clusters."""


def errors_of(manifest: Mapping[str, Any]) -> list[str]:
    """The errors of a manifest. A kind without a schema is an error.

    Where the folder of CRDs is missing, custom resources have none: a test fails for that in CI.
    """
    version, kind = str(manifest.get("apiVersion")), str(manifest.get("kind"))
    if not (manifest.get("metadata") or {}).get("name"):
        return ["metadata.name: required"]
    try:
        return messages(_built_in(version, kind).iter_errors(dict(manifest)))
    except FileNotFoundError:
        pass
    if reference.missing() and "." in version:
        return []
    group = version.partition("/")[0]
    files = sorted((reference.place() / "crds").glob(f"{group}_{kind.lower()}*.yaml"))
    if not files:
        return [f"{version} {kind}: neither a kind of Kubernetes {KUBERNETES} nor of a known CRD"]
    return errors_of_custom(manifest, files[0])


@cache
def definitions(base: str = "") -> Registry:
    """Kubernetes' own types, for `$ref`; also under another base address."""
    resource = Resource.from_contents(_schema("_definitions"))
    registry = Registry().with_resource(str(resource.id()), resource)
    return registry.with_resource(base, resource) if base else registry


def _schema(name: str) -> Any:
    folder = f"kubernetes-json-schema/v{KUBERNETES}.0-local-strict"
    return schema_contents(f"{folder}/{name}.json", KUBERNETES)


@cache
def _built_in(version: str, kind: str) -> Draft202012Validator:
    """As kubernetes_validate.validate makes one, which reads 1.5 MB anew for each manifest."""
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", version)
    return Draft202012Validator(_schema(f"{kind.lower()}-{group}"), registry=definitions())
