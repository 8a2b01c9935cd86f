"""The order of deletion as a table, with reasons.

A resource is deleted before those that it depends on, and created after them.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ops.plan.graph import inputs_from
from ops.plan.iam_roles import attachments, given_node_policies, node_roles
from ops.plan.model import Plan, Resource
from ops.plan.nodes import GROUP, node_groups
from ops.plan.packages import ADDON, RELEASE, Package, packages
from ops.plan.values import at, each
from ops.plan.workloads import team_namespaces

Pick = Callable[[Plan], Sequence[Resource]]
Follow = Callable[[Plan, Resource], Sequence[Resource]]


class Row(NamedTuple):
    """Each resource of `first` must be deleted before the resources that `then` returns for it."""

    first: Pick
    then: Follow
    why: str


def _kind(name: str) -> Pick:
    return lambda plan: plan.of_kind(name)


def _type(*names: str) -> Pick:
    return lambda plan: [one for name in names for one in plan.by_type(name)]


def _packages(test: Callable[[Package], bool]) -> Pick:
    return lambda plan: [one.resource for one in packages(plan) if test(one)]


def _providing(what: str) -> Pick:
    """The charts and add-ons whose components register that they provide something."""
    return _packages(lambda package: what in package.provides)


def _owned(plan: Plan) -> Sequence[Resource]:
    """Custom resources of API groups that a package of the plan reconciles."""
    groups = {group for package in packages(plan) for group in package.api_groups}
    return [one for one in plan.resources if _group(one) in groups]


def _owners(plan: Plan, one: Resource) -> Sequence[Resource]:
    return [package.resource for package in packages(plan) if _group(one) in package.api_groups]


def _group(one: Resource) -> str:
    return str(one.inputs.get("apiVersion", "")).partition("/")[0]


def _rest_of_component(plan: Plan, release: Resource) -> Sequence[Resource]:
    """Namespace, role, CRDs and other resources that the component of a chart creates."""
    return [one for one in plan.below(release.parent) if one.custom and one.urn != release.urn]


def _system_groups(plan: Plan) -> Sequence[Resource]:
    return [nodes.resource for nodes in node_groups(plan) if nodes.is_system]


def _spark_groups(plan: Plan) -> Sequence[Resource]:
    return [nodes.resource for nodes in node_groups(plan) if not nodes.is_system]


def _egress(plan: Plan) -> Sequence[Resource]:
    """The path from nodes to AWS: routes, associations, gateways, endpoints."""
    return _type(
        "aws:ec2/route:Route",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
    )(plan)


def _all(pick: Pick) -> Follow:
    return lambda plan, _: pick(plan)


def _named(kind: str, path: str) -> Follow:
    """The objects of a kind whose name is at a path of the inputs."""
    return lambda plan, one: [
        other for other in plan.of_kind(kind) if other.object_name == at(one.inputs, path)
    ]


def _role_of(key: str) -> Follow:
    """The role that an input refers to, and its policy attachments."""

    def found(plan: Plan, one: Resource) -> Sequence[Resource]:
        roles = [role for role in inputs_from(one, key, plan) if role.type.endswith(":Role")]
        return [*roles, *(right for role in roles for right in attachments(plan, role))]

    return found


def _joined(plan: Plan, node_class: Resource) -> Sequence[Resource]:
    """Policy attachments and access entry of the node role of a class."""
    roles = [one for one in inputs_from(node_class, "spec", plan) if one in node_roles(plan)]
    entries = [
        one
        for one in plan.by_type("aws:eks/accessEntry:AccessEntry")
        if any(role in roles for role in inputs_from(one, "principalArn", plan))
    ]
    rights = [right for role in roles for right in attachments(plan, role)]
    return [*rights, *entries]


def _volume_of(plan: Plan, claim: Resource) -> Sequence[Resource]:
    return [
        one
        for one in plan.of_kind("PersistentVolume")
        if at(one.inputs, "spec.claimRef.namespace") == at(claim.inputs, "metadata.namespace")
        and at(one.inputs, "spec.claimRef.name") == claim.object_name
    ]


def _mounts(plan: Plan, volume: Resource) -> Sequence[Resource]:
    """The component that mounts a volume: the CSI driver or the DaemonSet."""
    if driver := at(volume.inputs, "spec.csi.driver"):
        return _providing(f"csi:{driver}")(plan)
    return _mount_daemons(plan)


def _mount_daemons(plan: Plan) -> Sequence[Resource]:
    return [one for one in plan.of_kind("DaemonSet") if one.object_name == "spark-jars"]


def _entry_of(plan: Plan, association: Resource) -> Sequence[Resource]:
    return [
        one
        for one in plan.by_type("aws:eks/accessEntry:AccessEntry")
        if one.inputs.get("principalArn") == association.inputs.get("principalArn")
    ]


def _cluster_logs(plan: Plan, cluster: Resource) -> Sequence[Resource]:
    return [
        one
        for one in plan.by_type("aws:cloudwatch/logGroup:LogGroup")
        if str(one.inputs.get("name", "")).startswith("/aws/eks/")
    ]


def _with(type_: str, key: str = "bucket", own: str = "") -> Follow:
    """Resources of a type with an input from the same resource; `own` is its key, if another."""

    def found(plan: Plan, one: Resource) -> Sequence[Resource]:
        holders = inputs_from(one, own or key, plan)
        return [
            other
            for other in plan.by_type(type_)
            if any(holder in holders for holder in inputs_from(other, key, plan))
        ]

    return found


def _namespaced(plan: Plan) -> Sequence[Resource]:
    return [one for one in plan.resources if at(one.inputs, "metadata.namespace")]


def _role_bound(plan: Plan, binding: Resource) -> Sequence[Resource]:
    kind, name = at(binding.inputs, "roleRef.kind"), at(binding.inputs, "roleRef.name")
    namespace = at(binding.inputs, "metadata.namespace") if kind == "Role" else None
    return [
        one
        for one in plan.of_kind(str(kind))
        if one.object_name == name and at(one.inputs, "metadata.namespace") == namespace
    ]


def _accounts_rights(plan: Plan, workload: Resource) -> Sequence[Resource]:
    """The service account of a workload's pods, and its role bindings."""
    name = at(workload.inputs, "spec.template.spec.serviceAccountName")
    accounts = [one for one in plan.of_kind("ServiceAccount") if one.object_name == name]
    bindings = [
        one
        for one in (*plan.of_kind("ClusterRoleBinding"), *plan.of_kind("RoleBinding"))
        if any(subject.get("name") == name for subject in each(one.inputs, "subjects"))
    ]
    return [*accounts, *bindings]


