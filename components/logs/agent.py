"""Fluent Bit on every node: a DaemonSet of our own, which asks its node's kubelet and no other."""

import pulumi
import pulumi_kubernetes as k8s

from components.context import Context
from components.identity import ServiceAccountRole, Text
from components.logs.pipeline import (
    CONTAINER_LOGS,
    NODE_IP,
    NODE_NAME,
    POD_LOGS,
    STATE,
    config,
    text,
)
from components.logs.settings import LogsSettings
from components.logs.store import LogStore
from components.names import (
    LOG_AGENT,
    LOG_AGENT_PORT,
    LOG_AGENTS_NAMESPACE,
    MONITORING_NAMESPACE,
)
from components.namespace import bind_cluster_role, create_namespace, create_policies
from components.spark.team_network import (
    Spec,
    deny_all_policy,
    dns_policy,
    https_policy,
    namespace_selector,
)
from versions import FLUENT_BIT_IMAGE

_KUBELET_PORT = 10250
_FILE = "fluent-bit.yaml"
_HOST_ACCESS = {
    "reason": "It reads the files of containers, and keeps its positions and what waits on the "
    "node, so that an agent that starts anew goes on; no host network, no capability.",
    "subjects": [f"hostPath {path}" for path in (CONTAINER_LOGS, POD_LOGS, STATE)],
}
_NOT_HARDENED = {
    "reason": "Root without any capability: the runtime's files are root's alone (mode 0640).",
    "subjects": [f"{LOG_AGENT} runAsNonRoot"],
}


class LogAgents(pulumi.ComponentResource):
    """The namespace, the account with its two roles, and the agents."""

    def __init__(
        self,
        name: str,
        settings: LogsSettings,
        context: Context,
        store: LogStore,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:logs:Agents", name, None, context.options(opts))
        self._name, self._context = name, context
        namespace = create_namespace(
            f"{name}-namespace",
            LOG_AGENTS_NAMESPACE,
            # Its pods have folders of their node; no other pod belongs in this namespace.
            "privileged",
            pulumi.ResourceOptions(parent=self, depends_on=context.after),
        )
        self._inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
        create_policies(f"{name}-{{}}", LOG_AGENTS_NAMESPACE, _policies(), self._inside)
        needed = self._create_account(store)
        files = k8s.core.v1.ConfigMap(
            f"{name}-config",
            metadata={"namespace": LOG_AGENTS_NAMESPACE},
            data={
                _FILE: store.outputs().apply(
                    lambda outputs: text(config(outputs, verify_kubelet=settings.verify_kubelet))
                )
            },
            opts=self._inside,
        )
        labels = {"app.kubernetes.io/name": LOG_AGENT}
        k8s.apps.v1.DaemonSet(
            f"{name}-daemon",
            metadata={"name": LOG_AGENT, "namespace": LOG_AGENTS_NAMESPACE},
            spec={
                "selector": {"match_labels": labels},
                "update_strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_unavailable": "10%"},
                },
                "template": {
                    "metadata": {"labels": labels},
                    "spec": _pod(context.images.pulled(FLUENT_BIT_IMAGE), files.metadata.name),
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*needed, store]),
        )
        waivers = {"pod-host-access": _HOST_ACCESS, "pod-hardened": _NOT_HARDENED}
        self.register_outputs({"waivers": {f"{name}-daemon": waivers}})

    def _create_account(self, store: LogStore) -> list[pulumi.Resource]:
        """The account. Returns what its pods depend on."""
        name, context = self._name, self._context
        role = ServiceAccountRole(
            f"{name}-writer",
            namespace=LOG_AGENTS_NAMESPACE,
            service_account=LOG_AGENT,
            oidc=context.cluster.oidc,
            cloud=context.cloud,
            policies=store.write_policies(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        account = k8s.core.v1.ServiceAccount(
            f"{name}-account",
            metadata={
                "name": LOG_AGENT,
                "namespace": LOG_AGENTS_NAMESPACE,
                "annotations": {"eks.amazonaws.com/role-arn": role.arn},
            },
            opts=pulumi.ResourceOptions.merge(
                self._inside, pulumi.ResourceOptions(depends_on=[role])
            ),
        )
        # The kubelet's list of pods. Before Kubernetes 1.33 it asked for nodes/proxy, with which
        # one runs commands in any container of a node (KEP-2862).
        binding = bind_cluster_role(
            f"{name}-pods",
            LOG_AGENT,
            [{"api_groups": [""], "resources": ["nodes/pods"], "verbs": ["get"]}],
            {"kind": "ServiceAccount", "name": LOG_AGENT, "namespace": LOG_AGENTS_NAMESPACE},
            parent=self,
        )
        return [account, binding]


def _pod(image: Text, files: pulumi.Output[str]) -> k8s.core.v1.PodSpecArgsDict:
    def folder(name: str, path: str, kind: str) -> k8s.core.v1.VolumeArgsDict:
        return {"name": name, "host_path": {"path": path, "type": kind}}

    def probe(path: str) -> k8s.core.v1.HTTPGetActionArgsDict:
        return {"path": path, "port": LOG_AGENT_PORT}

    return {
        "service_account_name": LOG_AGENT,
        # The last to stop when a node shuts down. On a full node it takes an executor's place.
        "priority_class_name": "system-node-critical",
        "node_selector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"operator": "Exists"}],
        # Twice the 30 seconds of its configuration: it puts what it holds before it ends.
        "termination_grace_period_seconds": 60,
        "security_context": {"seccomp_profile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": LOG_AGENT,
                "image": image,
                "command": ["/fluent-bit/bin/fluent-bit"],
                "args": ["--config", f"/config/{_FILE}"],
                "env": [
                    _from_field(NODE_IP, "status.hostIP"),
                    _from_field(NODE_NAME, "spec.nodeName"),
                ],
                "ports": [{"name": "metrics", "container_port": LOG_AGENT_PORT}],
                "resources": {
                    "requests": {"cpu": "50m", "memory": "96Mi"},
                    "limits": {"memory": "256Mi"},
                },
                "security_context": {
                    "run_as_user": 0,
                    "allow_privilege_escalation": False,
                    "read_only_root_filesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                # Not healthy while the destination refuses: a rollout then stops.
                "readiness_probe": {
                    "http_get": probe("/api/v1/health"),
                    "period_seconds": 10,
                    "failure_threshold": 3,
                },
                "liveness_probe": {
                    "http_get": probe("/"),
                    "initial_delay_seconds": 60,
                    "period_seconds": 30,
                    "failure_threshold": 5,
                },
                "volume_mounts": [
                    {"name": "config", "mount_path": "/config", "read_only": True},
                    {"name": "containers", "mount_path": CONTAINER_LOGS, "read_only": True},
                    {"name": "pods", "mount_path": POD_LOGS, "read_only": True},
                    {"name": "state", "mount_path": STATE},
                ],
            }
        ],
        "volumes": [
            {"name": "config", "config_map": {"name": files}},
            folder("containers", CONTAINER_LOGS, "Directory"),
            folder("pods", POD_LOGS, "Directory"),
            folder("state", STATE, "DirectoryOrCreate"),
        ],
    }


def _from_field(name: str, path: str) -> k8s.core.v1.EnvVarArgsDict:
    return {"name": name, "value_from": {"field_ref": {"field_path": path}}}


def _policies() -> dict[str, Spec]:
    return {
        "deny-all": deny_all_policy(),
        "dns": dns_policy(),
        "https": https_policy(),
        "kubelet": {
            "pod_selector": {},
            "policy_types": ["Egress"],
            "egress": [
                {
                    # Nodes come and go; a policy selects their addresses only.
                    "to": [{"ip_block": {"cidr": "0.0.0.0/0"}}],
                    "ports": [{"protocol": "TCP", "port": _KUBELET_PORT}],
                }
            ],
        },
        "metrics": {
            "pod_selector": {},
            "policy_types": ["Ingress"],
            "ingress": [
                {
                    "from_": [{"namespace_selector": namespace_selector(MONITORING_NAMESPACE)}],
                    "ports": [{"protocol": "TCP", "port": LOG_AGENT_PORT}],
                }
            ],
        },
    }
