"""Judge a Kubernetes manifest: built-in kinds by Kubernetes' own schemas, custom ones by ours."""

from collections.abc import Mapping
from typing import Any

import kubernetes_validate

from . import condensed
from .condensed import KUBERNETES
from .messages import explain, line

CUSTOM_KINDS = {
    ("karpenter.sh/v1", "NodePool"): "nodepool",
    ("karpenter.k8s.aws/v1", "EC2NodeClass"): "ec2nodeclass",
    ("sparkoperator.k8s.io/v1beta2", "SparkApplication"): "sparkapplication",
}
"""The custom resources that the program and the jobs make, and the condensed schema of each."""


def errors_of(manifest: Mapping[str, Any]) -> list[str]:
    """Return a line per defect: path, value, what is allowed. An unknown kind is a defect.

    For built-in kinds only the first defect comes back.
    """
    missing = [name for name in ("apiVersion", "kind", "metadata") if not manifest.get(name)]
    if missing:
        return [line([name], None, "required and not set") for name in missing]
    kind = (manifest["apiVersion"], manifest["kind"])
    if kind in CUSTOM_KINDS:
        return condensed.load(CUSTOM_KINDS[kind]).errors(manifest)
    return _built_in_errors(dict(manifest))


def _built_in_errors(manifest: dict[str, Any]) -> list[str]:
    if not manifest["metadata"].get("name"):
        return [line(["metadata", "name"], None, "required and not set")]
    try:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        allowed = f"not a kind of Kubernetes {KUBERNETES}; custom kinds known here: " + ", ".join(
            f"{version} {kind}" for version, kind in CUSTOM_KINDS
        )
        return [line(["kind"], f"{manifest['apiVersion']} {manifest['kind']}", allowed)]
    except kubernetes_validate.ValidationError as error:
        return explain([error])
    return []
