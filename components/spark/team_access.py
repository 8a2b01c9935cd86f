"""Permissions of a team's pods: an IAM role in AWS, a Role of the driver in Kubernetes."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import pulumi
import pulumi_kubernetes as k8s
from pydantic import AfterValidator

from components.base import Settings
from components.bucket_formats import KeyArn, check_bucket_name
from components.context import Context
from components.formats import Text, text
from components.identity import ServiceAccountRole, Statement
from components.names import DRIVER_ACCOUNT, EXECUTOR_ACCOUNT
from components.spark.team_rights import RightsSettings, right_policies

_BUCKETS_A_POLICY = 4
"""Statements for four buckets with the longest names fit in IAM's 6,144 characters."""

WRITE_ACTIONS = (
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
)
"""What S3A needs to write, rename and clean up:
hadoop.apache.org/docs/r3.4.1/hadoop-aws/tools/hadoop-aws/assumed_roles.html."""

_DRIVER_RESOURCES = ("pods", "services", "configmaps", "persistentvolumeclaims")


def _bucket(value: str) -> str:
    check_bucket_name(re.sub(r"^arn:aws[a-z-]*:s3:::", "", value))
    return value


DataBucket = Annotated[Text, AfterValidator(_bucket)]
Prefix = Annotated[
    str,
    text(
        r"(?=.{0,200}$)((?!\.\.?/)[A-Za-z0-9!_.'()=-]+/)*",
        "a prefix of letters, digits and !_.'()=- that ends with a slash (team-a/), or empty",
    ),
]


class BucketAccess(Settings):
    """`spark.teams[].buckets[]`: data that the team's jobs read or write."""

    name: DataBucket
    """Name or ARN of an existing bucket."""
    prefix: Prefix
    """Prefix of the data, with a slash at the end; `""` is the whole bucket."""
    access: Literal["read", "readWrite"] = "read"
    """Read, or also write and delete."""
    kms_key_arn: KeyArn | None = None
    """ARN of the KMS key of a bucket with SSE-KMS."""

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.name.rpartition(":")[2]


class TeamAccess(pulumi.ComponentResource):
    """The two service accounts of a team, their IAM role, and the driver's Role.

    Drivers and executors read and write the same data: both assume the role. Only the driver calls
    the API server.
    """

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        namespace: str,
        buckets: Sequence[BucketAccess],
        rights: RightsSettings,
        log_statements: Mapping[str, Sequence[Statement]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`log_statements` are further policies, by their short names."""
        super().__init__("spark-on-eks:spark:TeamAccess", name, None, opts)
        policies = {
            f"data-{start // _BUCKETS_A_POLICY + 1}": [
                statement
                for number in range(start, min(start + _BUCKETS_A_POLICY, len(buckets)))
                for statement in bucket_statements(
                    buckets[number], number + 1, context.cloud.partition
                )
            ]
            for start in range(0, len(buckets), _BUCKETS_A_POLICY)
        }
        policies |= right_policies(rights, context.cloud.arn)
        policies |= {short: list(found) for short, found in log_statements.items()}
        role = ServiceAccountRole(
            name,
            namespace=namespace,
            service_account=DRIVER_ACCOUNT,
            also=[EXECUTOR_ACCOUNT],
            oidc=context.cluster.oidc,
            cloud=context.cloud,
            policies=policies,
            opts=pulumi.ResourceOptions(parent=self),
        )
        for account in (DRIVER_ACCOUNT, EXECUTOR_ACCOUNT):
            k8s.core.v1.ServiceAccount(
                f"{name}-{account}",
                metadata={
                    "name": account,
                    "namespace": namespace,
                    "annotations": {"eks.amazonaws.com/role-arn": role.arn},
                },
                # The token for AWS is another one, which EKS always projects.
                automount_service_account_token=account == DRIVER_ACCOUNT,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[*context.after, role]),
            )
        driver = k8s.rbac.v1.Role(
            f"{name}-driver",
            metadata={"name": DRIVER_ACCOUNT, "namespace": namespace},
            rules=driver_rules(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=context.after),
        )
        k8s.rbac.v1.RoleBinding(
            f"{name}-driver",
            metadata={"name": DRIVER_ACCOUNT, "namespace": namespace},
            role_ref={
                "api_group": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": DRIVER_ACCOUNT,
            },
            subjects=[{"kind": "ServiceAccount", "name": DRIVER_ACCOUNT, "namespace": namespace}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[driver]),
        )
        self.role_arn: pulumi.Output[str] = role.arn
        self.register_outputs({"roleArn": role.arn})


def policy_count(buckets: Sequence[BucketAccess], *, logs: int) -> int:
    """Policies of a team's role for its buckets, and so many for logs."""
    return -(-len(buckets) // _BUCKETS_A_POLICY) + logs


def driver_rules() -> list[k8s.rbac.v1.PolicyRuleArgsDict]:
    """Permissions of Spark's Kubernetes backend: it creates and watches executors, their ConfigMaps
    and claims, deletes all of them by label at the end (deletecollection), and labels executors
    that it decommissions (patch).
    Source: spark.apache.org/docs/4.0.1/running-on-kubernetes.html#rbac.
    """
    return [
        {
            "api_groups": [""],
            "resources": list(_DRIVER_RESOURCES),
            "verbs": ["create", "get", "list", "watch", "delete", "deletecollection"],
        },
        {"api_groups": [""], "resources": ["pods"], "verbs": ["patch"]},
    ]


def bucket_statements(access: BucketAccess, number: int, partition: str) -> list[Statement]:
    """Permissions on one entry of a team's buckets; `number` is part of the Sids."""
    arn = f"arn:{partition}:s3:::{access.bucket}"
    prefix = access.prefix
    # Before it lists, S3A reads the prefix without the slash as if it were an object.
    objects = [f"{arn}/{prefix.rstrip('/')}", f"{arn}/{prefix}*"] if prefix else [f"{arn}/*"]
    writes = access.access == "readWrite"
    statements = [
        Statement(
            f"List{number}",
            ["s3:ListBucket"],
            [arn],
            conditions={"StringLike": {"s3:prefix": [f"{prefix}*"]}} if prefix else {},
        ),
        Statement(
            f"{'ReadWrite' if writes else 'Read'}{number}",
            ["s3:GetObject", *(WRITE_ACTIONS if writes else ())],
            objects,
        ),
    ]
    keys = ["kms:Decrypt", *(["kms:GenerateDataKey"] if writes else [])]
    if access.kms_key_arn is not None:
        statements.append(Statement(f"Key{number}", keys, [access.kms_key_arn]))
    return statements
