"""The rules as a policy pack of the real engine."""

import os
from pathlib import Path

import pytest

from tests.tiers.programs import ROOT, leave_out

PACK = ROOT / "ops" / "rules" / "pack"
BIN = Path(__file__).parent / "policy_bin"
DEFECTS = {
    # A file of the program: a text, its replacement, and the rule that it violates.
    "components/node_groups.py": ('"http_tokens": "required"', '"http_tokens": "optional"'),
    "components/karpenter/node_class.py": ('"encrypted": True', '"encrypted": False'),
    "components/karpenter/autoscaler.py": (
        "return component, pulumi.ResourceOptions(parent=component, depends_on=[node_class])",
        "return component, pulumi.ResourceOptions(parent=component)",
    ),
    "components/namespace.py": ("pod-security.kubernetes.io/{mode}", "pod-security/{mode}"),
    # The rule knows a chart's workloads from the outputs of its component.
    "components/karpenter/controller.py": ('"priorityClassName": "system-cluster-critical",', ""),
    "components/karpenter/interruption.py": ("sqs_managed_sse_enabled=True,", ""),
}
FOUND = {
    "mandatory imds-v2: system-template answers IMDSv1",
    "mandatory volumes-encrypted: karpenter-default-class /dev/xvda is not encrypted",
    "mandatory destroy-order: karpenter-drivers may outlive karpenter-drivers-class "
    "(karpenter.k8s.aws/v1:EC2NodeClass): its nodes are terminated with the class' settings",
    "mandatory namespace-level: spark-operator-namespace enforces no Pod Security level",
    "mandatory system-pods-placed: karpenter-release karpenter has no critical "
    "priority and can be evicted",
    "mandatory queue-encrypted: karpenter-interruption-queue is not encrypted",
}


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pack's environment, and its plugin where the CLI has no Python language host."""
    if not (PACK / "venv" / "bin" / "python").exists():
        leave_out("needs the policy pack's environment: make policy-pack")
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")


def findings(messages: list[str], level: str) -> list[str]:
    return [message for message in messages if message.startswith(level)]


def test_the_pack_accepts_a_stack_before_it_exists_and_when_it_runs(open_project):
    project = open_project("dev")
    for preview in (project.preview(PACK), project.up().ok() and project.preview(PACK)):
        preview.ok()
        assert findings(preview.messages, "mandatory") == []
        # What `make check` says, but for the versions that the program asked of AWS.
        assert sorted(findings(preview.messages, "advisory")) == [
            "advisory group-release-pinned: system-group sets no image release (amiRelease)",
            "advisory secrets-own-key: cluster-eks-eksCluster encrypts Kubernetes secrets "
            "with an AWS owned key",
        ]


def test_the_pack_stops_a_program_that_breaks_rules_and_names_each(open_project, program_with):
    preview = open_project("dev", program=program_with(DEFECTS)).preview(PACK)
    assert preview.failed
    assert set(findings(preview.messages, "mandatory")) >= FOUND
