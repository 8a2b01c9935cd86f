"""Every manifest of every stack, as checkov judges it.

Accepted findings are listed here by check and object, with the reason.
"""

import json
import subprocess
from fnmatch import fnmatchcase
from typing import NamedTuple

import pytest

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


class Accepted(NamedTuple):
    """A check that an object fails on purpose."""

    check: str
    object: str
    why: str

    def covers(self, check: str, failing: str) -> bool:
        return check == self.check and fnmatchcase(failing, self.object)


_MOUNTS = "DaemonSet.spark-jars.spark-jars"
_HISTORY = "Deployment.spark-history.*"
ACCEPTED = (
    Accepted("CKV_K8S_17", _MOUNTS, "it speaks to the node's systemd, which answers its own"),
    Accepted("CKV_K8S_23", _MOUNTS, "it writes the node's files, so it is root"),
    Accepted("CKV_K8S_25", _MOUNTS, "chroot, to run the node's systemctl, and nothing else"),
    Accepted("CKV_K8S_29", _MOUNTS, "its container has one; the pod needs none"),
    Accepted("CKV_K8S_31", _MOUNTS, "the runtime's profile was not tried with the node's systemd"),
    Accepted("CKV_K8S_38", _MOUNTS, "it says on its node that the mount answers"),
    Accepted("CKV_K8S_40", _MOUNTS, "it is root, see above"),
    Accepted("CKV_K8S_8", _MOUNTS, "a restart heals nothing: the mount is the node's, and "
             "readiness tells of it"),
    Accepted("CKV_K8S_11", "*", "a CPU limit throttles where time is to spare; requests decide"),
    Accepted("CKV_K8S_15", _HISTORY, "the tag is a whole version: pulling it anew brings nothing"),
    Accepted("CKV_K8S_40", _HISTORY, "185 is the user of Spark's image, and owns its files"),
    Accepted("CKV_K8S_43", _HISTORY, "the rule images-by-digest warns of it"),
)  # fmt: skip


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Check and object of checkov's findings in the manifests of all variants, from one run.

    Skips with the reason where checkov is not there, and fails instead with CI=true.
    """
    if not CHECKOV.exists():
        leave_out("needs checkov in .cache/checkov: make test-manifests")
    folder = tmp_path_factory.mktemp("manifests")
    for name, variant in VARIANTS.items():
        write(plan_of(*variant), folder / name)
    command = [str(CHECKOV), "--directory", str(folder), "--framework", "kubernetes"]
    run = subprocess.run(
        [*command, "--output", "json", "--compact", "--quiet", "--soft-fail"],
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(run.stdout)
    assert report["summary"]["passed"] > 500
    return {(one["check_id"], one["resource"]) for one in report["results"]["failed_checks"]}


def test_no_manifest_fails_a_check_beyond_what_is_accepted(failed) -> None:
    others = {one for one in failed if not any(each.covers(*one) for each in ACCEPTED)}
    assert others == set()


def test_everything_that_is_accepted_fails(failed) -> None:
    assert [each for each in ACCEPTED if not any(each.covers(*one) for one in failed)] == []
