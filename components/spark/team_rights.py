"""Permissions of a team's jobs beyond S3: Glue, DynamoDB, Secrets Manager, MSK, SQS, KMS.

Actions and the resources that they take: AWS' service authorization reference. An ARN names one
resource; rights of its own that a resource needs in another account are not the stack's.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Literal

from pydantic import WrapValidator

from components.base import Problems, Settings
from components.bucket_formats import KeyArn
from components.formats import entries, text
from components.identity import Statement, Text

POLICY_SIZE = 6144
"""Characters of a customer managed policy, without white space:
docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""
ROLE_POLICIES = 10
"""Policies attached to one role, by default; the same page."""

ArnOf = Callable[[str, str], Text]
"""Service and resource to an ARN in the stack's region and account."""
Access = Literal["read", "readWrite"]

_OF = r"arn:aws[a-z-]*:{}:[a-z0-9-]+:[0-9]{{12}}:"


def _arn(service: str, rest: str, says: str) -> WrapValidator:
    return text(_OF.format(service) + rest, f"the ARN of {says}")


TableArn = Annotated[
    str,
    _arn(
        "dynamodb",
        r"table/[A-Za-z0-9_.-]{3,255}",
        "a DynamoDB table: arn:aws:dynamodb:<region>:<account>:table/<name>",
    ),
]
SecretArn = Annotated[
    str,
    _arn(
        "secretsmanager",
        r"secret:[A-Za-z0-9/_+=.@-]{1,512}-[A-Za-z0-9]{6}",
        "a secret with its six random characters: "
        "arn:aws:secretsmanager:<region>:<account>:secret:<name>-AbCdEf",
    ),
]
ClusterArn = Annotated[
    str,
    _arn(
        "kafka",
        r"cluster/[A-Za-z0-9-]{1,64}/[A-Za-z0-9-]+",
        "an MSK cluster: arn:aws:kafka:<region>:<account>:cluster/<name>/<uuid>",
    ),
]
QueueArn = Annotated[
    str,
    _arn(
        "sqs",
        r"[A-Za-z0-9_-]{1,80}(\.fifo)?",
        "an SQS queue: arn:aws:sqs:<region>:<account>:<name>",
    ),
]
_GLUE = "letters, digits, hyphens and underscores in lower case"
DatabaseName = Annotated[
    str, text(r"[a-z0-9_-]{1,255}", f"the name of a Glue database: at most 255 {_GLUE}")
]
TableName = Annotated[
    str, text(r"[a-z0-9_-]{0,254}([a-z0-9_-]|\*)", f"the name of a Glue table: {_GLUE}, or pre_*")
]
KafkaName = Annotated[
    str,
    text(
        r"[A-Za-z0-9._-]{0,248}([A-Za-z0-9._-]|(?<=[A-Za-z0-9._-])\*)",
        "a name of letters, digits and ._-, with a * at its end at most (orders-*)",
    ),
]

_GLUE_READ = (
    *("GetDatabase", "GetTable", "GetTables", "GetTableVersion", "GetTableVersions"),
    *("GetPartition", "GetPartitions", "BatchGetPartition"),
)
_GLUE_WRITE = (
    *("CreateTable", "UpdateTable", "DeleteTable"),
    *("CreatePartition", "BatchCreatePartition", "UpdatePartition", "BatchUpdatePartition"),
    *("DeletePartition", "BatchDeletePartition"),
)
"""Iceberg commits by UpdateTable, and renames by CreateTable and DeleteTable
(iceberg.apache.org/docs/latest/aws); tables of Hive have partitions besides."""
_ITEMS_READ = ("DescribeTable", "GetItem", "BatchGetItem", "Query", "Scan")
_ITEMS_WRITE = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")


class GlueAccess(Settings):
    """`spark.teams[].rights.glue[]`: tables of one database of the account's Data Catalog."""

    database: DatabaseName
    """Name of the database. Jobs do not create databases."""
    tables: Annotated[list[TableName], entries(1, 50)] = ["*"]
    """Names of tables, or their beginnings with a star (`tmp_*`); default: all of the database."""
    access: Access = "read"
    """Read, or also create, change and delete tables and partitions."""

    def statements(self, number: int, arn: ArnOf) -> list[Statement]:
        """Permissions on the database and its tables; Glue checks the catalog as well."""
        writes = self.access == "readWrite"
        return [
            Statement(
                f"Glue{number}",
                _actions("glue", _GLUE_READ, _GLUE_WRITE if writes else ()),
                [
                    arn("glue", "catalog"),
                    arn("glue", f"database/{self.database}"),
                    *(arn("glue", f"table/{self.database}/{table}") for table in self.tables),
                ],
            )
        ]


