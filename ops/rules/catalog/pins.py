"""Versions of charts, CRDs and add-ons are pinned."""

import re
from collections.abc import Iterator

from ops.plan.model import Plan
from ops.plan.packages import ADDON, RELEASE, packages
from ops.plan.values import UNKNOWN, at, known
from ops.rules.rule import Severity, Violation, rule

_VERSION = re.compile(r"^v?\d+\.\d+\.\d+(-[\w.]+)?$")
_ADDON_VERSIONS = "https://docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html"


@rule(
    reason="A release without a version installs the newest chart on the day of the `up`.",
    source="https://helm.sh/docs/topics/charts/#the-chartyaml-file",
)
def charts_pinned(plan: Plan) -> Iterator[Violation]:
    """Every release has an exact chart version and a repository over TLS."""
    for one in plan.by_type(RELEASE):
        version = one.inputs.get("version")
        if version is None or (known(version) and not _VERSION.match(str(version))):
            yield Violation(one, "version", f"installs version {version or 'latest'}")
        repository = at(one.inputs, "repositoryOpts.repo")
        where = repository or str(one.inputs.get("chart"))
        if where != UNKNOWN and not where.startswith(("oci://", "https://")):
            yield Violation(one, "repository", f"comes from {where}")


@rule(
    reason="Helm never upgrades the CRDs inside a chart, so two copies of a CRD diverge.",
    source="https://helm.sh/docs/chart_best_practices/custom_resource_definitions/",
)
def crds_once(plan: Plan) -> Iterator[Violation]:
    """If a chart's CRDs have their own release, the chart skips them."""
    names = {str(one.inputs.get("chart")).rpartition("/")[2]: one for one in plan.by_type(RELEASE)}
    for name, one in names.items():
        own = names.get(f"{name}-crd")
        if own is None:
            continue
        if one.inputs.get("skipCrds") is not True:
            yield Violation(one, "CRDs", f"installs CRDs that are {own.name}'s")
        if own.inputs.get("version") != one.inputs.get("version"):
            yield Violation(one, "version", f"does not have the version of {own.name}")


@rule(
    reason="The latest version of an add-on is not the default that AWS chose for the "
    "Kubernetes version.",
    source=_ADDON_VERSIONS,
)
def addons_not_latest(plan: Plan) -> Iterator[Violation]:
    """No add-on uses the latest version."""
    for one in plan.by_type(ADDON):
        if not one.inputs.get("addonVersion"):
            yield Violation(one, "version", "uses EKS's default version")
    for call in plan.invokes:
        if call.token.endswith(":getAddonVersion") and call.args.get("mostRecent") is True:
            name = str(call.args.get("addonName"))
            yield Violation(None, name, f"{name} follows the latest version")


@rule(
    severity=Severity.warning,
    reason="AWS changes the default version of an add-on: two previews of one commit may differ.",
    source=_ADDON_VERSIONS,
    offline_only=True,
)
def addons_pinned(plan: Plan) -> Iterator[Violation]:
    """The stack file pins the version of every add-on."""
    asked = sorted(
        str(call.args.get("addonName"))
        for call in plan.invokes
        if call.token.endswith(":getAddonVersion")
    )
    if asked:
        yield Violation(None, "addonVersions", f"looks up the version of {', '.join(asked)}")


@rule(
    reason="With any other setting an add-on keeps manual changes, which differ from the program.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html",
)
def addons_overwrite(plan: Plan) -> Iterator[Violation]:
    """Every add-on overwrites conflicting changes."""
    for one in plan.by_type(ADDON):
        for key in ("resolveConflictsOnCreate", "resolveConflictsOnUpdate"):
            if one.inputs.get(key) != "OVERWRITE":
                yield Violation(one, key, f"{key} is {one.inputs.get(key) or 'not set'}")


@rule(
    reason="Promises of the platform rest on its add-ons: an older one accepts the same "
    "configuration and does not do it.",
    source="https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html",
)
def addons_new_enough(plan: Plan) -> Iterator[Violation]:
    """No add-on is older than its component registers that the platform needs."""
    for one in packages(plan):
        version, least = str(one.resource.inputs.get("addonVersion")), one.versions.get("least")
        if least and _BUILD.match(version) and _numbers(version) < _numbers(least):
            text = f"is {version}, older than {least}: it {one.versions.get('why')}"
            yield Violation(one.resource, "version", text)


@rule(
    reason="kube-proxy must not be newer than the API server; EKS releases one for each minor.",
    source="https://kubernetes.io/releases/version-skew-policy/#kube-proxy",
)
def addons_of_cluster(plan: Plan) -> Iterator[Violation]:
    """An add-on that follows the cluster has the minor of the cluster's Kubernetes."""
    clusters = {
        version
        for one in plan.by_type("eks:index:Cluster")
        if (version := one.inputs.get("version")) and version != UNKNOWN
    }
    for one in packages(plan):
        version = str(one.resource.inputs.get("addonVersion"))
        if not one.versions.get("ofCluster") or not _BUILD.match(version):
            continue
        for cluster in sorted(clusters):
            if not version.startswith(f"v{cluster}."):
                text = f"is {version}, and the cluster has Kubernetes {cluster}"
                yield Violation(one.resource, "minor", text)


_BUILD = re.compile(r"^v\d+\.\d+\.\d+-eksbuild\.\d+$")
"""A version of an add-on. A looked-up one is not known offline."""


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
