"""Whether a team's jobs would run: its accounts, its rights in AWS and in its namespace, and the
operator that watches it."""

from collections.abc import Iterator

from .providers import aws_references as refs
from .providers import iam
from .providers import kubernetes_rules as objects
from .providers.karpenter import RELEASE
from .providers.world import Thing, World

TEAM = "spark-on-eks/team"
ACCOUNTS = ("spark-driver", "spark-executor")
ROLE_OF_ACCOUNT = "eks.amazonaws.com/role-arn"
_BINDING = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding"


def complaints(world: World) -> Iterator[str]:
    """A line for everything that a team's jobs would run into."""
    teams = {one.id for one in world.all(objects.NAMESPACE) if TEAM in _labels(one)}
    for team in teams:
        for account in ACCOUNTS:
            yield from _account(world, team, account)
        yield from _binding(world, team)
    operator = world.first(RELEASE, name="spark-operator")
    watched = set(operator.inputs["values"]["spark"]["jobNamespaces"]) if operator else teams
    if watched != teams:
        yield f"the operator watches {sorted(watched)}, and the teams are {sorted(teams)}"


def _labels(namespace: Thing) -> dict[str, str]:
    return namespace.inputs["metadata"].get("labels") or {}


def _account(world: World, team: str, name: str) -> Iterator[str]:
    account = world.get(objects.ACCOUNT, f"{team}/{name}")
    if account is None:
        yield f"{team}: no service account {name}"
        return
    arn = (account.inputs["metadata"].get("annotations") or {}).get(ROLE_OF_ACCOUNT, "")
    role = iam.role_by_arn(world, arn)
    if role is None:
        yield f"{team}/{name}: no role {arn!r}"
        return
    owner = world.things[refs.CLUSTER, account.cluster]
    issuer = owner.state["identities"][0]["oidcs"][0]["issuer"].removeprefix("https://")
    if not iam.may_assume_by_account(world, role, issuer, f"system:serviceaccount:{team}:{name}"):
        yield f"{team}/{name}: may not assume {role.id}"
    if iam.may_assume_by_account(world, role, issuer, f"system:serviceaccount:other:{name}"):
        yield f"{team}/{name}: another namespace's account may assume {role.id}"
    for bucket in world.all(refs.BUCKET):
        # The JARs come through the mount; a job that could write them could change another's.
        for action in ("s3:GetObject", "s3:PutObject"):
            if iam.may(world, role.id, action, f"{bucket.text('arn')}/spark/jars/x/y.jar"):
                yield f"{team}: {role.id} has {action} on {bucket.id}"


def _binding(world: World, team: str) -> Iterator[str]:
    bound = [
        subject
        for binding in world.all(_BINDING)
        if binding.id.partition("/")[0] == team
        for subject in binding.inputs["subjects"]
    ]
    if bound != [{"kind": "ServiceAccount", "name": ACCOUNTS[0], "namespace": team}]:
        yield f"{team}: rights are given to {bound}"
