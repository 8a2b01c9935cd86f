"""The Lustre file system, its network and its driver.

Each team mounts a folder of its own, so none sees another's files.
"""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.context import Context
from components.eks_addons import AddonVersions, EksAddons, system_placement
from components.identity import ServiceAccountRole, Statement
from components.names import KUBE_SYSTEM
from components.storage.lustre.folders import Folder, Folders
from components.storage.lustre.settings import LustreSettings
from components.workloads import Workload

ADDON, DRIVER = "aws-fsx-csi-driver", "fsx.csi.aws.com"
PORTS = ((988, 988), (1018, 1023))
"""TCP ports of Lustre: docs.aws.amazon.com/fsx/latest/LustreGuide/
limit-access-security-groups.html."""
_CHARTS = "https://github.com/kubernetes-sigs/aws-fsx-csi-driver/blob/master/charts"


class Lustre(pulumi.ComponentResource):
    """The file system with its security group, the driver, and a folder for each team.

    It is not protected: shuffle files are scratch, which jobs compute again.
    """

    def __init__(
        self,
        name: str,
        settings: LustreSettings,
        context: Context,
        *,
        versions: AddonVersions,
        zone: str,
        folders: Mapping[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`zone` is the letter of its zone; `folders` are the teams, each with the pool of its
        executors, on which its folder is made; `context.after` includes their nodes."""
        super().__init__("spark-on-eks:storage:Lustre", name, None, context.options(opts))
        self._name, self._context = name, context
        system = self._create_file_system(settings, zone)
        driver = self._create_driver(system, versions)
        made = Folders(
            f"{name}-folders",
            context.then(driver),
            driver=DRIVER,
            system=system,
            folders=[Folder(team, pool) for team, pool in folders.items()],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.volumes = made.volumes
        """A team's volume, reserved for its claim."""
        self.register_outputs({"zone": f"{context.cloud.region}{zone}"})

    def _create_file_system(self, settings: LustreSettings, zone: str) -> aws.fsx.LustreFileSystem:
        own = pulumi.ResourceOptions(parent=self)
        nodes = self._context.cluster.security_group_id
        group = aws.ec2.SecurityGroup(
            f"{self._name}-servers",
            vpc_id=self._context.network.vpc_id,
            description="Lustre between its servers and the nodes of the cluster",
            ingress=[_traffic(ports, nodes) for ports in PORTS],
            egress=[_traffic(ports, nodes) for ports in PORTS],
            opts=own,
        )
        # A server also calls its clients back.
        called = [
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-clients-{first}",
                security_group_id=nodes,
                referenced_security_group_id=group.id,
                ip_protocol="tcp",
                from_port=first,
                to_port=last,
                description="Lustre",
                opts=own,
            )
            for first, last in PORTS
        ]
        persistent = settings.type == "PERSISTENT_2"
        return aws.fsx.LustreFileSystem(
            self._name,
            deployment_type=settings.type,
            storage_type="SSD",
            storage_capacity=settings.capacity_gib,
            per_unit_storage_throughput=(settings.throughput or 125) if persistent else None,
            kms_key_id=settings.kms_key_arn,
            # What AL2023's client needs: docs.aws.amazon.com/fsx/latest/LustreGuide/
            # lustre-client-matrix.html.
            file_system_type_version="2.15",
            subnet_ids=self._context.network.private_subnets[zone],
            security_group_ids=[group.id],
            # Scratch: no copy is kept.
            automatic_backup_retention_days=0 if persistent else None,
            skip_final_backup=True,
            opts=pulumi.ResourceOptions.merge(own, pulumi.ResourceOptions(depends_on=called)),
        )

    def _create_driver(
        self, system: aws.fsx.LustreFileSystem, versions: AddonVersions
    ) -> pulumi.Resource:
        """The driver mounts, which needs no permission; its controller may look at the one file
        system, and makes none."""
        own = pulumi.ResourceOptions(parent=self)
        role = ServiceAccountRole(
            f"{self._name}-driver",
            namespace=KUBE_SYSTEM,
            service_account="fsx-csi-controller-sa",
            oidc=self._context.cluster.oidc,
            cloud=self._context.cloud,
            policies={
                "describe": [Statement("Describe", ["fsx:DescribeFileSystems"], [system.arn])]
            },
            opts=own,
        )
        addons = EksAddons(
            "LustreDriver",
            self._name,
            versions,
            cloud=self._context.cloud,
            cluster=self._context.cluster,
            opts=own,
        )
        addon = addons.create_addon(
            ADDON,
            [
                Workload(
                    "controller",
                    values="controller",
                    replicas="controller.replicaCount",
                    # Four containers of 10m, 40Mi and 32Mi (values.yaml of its chart).
                    cpu="40m",
                    memory="136Mi",
                    brings_budget=f"{_CHARTS}/aws-fsx-csi-driver/templates/"
                    "controller-poddisruptionbudget.yaml",
                ),
                Workload(
                    "node",
                    kind="DaemonSet",
                    cpu="30m",
                    memory="104Mi",
                    tolerate_all="node.tolerateAllTaints",
                    removes_taint=f"{DRIVER}/agent-not-ready",
                ),
            ],
            role=role,
            configuration={
                "controller": {"replicaCount": 2, **system_placement()},
                "node": {"tolerateAllTaints": True},
            },
            provides=[f"csi:{DRIVER}"],
            depends_on=self._context.after,
        )
        addons.register()
        return addon


def _traffic(
    ports: tuple[int, int], nodes: pulumi.Input[str]
) -> aws.ec2.SecurityGroupIngressArgsDict:
    first, last = ports
    return {
        "protocol": "tcp",
        "from_port": first,
        "to_port": last,
        "self": True,
        "security_groups": [nodes],
        "description": "Lustre",
    }
