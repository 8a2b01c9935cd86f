"""A node of user data whose JARs stay away: no new pods come, and nothing else happens to it.

Its kubelet's kubeconfig is as nodeadm of the EKS image writes it, with a command that gives a
token. That the API server lets a kubelet do this is tests/tiers/cluster's to prove.
"""

import json
import time
from threading import Event
from typing import Any

import pytest

from tests.names import JARS_LABEL
from tests.tiers.node.conftest import MANIFEST, Render, make_ready, metric
from tests.tiers.node.kube_api import TOKEN, KubeApi
from tests.tiers.node.node import Node, wait_for
from tests.tiers.node.pods import job_pod
from tests.tiers.node.s3_server import S3Server

JARS = "etl-jars"

_KUBECONFIG = """\
---
apiVersion: v1
kind: Config
clusters:
  - name: kubernetes
    cluster:
      certificate-authority: /etc/kubernetes/pki/ca.crt
      server: https://127.0.0.1:{port}
current-context: kubelet
contexts:
  - name: kubelet
    context:
      cluster: kubernetes
      user: kubelet
users:
  - name: kubelet
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1beta1
        command: {quote}aws{quote}
        env:
          - name: "AWS_PROFILE"
            value: "default"
        args:
          - {quote}eks{quote}
          - {quote}get-token{quote}
          - {quote}--cluster-name{quote}
          - {quote}spark-dev{quote}
"""
_AWS = """\
#!/bin/bash
[[ "$*" == "eks get-token --cluster-name spark-dev" ]] || exit 2
printf '%s\\n' '{credential}'
"""


@pytest.fixture(params=[("", 3), ('"', 3)], ids=["plain", "quoted"])
def member(request: pytest.FixtureRequest, machine: Node, api: KubeApi, render: Render) -> Node:
    """A node whose JARs answer, with the labels that its pool gave it.

    Parameters: the quotes in kubelet's kubeconfig, and the seconds until it is fenced.
    """
    quote, seconds = request.param
    api.labels = {JARS_LABEL: JARS, "spark-on-eks/pool": "etl"}
    credential = {"kind": "ExecCredential", "status": {"token": TOKEN}}
    machine.write("/var/lib/kubelet/kubeconfig", _KUBECONFIG.format(port=api.port, quote=quote))
    machine.write("/etc/kubernetes/pki/ca.crt", api.certificate)
    machine.write("/usr/bin/aws", _AWS.format(credential=json.dumps(credential)), 0o755)
    make_ready(machine, render(fence=f"{JARS_LABEL}={JARS}", fence_seconds=seconds))
    return machine


def test_new_pods_avoid_a_node_without_jars_until_these_return(
    member: Node, api: KubeApi, s3: S3Server
) -> None:
    with job_pod(member) as read:
        with member.replaced(), s3.down():
            member.kill()
            wait_for("the fence", lambda: JARS_LABEL not in api.labels)
            assert api.labels == {"spark-on-eks/pool": "etl"}, "nothing else of the node changes"
            wait_for("the metric", lambda: metric(member, "spark_jars_fenced") == 1)
            wait_for("the line", lambda: "fenced: down for over 3 s" in member.console())
        wait_for("the label", lambda: api.labels.get(JARS_LABEL) == JARS)
        wait_for("the metric", lambda: metric(member, "spark_jars_fenced") == 0)
        assert read("jars/r1/release.json") == MANIFEST, "a pod that ran is where it was"
    assert api.refused == []


@pytest.mark.parametrize("member", [("", 120)], indirect=True)
def test_a_mount_that_is_back_in_time_fences_nothing(
    member: Node, api: KubeApi, s3: S3Server
) -> None:
    with member.replaced(), s3.down():
        member.kill()
        wait_for("the metric", lambda: metric(member, "spark_jars_up") == 0)
        time.sleep(3)
    assert api.patches == []


@pytest.mark.parametrize("member", [("", 3)], indirect=True)
def test_a_fence_is_tried_again_and_outlives_a_reboot(
    member: Node, api: KubeApi, s3: S3Server
) -> None:
    with s3.down():
        api.available = False
        member.kill()
        time.sleep(6)
        assert JARS_LABEL in api.labels
        api.available = True
        wait_for("the fence", lambda: JARS_LABEL not in api.labels)
        member.reboot()
        wait_for("the watch", lambda: metric(member, "spark_jars_up") == 0)
        assert JARS_LABEL not in api.labels
    wait_for("the label", lambda: api.labels.get(JARS_LABEL) == JARS)


@pytest.mark.parametrize("member", [("", 3)], indirect=True)
def test_a_node_that_reboots_before_the_answer_takes_its_label_again(
    member: Node, api: KubeApi, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, asked, rebooted = api.answer, Event(), Event()

    def late(method: str, *call: Any) -> tuple[int, Any]:
        found = answer(method, *call)
        if method == "PATCH":
            asked.set()
            rebooted.wait(60)
        return found

    with s3.down():
        monkeypatch.setattr(api, "answer", late)
        member.kill()
        assert asked.wait(45)
        assert JARS_LABEL not in api.labels
        member.reboot()
        rebooted.set()
    wait_for("the label", lambda: api.labels.get(JARS_LABEL) == JARS)
