"""Who may submit a team's applications: orchestrators and people, by RBAC in its namespace."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components.base import Problems, Settings
from components.context import Context
from components.formats import Namespace, text
from components.names import SPARK_APPLICATIONS, SPARK_GROUP

NAME = "spark-submitter"
"""Role and RoleBinding in a team's namespace."""

RoleArn = Annotated[
    str,
    text(
        r"arn:aws[a-z-]*:iam::[0-9]{12}:role/(?!aws-service-role/)([!-~]{1,510}/)?[\w+=,.@-]{1,64}",
        "the ARN of an IAM role: arn:aws:iam::<account>:role/<name>",
    ),
]
AccountName = Annotated[
    str,
    text(
        r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*",
        "the name of a service account: lower-case letters, digits, hyphens and dots",
    ),
]
GroupName = Annotated[
    str,
    text(
        # EKS reserves these beginnings:
        # docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html.
        r"(?!(system|eks|aws|amazon|iam):)[A-Za-z0-9][A-Za-z0-9:/@._-]{0,99}",
        "a group of Kubernetes that does not begin with system:, eks:, aws:, amazon: or iam:",
    ),
]


class Submitter(Settings):
    """`spark.teams[].submitters[]`: one of a service account, an IAM role or a group."""

    namespace: Namespace | None = None
    """Namespace of the service account, for example `airflow`; no team's."""
    service_account: AccountName | None = None
    """Name of the service account, for example `airflow-worker`."""
    role_arn: RoleArn | None = None
    """ARN of an IAM role, which gets an access entry of the cluster: of a CI system, or of an
    orchestrator outside the cluster."""
    group: GroupName | None = None
    """Group of people, as your access entries or your identity provider name it."""

    def problems(self) -> Problems:
        given = [self.service_account or self.namespace, self.role_arn, self.group]
        if sum(one is not None for one in given) != 1:
            yield "", "must be one of namespace with serviceAccount, roleArn, or group"
        elif (self.namespace is None) != (self.service_account is None):
            yield "", "namespace and serviceAccount come together"


def submitter_rules() -> list[k8s.rbac.v1.PolicyRuleArgsDict]:
    """To submit, follow, end and delete applications, and to read their drivers' logs: kubectl and
    Airflow get the pod first. Not to update: `kubectl apply` of a changed application is a new one
    (delete, create)."""
    return [
        {
            "api_groups": [SPARK_GROUP],
            "resources": list(SPARK_APPLICATIONS),
            "verbs": ["create", "get", "list", "watch", "delete"],
        },
        {"api_groups": [""], "resources": ["pods", "pods/log"], "verbs": ["get"]},
    ]


def group_of(team: str) -> str:
    """The group of the IAM roles that submit for a team."""
    return f"spark-on-eks:submitters:{team}"


def create_submitters(
    name: str,
    *,
    namespace: str,
    submitters: Sequence[Submitter],
    opts: pulumi.ResourceOptions,
) -> None:
    """The Role of a team's submitters, bound to them; nothing for none."""
    if not submitters:
        return
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {"name": NAME, "namespace": namespace}
    role = k8s.rbac.v1.Role(
        f"{name}-submitter", metadata=metadata, rules=submitter_rules(), opts=opts
    )
    k8s.rbac.v1.RoleBinding(
        f"{name}-submitter",
        metadata=metadata,
        role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME},
        subjects=_subjects(namespace, submitters),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[role])),
    )


class SubmitterEntries(pulumi.ComponentResource):
    """An access entry for each IAM role, in the groups of its teams. It has no access policy: the
    teams' RoleBindings say what it may do."""

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        teams: Mapping[str, Sequence[Submitter]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`teams` are the submitters by team."""
        super().__init__("spark-on-eks:spark:Submitters", name, None, context.options(opts))
        for role_arn, groups in _groups(teams).items():
            aws.eks.AccessEntry(
                f"{name}-{role_arn.partition(':iam::')[2].replace(':', '-').replace('/', '-')}",
                cluster_name=context.cluster.name,
                principal_arn=role_arn,
                kubernetes_groups=groups,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[context.cluster]),
            )
        self.register_outputs({})


def roles_of(submitters: Sequence[Submitter]) -> list[str]:
    """The IAM roles among submitters."""
    return [one.role_arn for one in submitters if one.role_arn]


def _groups(teams: Mapping[str, Sequence[Submitter]]) -> dict[str, list[str]]:
    """IAM role to its groups: a principal has one access entry."""
    found: dict[str, list[str]] = {}
    for team, submitters in teams.items():
        for role_arn in roles_of(submitters):
            found.setdefault(role_arn, []).append(group_of(team))
    return {role_arn: sorted(groups) for role_arn, groups in sorted(found.items())}


def _subjects(namespace: str, submitters: Sequence[Submitter]) -> list[k8s.rbac.v1.SubjectArgsDict]:
    groups = [one.group for one in submitters if one.group]
    if roles_of(submitters):
        groups.append(group_of(namespace))
    api_group = "rbac.authorization.k8s.io"
    found: list[k8s.rbac.v1.SubjectArgsDict] = [
        {"kind": "Group", "name": group, "api_group": api_group} for group in groups
    ]
    for one in submitters:
        if one.service_account and one.namespace:
            account = one.service_account
            found.append({"kind": "ServiceAccount", "name": account, "namespace": one.namespace})
    return found
