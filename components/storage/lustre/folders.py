"""A folder of the file system for each team: made once, and mounted as the root of its volume.

The driver mounts `<dns name>@tcp:/<mount name>`, to which a folder can be added: NodePublishVolume
in pkg/driver/node.go of github.com/kubernetes-sigs/aws-fsx-csi-driver.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components.context import Context
from components.identity import Text
from components.names import LUSTRE_NAMESPACE, POOL_LABEL, SHUFFLE_CLAIM
from components.namespace import create_namespace, create_policies
from components.spark.team_network import deny_all_policy
from versions import MOUNT_DAEMON_IMAGE

_SIZE = "1Gi"
"""Kubernetes requires a size; the file system's own counts. A claim's request cannot be changed."""
_ROOT, _MOUNT = "lustre-root", "/lustre"
_USER = 185
"""The user of Spark's images."""

_WHY = "The root of a new file system belongs to root: another user makes no folder there."
_ROOT_USER = {"subjects": ["folder runAsNonRoot"], "reason": _WHY}
_CHOWN = {"subjects": ["capability CHOWN"], "reason": _WHY}


class Folder(NamedTuple):
    """A team, and the pool on whose nodes its folder is made."""

    team: str
    pool: str


class Folders(pulumi.ComponentResource):
    """The namespace in which folders are made, and a Job and a volume for each team.

    The root of a file system belongs to root, so the Jobs run as root, and may only change owners.
    Their namespace is closed to teams.
    """

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        driver: str,
        system: aws.fsx.LustreFileSystem,
        folders: Sequence[Folder],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:storage:LustreFolders", name, None, opts)
        self._name, self._context, self._driver, self._system = name, context, driver, system
        self.volumes: dict[str, pulumi.Output[str]] = {}
        namespace = create_namespace(
            f"{name}-namespace",
            LUSTRE_NAMESPACE,
            "baseline",
            pulumi.ResourceOptions(parent=self, depends_on=context.after),
            warn="restricted",
        )
        inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
        policies = create_policies(
            f"{name}-{{}}", LUSTRE_NAMESPACE, {"deny-all": deny_all_policy()}, inside
        )
        account = k8s.core.v1.ServiceAccount(
            f"{name}-account",
            metadata={"name": "folders", "namespace": LUSTRE_NAMESPACE},
            automount_service_account_token=False,
            opts=inside,
        )
        root = self._create_volume("root", LUSTRE_NAMESPACE, _ROOT, system.mount_name)
        claim = create_claim(f"{name}-root", _ROOT, LUSTRE_NAMESPACE, root, inside)
        for one in folders:
            self._create_job(
                one, pulumi.ResourceOptions(parent=self, depends_on=[*policies, account, claim])
            )
            self.volumes[one.team] = self._create_volume(
                one.team,
                one.team,
                SHUFFLE_CLAIM,
                pulumi.Output.concat(system.mount_name, f"/{one.team}"),
            )
        waivers = {"pod-host-access": _CHOWN, "pod-hardened": _ROOT_USER}
        self.register_outputs({"waivers": {f"{name}-{one.team}": waivers for one in folders}})

    def _create_volume(
        self, short: str, namespace: str, claim: str, path: Text
    ) -> pulumi.Output[str]:
        # A source cannot change: another file system has other volumes.
        volume = pulumi.Output.concat(SHUFFLE_CLAIM, f"-{short}-", self._system.id)
        return k8s.core.v1.PersistentVolume(
            f"{self._name}-{short}",
            metadata={"name": volume},
            spec={
                "capacity": {"storage": _SIZE},
                "access_modes": ["ReadWriteMany"],
                "persistent_volume_reclaim_policy": "Retain",
                "storage_class_name": "",
                "claim_ref": {"namespace": namespace, "name": claim},
                "csi": {
                    "driver": self._driver,
                    "volume_handle": volume,
                    "volume_attributes": {"dnsname": self._system.dns_name, "mountname": path},
                },
                "mount_options": ["flock"],
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._context.after),
        ).metadata.apply(lambda metadata: metadata.name or "")

    def _create_job(self, one: Folder, opts: pulumi.ResourceOptions) -> None:
        """Pulumi does not wait: the volume of a folder that is not there yet is mounted later."""
        folder = f"{_MOUNT}/{one.team}"
        k8s.batch.v1.Job(
            f"{self._name}-{one.team}",
            metadata={
                "name": one.team,
                "namespace": LUSTRE_NAMESPACE,
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={
                "backoff_limit": 10,
                "template": {
                    "spec": {
                        "restart_policy": "OnFailure",
                        "service_account_name": "folders",
                        "automount_service_account_token": False,
                        "enable_service_links": False,
                        "node_selector": {POOL_LABEL: one.pool},
                        "tolerations": [
                            {
                                "key": POOL_LABEL,
                                "operator": "Equal",
                                "value": one.pool,
                                "effect": "NoSchedule",
                            }
                        ],
                        "security_context": {"seccomp_profile": {"type": "RuntimeDefault"}},
                        "containers": [
                            {
                                "name": "folder",
                                "image": self._context.images.pulled(MOUNT_DAEMON_IMAGE),
                                "command": ["/bin/sh", "-ec"],
                                "args": [
                                    f"mkdir -p -m 0700 {folder}; chown {_USER}:{_USER} {folder}"
                                ],
                                "resources": {
                                    "requests": {"cpu": "50m", "memory": "32Mi"},
                                    "limits": {"memory": "64Mi"},
                                },
                                "security_context": {
                                    "run_as_user": 0,
                                    "allow_privilege_escalation": False,
                                    "read_only_root_filesystem": True,
                                    "capabilities": {
                                        "drop": ["ALL"],
                                        "add": ["CHOWN"],
                                    },
                                },
                                "volume_mounts": [{"name": "root", "mount_path": _MOUNT}],
                            }
                        ],
                        "volumes": [
                            {"name": "root", "persistent_volume_claim": {"claim_name": _ROOT}}
                        ],
                    }
                },
            },
            opts=pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(delete_before_replace=True)
            ),
        )


def create_claim(
    name: str, claim: str, namespace: str, volume: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> k8s.core.v1.PersistentVolumeClaim:
    """A claim on a volume that is reserved for it, for all nodes to write."""
    return k8s.core.v1.PersistentVolumeClaim(
        f"{name}-claim",
        metadata={
            "name": claim,
            "namespace": namespace,
            # Its binding waits for the volume.
            "annotations": {"pulumi.com/skipAwait": "true"},
        },
        spec={
            "access_modes": ["ReadWriteMany"],
            "storage_class_name": "",
            "volume_name": volume,
            "resources": {"requests": {"storage": _SIZE}},
        },
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )
