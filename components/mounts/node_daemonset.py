"""Node level by DaemonSet: the same script and unit, put on nodes that run already."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components.base import child
from components.identity import policy_document
from components.jar_bucket import JarBucket
from components.mounts.contract import (
    AUTO_MODE,
    COMPUTE_LABEL,
    OS_LABEL,
    ClusterParts,
    Mount,
    NodePart,
    Taint,
    Volume,
    jars_label,
    node_volume,
)
from components.mounts.daemon_account import DaemonAccount, create_account
from components.mounts.node_userdata import files_of
from components.node_groups import SYSTEM_LABELS
from components.pools import JARS_LABEL, POOL_LABEL, SHARED_JARS, NodeShape
from userdata.render import watch_files
from versions import MOUNT_DAEMON_IMAGE

NAMESPACE = "spark-jars"
ACCOUNT = "spark-jars"
DAEMONSET = "spark-jars"
NOT_MOUNTED = Taint("spark-on-eks/jars-not-mounted", "NoSchedule")
"""Nodes that a pool adds carry it from the start; the DaemonSet takes it away."""

_ACCOUNT = DaemonAccount(
    namespace=NAMESPACE,
    name=ACCOUNT,
    daemonset=DAEMONSET,
    label=(JARS_LABEL, SHARED_JARS),
    taint=NOT_MOUNTED.key,
)


class NodeDaemonSet(Mount):
    """The S3 permission is the node role's, of pools and of given nodes alike."""

    @property
    def mode(self) -> str:
        return "node"

    def node_part(self, jars: JarBucket, set_name: str, shape: NodeShape) -> NodePart:
        return NodePart(
            startup_taints=[NOT_MOUNTED],
            statements=jars.read_statements(jars.jars_prefix),
            labels=jars_label(set_name),
        )

    def install(self, name: str, parts: ClusterParts) -> Sequence[pulumi.Resource]:
        component = pulumi.ComponentResource(
            "spark-on-eks:mounts:NodeDaemonSet",
            name,
            opts=pulumi.ResourceOptions(providers=[parts.cloud.provider, parts.cluster.kubernetes]),
        )
        # Settings allow one set of JARs with this method: a given node cannot say which is its.
        (jars,) = parts.jars
        grants = self._let_given_nodes_read(name, component, jars)
        namespace = k8s.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": NAMESPACE,
                # It changes the node it runs on; nothing else belongs in this namespace.
                "labels": {"pod-security.kubernetes.io/enforce": "privileged"},
            },
            opts=child(component, depends_on=parts.after),
        )
        ready = create_account(name, component, _ACCOUNT, namespace)
        files = k8s.core.v1.ConfigMap(
            f"{name}-files",
            metadata={"namespace": NAMESPACE},
            data=files_of(jars, self.settings, self.region).apply(watch_files),
            opts=child(component, depends_on=[namespace]),
        )
        daemon_set = k8s.apps.v1.DaemonSet(
            f"{name}-daemon",
            metadata={"name": DAEMONSET, "namespace": NAMESPACE},
            spec={
                "selector": {"match_labels": {"app.kubernetes.io/name": "spark-jars"}},
                "update_strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_unavailable": "10%"},
                },
                "template": {
                    "metadata": {"labels": {"app.kubernetes.io/name": "spark-jars"}},
                    "spec": self._pod(files.metadata.name),
                },
            },
            opts=child(component, depends_on=[*ready, *grants]),
        )
        component.register_outputs({})
        return [daemon_set]

    def volume(self, jars: JarBucket, set_name: str, handle: str) -> Volume:
        return node_volume(jars_label(set_name))

    def _let_given_nodes_read(
        self, name: str, component: pulumi.Resource, jars: JarBucket
    ) -> list[pulumi.Resource]:
        return [
            aws.iam.RolePolicy(
                f"{name}-{role}-read-jars",
                role=role,
                policy=policy_document(jars.read_statements(jars.jars_prefix)),
                opts=child(component),
            )
            for role in self.settings.daemonset.node_roles
        ]

    def _pod(self, files: pulumi.Output[str]) -> k8s.core.v1.PodSpecArgsDict:
        settings = self.settings.daemonset
        environment: list[k8s.core.v1.EnvVarArgsDict] = [
            {"name": "JARS", "value": SHARED_JARS},
            {"name": "LABEL", "value": JARS_LABEL},
            {"name": "STARTUP_TAINT", "value": NOT_MOUNTED.key},
            {"name": "CHECK_SECONDS", "value": str(settings.check_seconds)},
            {"name": "NAMESPACE", "value": NAMESPACE},
            {"name": "DAEMONSET", "value": DAEMONSET},
            {"name": "NODE_NAME", "value_from": {"field_ref": {"field_path": "spec.nodeName"}}},
        ]
        return {
            "service_account_name": ACCOUNT,
            "priority_class_name": "system-node-critical",
            "node_selector": {OS_LABEL: "linux", **settings.node_selector},
            # System nodes run no Spark, and their role may not read the JARs; Auto Mode's have no
            # package manager.
            "affinity": {
                "node_affinity": {
                    "required_during_scheduling_ignored_during_execution": {
                        "node_selector_terms": [
                            {
                                "match_expressions": [
                                    {
                                        "key": POOL_LABEL,
                                        "operator": "NotIn",
                                        "values": [SYSTEM_LABELS[POOL_LABEL]],
                                    },
                                    {
                                        "key": COMPUTE_LABEL,
                                        "operator": "NotIn",
                                        "values": [AUTO_MODE],
                                    },
                                ]
                            }
                        ]
                    }
                }
            },
            # Spark's nodes are tainted, and a node starts with the taint that this pod removes.
            "tolerations": [{"operator": "Exists"}],
            # systemctl asks who answers, and gets no answer from outside its process namespace.
            "host_pid": True,
            "containers": [
                {
                    "name": "watch",
                    "image": MOUNT_DAEMON_IMAGE,
                    "command": ["/bin/bash", "/files/watch.sh"],
                    "env": environment,
                    "resources": {
                        "requests": {"cpu": "10m", "memory": "32Mi"},
                        "limits": {"memory": "128Mi"},
                    },
                    "security_context": {
                        # Root, to write the node's files and to be heard by its systemd; chroot
                        # runs the node's systemctl. The mount itself is the node's doing.
                        "run_as_user": 0,
                        "capabilities": {"drop": ["ALL"], "add": ["SYS_CHROOT"]},
                        "allow_privilege_escalation": False,
                        "read_only_root_filesystem": True,
                        # On nodes that enforce SELinux, no other type may touch the node's files.
                        "se_linux_options": {"type": "spc_t"},
                    },
                    # An upgrade whose mount does not answer stops at its first nodes.
                    "readiness_probe": {
                        "exec_": {
                            "command": ["chroot", "/host", "/usr/local/sbin/spark-jars", "check"]
                        },
                        "period_seconds": 30,
                        "timeout_seconds": 15,
                    },
                    "volume_mounts": [
                        {"name": "files", "mount_path": "/files", "read_only": True},
                        {
                            "name": "host",
                            "mount_path": "/host",
                            "mount_propagation": "HostToContainer",
                        },
                    ],
                }
            ],
            "volumes": [
                {"name": "files", "config_map": {"name": files}},
                {"name": "host", "host_path": {"path": "/", "type": "Directory"}},
            ],
        }
