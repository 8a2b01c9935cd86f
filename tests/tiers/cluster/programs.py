"""Where the control plane's programs are: $KUBEBUILDER_ASSETS, or built by dev/kube."""

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
HOW_TO_GET = (
    "needs etcd, kube-apiserver, kube-controller-manager and kube-scheduler: set "
    "KUBEBUILDER_ASSETS to their folder, or install Go 1.26 and let dev/kube/build make them"
)


@cache
def programs() -> Path:
    """The folder with the four programs, built on first use (minutes, then reused).

    Raises RuntimeError, which says how to get them, when they cannot be had.
    """
    given = os.environ.get("KUBEBUILDER_ASSETS")
    if given:
        absent = [name for name in PROGRAMS if not os.access(Path(given) / name, os.X_OK)]
        if absent:
            # envtest's own folder has the first two only.
            raise RuntimeError(f"KUBEBUILDER_ASSETS={given} has no {', '.join(absent)}")
        return Path(given)
    built = subprocess.run(
        [ROOT / "dev" / "kube" / "build"], stdout=subprocess.PIPE, text=True, check=False
    )
    if built.returncode:
        raise RuntimeError(HOW_TO_GET)
    return Path(built.stdout.strip().splitlines()[-1])


def programs_or_skip() -> Path:
    """The same for a test, which is left out when they cannot be had."""
    try:
        return programs()
    except RuntimeError as error:
        leave_out(str(error))


def leave_out(reason: str) -> NoReturn:
    """Skips a test for want of a tool; with CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI leaves no tier out: {reason}", pytrace=False)
    pytest.skip(reason)