class DynamodbAccess(Settings):
    """`spark.teams[].rights.dynamodb[]`: items of one table."""

    table_arn: TableArn
    """ARN of the table, for example Iceberg's lock table."""
    access: Access = "read"
    """Read items, or also write and delete them; no access changes the table."""

    def statements(self, number: int, arn: ArnOf) -> list[Statement]:
        """Permissions on the table, and to query its indexes."""
        del arn
        writes = _ITEMS_WRITE if self.access == "readWrite" else ()
        return [
            Statement(
                f"Items{number}", _actions("dynamodb", _ITEMS_READ, writes), [self.table_arn]
            ),
            Statement(
                f"Indexes{number}",
                _actions("dynamodb", ("Query", "Scan")),
                [f"{self.table_arn}/index/*"],
            ),
        ]


class SecretAccess(Settings):
    """`spark.teams[].rights.secrets[]`: one secret that jobs read."""

    arn: SecretArn
    """ARN of the secret, with its six random characters."""
    kms_key_arn: KeyArn | None = None
    """KMS key of a secret that has a key of its own."""

    def statements(self, number: int, arn: ArnOf) -> list[Statement]:
        """Permission to read the secret; its key only through Secrets Manager."""
        del arn
        found = [
            Statement(
                f"Secret{number}",
                ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                [self.arn],
            )
        ]
        if self.kms_key_arn is not None:
            _, partition, _, region, *_ = self.kms_key_arn.split(":")
            suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
            via = {"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.{suffix}"}}
            key = [self.kms_key_arn]
            found.append(Statement(f"SecretKey{number}", ["kms:Decrypt"], key, conditions=via))
        return found


class KafkaAccess(Settings):
    """`spark.teams[].rights.kafka[]`: topics of one MSK cluster with IAM access control."""

    cluster_arn: ClusterArn
    """ARN of the cluster. The brokers' port (9098) is an entry of `egress`."""
    topics: Annotated[list[KafkaName], entries(1, 50)]
    """Names of topics, or their beginnings with a star (`orders-*`)."""
    groups: Annotated[list[KafkaName], entries(1, 20)] = ["spark-kafka-*"]
    """Consumer groups. Spark generates names that begin with `spark-kafka-`, unless a job sets
    `kafka.group.id` or `groupIdPrefix`."""
    access: Access = "read"
    """Read, or also write records; no access creates or deletes topics."""

    def statements(self, number: int, arn: ArnOf) -> list[Statement]:
        """Permissions as MSK lists them:
        docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html."""
        del arn
        writes = self.access == "readWrite"
        head, _, cluster = self.cluster_arn.partition(":cluster/")
        return [
            Statement(
                f"Cluster{number}",
                _actions(
                    "kafka-cluster",
                    ("Connect", "DescribeCluster"),
                    ("WriteDataIdempotently",) if writes else (),
                ),
                [self.cluster_arn],
            ),
            Statement(
                f"Topics{number}",
                _actions(
                    "kafka-cluster",
                    ("DescribeTopic", "DescribeTopicDynamicConfiguration", "ReadData"),
                    ("WriteData",) if writes else (),
                ),
                [f"{head}:topic/{cluster}/{name}" for name in self.topics],
            ),
            Statement(
                f"Groups{number}",
                _actions("kafka-cluster", ("AlterGroup", "DescribeGroup")),
                [f"{head}:group/{cluster}/{name}" for name in self.groups],
            ),
        ]


class QueueAccess(Settings):
    """`spark.teams[].rights.sqs[]`: messages of one queue."""

    queue_arn: QueueArn
    """ARN of the queue."""
    access: Literal["receive", "send", "receiveAndSend"] = "receive"
    """Receive and delete messages, send them, or both."""

    def statements(self, number: int, arn: ArnOf) -> list[Statement]:
        """Permissions on the queue's messages."""
        del arn
        receives = ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
        return [
            Statement(
                f"Queue{number}",
                _actions(
                    "sqs",
                    ("GetQueueAttributes", "GetQueueUrl"),
                    () if self.access == "send" else receives,
                    () if self.access == "receive" else ("SendMessage",),
                ),
                [self.queue_arn],
            )
        ]


class KeyAccess(Settings):
    """`spark.teams[].rights.kms[]`: a key of data that the other rights are for."""

    key_arn: KeyArn
    """ARN of the key: of an encrypted table, queue, or of what jobs encrypt themselves."""
    access: Access = "read"
    """Decrypt, or also encrypt."""

    def statements(self, number: int, arn: ArnOf) -> list[Statement]:
        """Permissions on the key."""
        del arn
        writes = ("Encrypt", "GenerateDataKey") if self.access == "readWrite" else ()
        return [Statement(f"Kms{number}", _actions("kms", ("Decrypt",), writes), [self.key_arn])]