def _routes_to_internet(plan: Plan) -> Sequence[Resource]:
    return [one for one in plan.by_type("aws:ec2/route:Route") if one.inputs.get("gatewayId")]


_controllers = _packages(
    lambda one: one.calls_aws and one.resource.type == RELEASE and bool(one.workloads)
)
_charts_with_pods = _packages(lambda one: one.resource.type == RELEASE and bool(one.workloads))
_addons_with_controllers = _packages(
    lambda one: one.resource.type == ADDON and any(found.is_placed for found in one.workloads)
)

TABLE = (
    Row(_kind("PersistentVolumeClaim"), _volume_of, "a bound volume waits for its claim"),
    Row(_kind("PersistentVolume"), _mounts, "running pods would lose their mount"),
    Row(_kind("NodePool"), _named("EC2NodeClass", "spec.template.spec.nodeClassRef.name"),
        "its nodes are terminated with the class' settings"),
    Row(_owned, _owners, "its controller removes its finalizer, and deleting a CRD deletes it"),
    Row(_kind("EC2NodeClass"), _joined, "its nodes need them until they are terminated"),
    Row(_charts_with_pods, _rest_of_component, "its pods use them"),
    Row(_controllers, _all(_providing("dns")), "it resolves AWS endpoints"),
    Row(_controllers, _all(_egress), "it calls AWS through them"),
    Row(_providing("node-group-scaling"), _all(_spark_groups), "it scales them"),
    Row(_type(GROUP), _all(_egress), "nodes reach the cluster and AWS through them"),
    Row(_type(GROUP), _all(_providing("node-networking")), "nodes are not Ready without it"),
    Row(_type(GROUP), _role_of("nodeRoleArn"), "its nodes need them"),
    Row(_addons_with_controllers, _all(_system_groups), "its pods run there"),
    Row(_type(ADDON), _role_of("serviceAccountRoleArn"), "its pods use them"),
    Row(_type("eks:index:Cluster"), _all(_egress), "its deletion needs the routes"),
    Row(_type("eks:index:Cluster"), _cluster_logs, "EKS recreates the log group"),
    Row(_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation"), _entry_of,
        "it is part of the entry"),
    Row(_type("aws:eks/accessEntry:AccessEntry", ADDON, GROUP), _all(_type("eks:index:Cluster")),
        "it is part of the cluster"),
    Row(_type("aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"), _all(_routes_to_internet),
        "the EIP is attached to the gateway"),
    Row(_type("aws:ec2/flowLog:FlowLog"),
        _with("aws:iam/rolePolicy:RolePolicy", "role", own="iamRoleArn"),
        "it writes with that role"),
    Row(_type("aws:s3/bucketPolicy:BucketPolicy"),
        _with("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"),
        "S3 answers OperationAborted to both at once"),
    Row(_type("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"),
        _with("aws:s3/bucketVersioning:BucketVersioning"), "its rules need versioning"),
    Row(_type("aws:s3/bucketObjectv2:BucketObjectv2"),
        _with("aws:s3/bucketServerSideEncryptionConfiguration"
              ":BucketServerSideEncryptionConfiguration"), "it would be written unencrypted"),
    Row(_namespaced, _named("Namespace", "metadata.namespace"), "it is in the namespace"),
    Row(_type(RELEASE), _named("Namespace", "namespace"), "its objects are in the namespace"),
    Row(_type(RELEASE), _all(_system_groups), "its pods run there"),
    Row(_providing("spark-jobs"), _all(team_namespaces), "its chart creates Roles there"),
    Row(_kind("ServiceAccount"), _role_of("metadata"), "its pods use them"),
    Row(_kind("Deployment"), _accounts_rights, "its pods use them"),
    Row(_kind("Deployment"), _all(_system_groups), "its pods run there"),
    Row(_kind("ClusterRoleBinding"), _role_bound, "it binds the role"),
    Row(_kind("ValidatingAdmissionPolicyBinding"),
        _named("ValidatingAdmissionPolicy", "spec.policyName"), "it binds the policy"),
    Row(_kind("RoleBinding"), _role_bound, "it binds the role"),
    Row(_kind("DaemonSet"), _accounts_rights, "its pods use them"),
    Row(_mount_daemons, _all(given_node_policies), "its nodes read the JARs with them"),
)  # fmt: skip
