"""The programs of dev/kube fit each other."""

import re
from pathlib import Path

from tests.plans import ROOT


def _version(module: str, name: str) -> str:
    text = Path(ROOT, "dev", "kube", module, "go.mod").read_text()
    found = re.search(rf"^\s+{re.escape(name)} v\d+\.(\S+)$", text, re.MULTILINE)
    assert found, name
    return found[1]


def test_kubectl_has_the_version_of_the_api_server() -> None:
    server = _version("control-plane", "k8s.io/kubernetes")
    assert _version("kubectl", "k8s.io/kubectl") == server
