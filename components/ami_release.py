"""Releases of machine images. A managed node group and Karpenter take them in different forms."""

import datetime
import re

from components.base import Problems
from versions import AL2023_RELEASE, BOTTLEROCKET_RELEASE

_OF_GROUPS = {
    # docs.aws.amazon.com/eks/latest/userguide/eks-linux-ami-versions.html
    "al2023": (r"(?P<minor>[0-9]+\.[0-9]+)\.[0-9]+-(?P<date>[0-9]{8})", "1.35.2-20260724"),
    # github.com/bottlerocket-os/bottlerocket: the version, and its build's commit.
    "bottlerocket": (r"[0-9]+\.[0-9]+\.[0-9]+-(?!20[0-9]{6}$)[0-9a-f]{8}", "1.64.0-1a2b3c4d"),
}
_OF_KARPENTER = {
    # karpenter.sh/docs/concepts/nodeclasses: what follows the @ of an alias.
    "al2023": (r"v(?P<date>[0-9]{8})", AL2023_RELEASE),
    "bottlerocket": (r"v[0-9]+\.[0-9]+\.[0-9]+", BOTTLEROCKET_RELEASE),
}


def check_group_release(release: str | None, os: str, version: str | None) -> Problems:
    """A release of a managed node group; `version` is the cluster's, None if it is not known."""
    yield from _check(release, os, _OF_GROUPS, "for a node group", version)


def check_karpenter_release(release: str | None, os: str) -> Problems:
    """A release of Karpenter's nodes, which one alias selects for all Kubernetes versions."""
    yield from _check(release, os, _OF_KARPENTER, "for Karpenter", None)


def _check(
    release: str | None,
    os: str,
    forms: dict[str, tuple[str, str]],
    whose: str,
    version: str | None,
) -> Problems:
    if release is None:
        return
    pattern, example = forms[os]
    found = re.fullmatch(pattern, release, re.ASCII)
    if not found or not _is_date(found.groupdict().get("date")):
        yield "amiRelease", f"'{release}' is not a release of {os} {whose}, such as {example}"
        return
    minor = found.groupdict().get("minor")
    if minor and version and minor != version:
        yield (
            "amiRelease",
            f"'{release}' is for Kubernetes {minor}, and cluster.version is {version}; set a "
            f"release that begins with {version}",
        )


def _is_date(digits: str | None) -> bool:
    if digits is None:
        return True
    try:
        datetime.datetime.strptime(digits, "%Y%m%d")
    except ValueError:
        return False
    return True
