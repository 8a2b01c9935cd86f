"""Celeborn: a shuffle service whose files outlive executors, for teams with `shuffle: celeborn`.

Its own manifests: the chart's defaults stop a Java 17 image and use the node's folders
(docs/decisions.md).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.context import Context
from components.names import CELEBORN_NAMESPACE
from components.namespace import create_namespace, create_policies
from components.storage.celeborn.configuration import (
    ALL_WORKER_PORTS,
    MASTER,
    MASTER_PORTS,
    WORKER,
    files,
)
from components.storage.celeborn.network import service_policies
from components.storage.celeborn.pods import ACCOUNT, labels, master_pod, worker_pod
from components.storage.celeborn.settings import CelebornSettings


class Celeborn(pulumi.ComponentResource):
    """Masters and workers in a namespace of their own, on a pool of their own.

    Pulumi does not wait for them: a worker that is replaced drains for as long as jobs need it.
    """

    def __init__(
        self,
        name: str,
        settings: CelebornSettings,
        context: Context,
        *,
        teams: Sequence[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`teams` are those whose executors use it; `context.after` includes the pool's nodes."""
        super().__init__("spark-on-eks:storage:Celeborn", name, None, context.options(opts))
        namespace = create_namespace(
            f"{name}-namespace",
            CELEBORN_NAMESPACE,
            "restricted",
            pulumi.ResourceOptions(parent=self, depends_on=context.after),
        )
        self._inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
        policies = create_policies(
            f"{name}-{{}}-policy", CELEBORN_NAMESPACE, service_policies(teams), self._inside
        )
        data = files(settings)
        conf = k8s.core.v1.ConfigMap(
            f"{name}-conf",
            metadata={"name": "celeborn", "namespace": CELEBORN_NAMESPACE},
            data=data,
            opts=self._inside,
        )
        account = k8s.core.v1.ServiceAccount(
            f"{name}-account",
            metadata={"name": ACCOUNT, "namespace": CELEBORN_NAMESPACE},
            automount_service_account_token=False,
            opts=self._inside,
        )
        # Pods read the files when they start: another hash replaces them, one at a time.
        digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
        image = context.images.pulled(settings.image)
        self._name, self._digest, self._first = name, digest[:16], [*policies, conf, account]
        self._create(MASTER, MASTER_PORTS, settings.masters, master_pod(settings, image))
        self._create(WORKER, ALL_WORKER_PORTS, settings.workers, worker_pod(settings, image))
        self.register_outputs({"namespace": CELEBORN_NAMESPACE})

    def _create(
        self,
        short: str,
        ports: Mapping[str, int],
        replicas: int,
        pod: k8s.core.v1.PodSpecArgsDict,
    ) -> None:
        """One StatefulSet with its Service and disruption budget."""
        name = f"{self._name}-{short.removeprefix('celeborn-')}"
        selector = labels(short)
        service = k8s.core.v1.Service(
            name,
            metadata={"name": short, "namespace": CELEBORN_NAMESPACE, "labels": selector},
            spec={
                "cluster_ip": "None",
                "selector": selector,
                # Masters find each other before they are ready.
                "publish_not_ready_addresses": True,
                "ports": [{"name": label, "port": port} for label, port in ports.items()],
            },
            opts=self._inside,
        )
        first = [*self._first, service]
        if replicas > 1:
            budget = k8s.policy.v1.PodDisruptionBudget(
                name,
                metadata={"name": short, "namespace": CELEBORN_NAMESPACE},
                spec={"max_unavailable": 1, "selector": {"match_labels": selector}},
                opts=self._inside,
            )
            first.append(budget)
        k8s.apps.v1.StatefulSet(
            name,
            metadata={
                "name": short,
                "namespace": CELEBORN_NAMESPACE,
                "labels": selector,
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={
                "replicas": replicas,
                "service_name": short,
                "pod_management_policy": "Parallel",
                "selector": {"match_labels": selector},
                "template": {
                    "metadata": {
                        "labels": selector,
                        "annotations": {
                            "checksum/config": self._digest,
                            "karpenter.sh/do-not-disrupt": "true",
                            "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
                        },
                    },
                    "spec": pod,
                },
            },
            opts=pulumi.ResourceOptions.merge(
                self._inside, pulumi.ResourceOptions(depends_on=first)
            ),
        )
