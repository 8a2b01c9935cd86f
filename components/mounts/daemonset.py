"""Node level by DaemonSet: the same script and unit, installed on running nodes."""

from collections.abc import Mapping
from dataclasses import replace

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components.context import Context
from components.identity import policy_document
from components.jar_bucket import JarBucket
from components.mounts.base import Mount, NodePart, Taint
from components.mounts.daemonset_account import DaemonSetAccount, create_account
from components.mounts.settings import AUTO_MODE, COMPUTE_LABEL, OS_LABEL, JarMountSettings
from components.mounts.userdata import node_files
from components.names import JARS_LABEL, MOUNT_NAMESPACE, POOL_LABEL, SHARED_JARS, SYSTEM_POOL
from components.namespace import create_namespace
from userdata.render import watch_files
from versions import MOUNT_DAEMON_IMAGE

ACCOUNT = DAEMONSET = "spark-jars"
NOT_MOUNTED = Taint("spark-on-eks/jars-not-mounted", "NoSchedule")
"""Start-up taint of nodes that a pool adds; the DaemonSet removes it."""

_ACCOUNT = DaemonSetAccount(
    namespace=MOUNT_NAMESPACE,
    name=ACCOUNT,
    daemonset=DAEMONSET,
    label=(JARS_LABEL, SHARED_JARS),
    taint=NOT_MOUNTED.key,
)
_HOST_ACCESS = {
    "reason": "It writes the node's files and calls the node's systemd to mount the JARs, in a "
    "namespace of its own and without the privileged flag.",
    "subjects": ["hostPID", "hostPath /", "capability SYS_CHROOT", "SELinux spc_t"],
}
_NOT_HARDENED = {
    "reason": "Root, to write the node's files and call its systemd; the runtime's seccomp profile "
    "was not tried with it.",
    "subjects": ["watch runAsNonRoot", "watch seccompProfile.type"],
}


class NodeDaemonSet(Mount):
    """The role of the nodes has the S3 permission, for nodes of pools and existing nodes alike."""

    def __init__(
        self,
        name: str,
        settings: JarMountSettings,
        jars: Mapping[str, JarBucket],
        *,
        region: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("NodeDaemonSet", name, settings, jars, region=region, opts=opts)

    def node_part(self, jar_set: str) -> NodePart:
        return replace(super().node_part(jar_set), startup_taints=[NOT_MOUNTED, *self.more_taints])

    def install(self, context: Context) -> None:
        name, own = self._name, pulumi.ResourceOptions(parent=self)
        # Settings allow one set of JARs with this method: an existing node cannot say which it
        # needs.
        (jars,) = self.jars.values()
        policies = [
            aws.iam.RolePolicy(
                f"{name}-{role}-read-jars",
                role=role,
                policy=policy_document(jars.read_statements(jars.jars_prefix)),
                opts=own,
            )
            for role in self.settings.daemonset.node_roles
        ]
        namespace = create_namespace(
            f"{name}-namespace",
            MOUNT_NAMESPACE,
            # Its pods change their node; no other pod belongs in this namespace.
            "privileged",
            pulumi.ResourceOptions(parent=self, depends_on=context.after),
        )
        account = create_account(name, self, _ACCOUNT, namespace)
        files = k8s.core.v1.ConfigMap(
            f"{name}-files",
            metadata={"namespace": MOUNT_NAMESPACE},
            data=node_files(jars, self.settings, self.region).apply(watch_files),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[namespace]),
        )
        k8s.apps.v1.DaemonSet(
            f"{name}-daemon",
            metadata={"name": DAEMONSET, "namespace": MOUNT_NAMESPACE},
            spec={
                "selector": {"match_labels": {"app.kubernetes.io/name": "spark-jars"}},
                "update_strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_unavailable": "10%"},
                },
                "template": {
                    "metadata": {"labels": {"app.kubernetes.io/name": "spark-jars"}},
                    "spec": self._pod(
                        files.metadata.name, context.images.pulled(MOUNT_DAEMON_IMAGE)
                    ),
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*account, *policies]),
        )
        waivers = {"pod-host-access": _HOST_ACCESS, "pod-hardened": _NOT_HARDENED}
        self.register_outputs(
            {
                "waivers": {f"{name}-daemon": waivers},
                "startupTaints": [NOT_MOUNTED.key],
                "nodeCacheMiB": self.settings.cache_mib,
            }
        )

    def _pod(
        self, files: pulumi.Output[str], image: pulumi.Input[str]
    ) -> k8s.core.v1.PodSpecArgsDict:
        settings = self.settings.daemonset
        environment: list[k8s.core.v1.EnvVarArgsDict] = [
            {"name": "JARS", "value": SHARED_JARS},
            {"name": "LABEL", "value": JARS_LABEL},
            {"name": "STARTUP_TAINT", "value": NOT_MOUNTED.key},
            {"name": "CHECK_SECONDS", "value": str(settings.check_seconds)},
            {"name": "NAMESPACE", "value": MOUNT_NAMESPACE},
            {"name": "DAEMONSET", "value": DAEMONSET},
            {"name": "NODE_NAME", "value_from": {"field_ref": {"field_path": "spec.nodeName"}}},
        ]
        return {
            "service_account_name": ACCOUNT,
            "priority_class_name": "system-node-critical",
            "node_selector": {OS_LABEL: "linux", **settings.node_selector},
            # System nodes run no Spark pods, and their role cannot read the JARs; Auto Mode nodes
            # have no package manager.
            "affinity": {
                "node_affinity": {
                    "required_during_scheduling_ignored_during_execution": {
                        "node_selector_terms": [
                            {
                                "match_expressions": [
                                    {
                                        "key": POOL_LABEL,
                                        "operator": "NotIn",
                                        "values": [SYSTEM_POOL],
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
            # Spark's nodes are tainted; new ones have the start-up taint that this pod removes.
            "tolerations": [{"operator": "Exists"}],
            # systemctl checks the peer's process id, which it sees in its own PID namespace only.
            "host_pid": True,
            "containers": [
                {
                    "name": "watch",
                    "image": image,
                    "command": ["/bin/bash", "/files/watch.sh"],
                    "env": environment,
                    "resources": {
                        "requests": {"cpu": "10m", "memory": "32Mi"},
                        "limits": {"memory": "128Mi"},
                    },
                    "security_context": {
                        # Root, to write the node's files and to call its systemd; chroot runs
                        # the node's systemctl, and the node itself mounts.
                        "run_as_user": 0,
                        "capabilities": {"drop": ["ALL"], "add": ["SYS_CHROOT"]},
                        "allow_privilege_escalation": False,
                        "read_only_root_filesystem": True,
                        # With SELinux enforcing, other types cannot access the node's files.
                        "se_linux_options": {"type": "spc_t"},
                    },
                    # If the new mount fails, the rolling update stops at its first nodes.
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
