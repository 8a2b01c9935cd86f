"""Every manifest of every stack, as checkov judges it.

Accepted findings are listed here by check and object, with the reason.
"""

import json
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from ops.plan.manifests import write
from tests.plans import CLUSTER_AUTOSCALER, DAEMONSET, NODE, ROOT, STACKS, plan_of
from tests.tiers.programs import leave_out

CHECKOV = ROOT / ".cache" / "checkov" / "bin" / "checkov"
VARIANTS = {
    **{stack: (stack,) for stack in STACKS},
    "node": ("dev", *NODE),
    "daemonset": ("dev", *DAEMONSET),
    "cluster-autoscaler": ("dev", *CLUSTER_AUTOSCALER),
}


class Meant(NamedTuple):
    """A check that an object fails on purpose."""

    check: str
    object: str
    why: str


_MOUNTS = "DaemonSet.spark-jars.spark-jars"
_HISTORY = "Deployment.spark-history.*"
EXCEPTIONS = (
    Meant("CKV_K8S_17", _MOUNTS, "it speaks to the node's systemd, which answers its own"),
    Meant("CKV_K8S_23", _MOUNTS, "it writes the node's files, so it is root"),
    Meant("CKV_K8S_25", _MOUNTS, "chroot, to run the node's systemctl, and nothing else"),
    Meant("CKV_K8S_29", _MOUNTS, "its container has one; the pod needs none"),
    Meant("CKV_K8S_31", _MOUNTS, "the runtime's profile was not tried with the node's systemd"),
    Meant("CKV_K8S_38", _MOUNTS, "it says on its node that the mount answers"),
    Meant("CKV_K8S_40", _MOUNTS, "it is root, see above"),
    Meant("CKV_K8S_8", _MOUNTS, "a restart heals nothing: the mount is the node's, and readiness "
          "tells of it"),
    Meant("CKV_K8S_11", "*", "a CPU limit throttles where time is to spare; requests decide"),
    Meant("CKV_K8S_15", _HISTORY, "the tag is a whole version: pulling it anew brings nothing"),
    Meant("CKV_K8S_40", _HISTORY, "185 is the user of Spark's image, and owns its files"),
    Meant("CKV_K8S_43", _HISTORY, "the rule images-by-digest warns of it"),
)  # fmt: skip


class Failed(NamedTuple):
    check: str
    object: str

    def meant(self) -> Meant | None:
        for one in EXCEPTIONS:
            if self.check == one.check and fnmatchcase(self.object, one.object):
                return one
        return None


@pytest.fixture(scope="module", autouse=True)
def ready() -> None:
    """Skips with the reason where checkov is not there, and fails instead with CI=true."""
    if not CHECKOV.exists():
        leave_out("needs checkov in .cache/checkov: make test-manifests")


def linted(folder: Path) -> tuple[int, set[Failed]]:
    """How many checks passed below a folder, and which failed."""
    command = [CHECKOV, "--directory", folder, "--framework", "kubernetes", "--output", "json"]
    run = subprocess.run(
        [*map(str, command), "--compact", "--quiet", "--soft-fail"],
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(run.stdout)
    failed = report["results"]["failed_checks"]
    return report["summary"]["passed"], {Failed(one["check_id"], one["resource"]) for one in failed}


@pytest.fixture(scope="module")
def found(ready: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, set[Failed]]:
    """checkov's findings in the manifests of all variants, from one run."""
    folder = tmp_path_factory.mktemp("manifests")
    for name, variant in VARIANTS.items():
        write(plan_of(*variant), folder / name)
    return linted(folder)


def test_no_manifest_fails_a_check_beyond_what_is_meant(found) -> None:
    passed, failed = found
    assert passed > 500
    assert sorted(one for one in failed if one.meant() is None) == []


def test_everything_that_is_meant_fails(found) -> None:
    met = {one.meant() for one in found[1]}
    assert [one for one in EXCEPTIONS if one not in met] == []


def test_a_privileged_pod_is_found(tmp_path: Path) -> None:
    container = {"name": "a", "image": "a:1", "securityContext": {"privileged": True}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "b"},
        "spec": {"containers": [container]},
    }
    (tmp_path / "pod.yaml").write_text(yaml.safe_dump(pod))
    assert Failed("CKV_K8S_16", "Pod.b.a") in linted(tmp_path)[1]
