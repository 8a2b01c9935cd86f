"""Judge a Kubernetes manifest: built-in kinds by Kubernetes' own schemas, custom ones by ours."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from . import condensed
from .condensed import KUBERNETES, built_in
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
        validator = _validator(manifest["apiVersion"], manifest["kind"])
    except FileNotFoundError:
        allowed = f"not a kind of Kubernetes {KUBERNETES}; custom kinds known here: " + ", ".join(
            f"{version} {kind}" for version, kind in CUSTOM_KINDS
        )
        return [line(["kind"], f"{manifest['apiVersion']} {manifest['kind']}", allowed)]
    error = best_match(validator.iter_errors(manifest))
    return explain([error]) if error else []


@cache
def _validator(api_version: str, kind: str) -> Draft202012Validator:
    """As kubernetes_validate.validate makes one, which reads 1.5 MB anew for each manifest."""
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    return Draft202012Validator(built_in(f"{kind.lower()}-{group}"), registry=condensed.registry())