Right = GlueAccess | DynamodbAccess | SecretAccess | KafkaAccess | QueueAccess | KeyAccess


class RightsSettings(Settings):
    """`spark.teams[].rights`: what the team's jobs may use besides S3. Lake Formation is left out:
    its grants are data of its own, beside IAM."""

    glue: Annotated[list[GlueAccess], entries(most=32)] = []
    """Databases of the Glue Data Catalog."""
    dynamodb: Annotated[list[DynamodbAccess], entries(most=32)] = []
    """DynamoDB tables."""
    secrets: Annotated[list[SecretAccess], entries(most=32)] = []
    """Secrets of Secrets Manager."""
    kafka: Annotated[list[KafkaAccess], entries(most=16)] = []
    """MSK clusters with IAM access control."""
    sqs: Annotated[list[QueueAccess], entries(most=32)] = []
    """SQS queues."""
    kms: Annotated[list[KeyAccess], entries(most=32)] = []
    """KMS keys."""

    def problems(self) -> Problems:
        """One entry for each resource: two would have the rights of both."""
        for field, key in _KEYS.items():
            seen: set[str] = set()
            for index, one in enumerate(self.__dict__.get(field, ())):
                named = one.__dict__.get(key)
                if named in seen:
                    what = type(one).model_fields[key].alias
                    yield f"{field}[{index}].{what}", f"'{named}' is listed twice"
                seen.add(str(named))

    def entries(self) -> Iterator[tuple[str, Right]]:
        """Every entry with its key below `rights`."""
        for field in _KEYS:
            for index, one in enumerate(getattr(self, field)):
                yield f"{field}[{index}]", one

    def arns(self) -> Iterator[tuple[str, str]]:
        """Every ARN by key, without those that are refused already."""
        for field in _KEYS:
            for index, one in enumerate(self.__dict__.get(field, ())):
                for name, info in type(one).model_fields.items():
                    value = one.__dict__.get(name)
                    if name == "arn" or name.endswith("_arn"):
                        yield f"{field}[{index}].{info.alias}", value or ""


_KEYS = {
    "glue": "database",
    "dynamodb": "table_arn",
    "secrets": "arn",
    "kafka": "cluster_arn",
    "sqs": "queue_arn",
    "kms": "key_arn",
}
"""Field to the field that names the resource."""


def right_policies(rights: RightsSettings, arn: ArnOf) -> dict[str, list[Statement]]:
    """Short name to statements, in the order of the settings: as few policies as hold them, each
    below IAM's limit."""
    policies: list[list[Statement]] = []
    room = 0
    for number, (_, one) in enumerate(rights.entries(), start=1):
        size = _size(one.statements(number, _longest_arn))
        if size > room:
            policies.append([])
            room = POLICY_SIZE - _FRAME
        room -= size
        policies[-1] += one.statements(number, arn)
    return {f"rights-{number}": found for number, found in enumerate(policies, start=1)}


def check_rights(rights: RightsSettings, *, other_policies: int) -> Problems:
    """Rights that fit in the policies of one role, which has `other_policies` besides."""
    for key, one in rights.entries():
        size = _size(one.statements(99, _longest_arn)) + _FRAME
        if size > POLICY_SIZE:
            text = f"needs a policy of {size} characters; IAM allows {POLICY_SIZE}. Name fewer"
            yield key, f"{text}, or the beginning of several with a star"
            return
    needed = len(right_policies(rights, _longest_arn))
    if needed + other_policies > ROLE_POLICIES:
        yield (
            "",
            f"needs {needed} policies, and the team's role has {other_policies} for buckets and "
            f"event logs; IAM attaches {ROLE_POLICIES}. Name fewer resources, or the beginning of "
            "several with a star",
        )


_FRAME = len('{"Version":"2012-10-17","Statement":[]}')


def _size(statements: Sequence[Statement]) -> int:
    """Characters that IAM counts."""
    return sum(len(json.dumps(one.render(), separators=(",", ":"))) + 1 for one in statements)


def _longest_arn(service: str, resource: str) -> str:
    """An ARN of the longest partition and region, for the size of policies."""
    return f"arn:aws-us-gov:{service}:ap-southeast-99:{'0' * 12}:{resource}"


def _actions(service: str, *groups: Sequence[str]) -> list[str]:
    return [f"{service}:{action}" for group in groups for action in group]
