"""Where the control plane's programs are: $KUBEBUILDER_ASSETS, or built by dev/kube."""

import os
from functools import cache
from pathlib import Path

from tests.tiers.programs import ROOT, built

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
HOW_TO_GET = (
    "needs etcd, kube-apiserver, kube-controller-manager and kube-scheduler: set "
    "KUBEBUILDER_ASSETS to their folder, or install Go 1.26 and let dev/kube/build make them"
)


@cache
def programs() -> Path:
    """The folder with the four programs. Raises RuntimeError, which says how to get them."""
    given = os.environ.get("KUBEBUILDER_ASSETS")
    if not given:
        return built(ROOT / "dev" / "kube" / "build", HOW_TO_GET)
    absent = [name for name in PROGRAMS if not os.access(Path(given) / name, os.X_OK)]
    if absent:
        # envtest's own folder has the first two only.
        raise RuntimeError(f"KUBEBUILDER_ASSETS={given} has no {', '.join(absent)}")
    return Path(given)
