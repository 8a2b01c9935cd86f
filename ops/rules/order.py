"""What must still be there while something is being deleted, row by row, and why.

A resource is destroyed before what it depends on, and created after it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ops.plan.graph import inputs_from
from ops.plan.iam_roles import attachments, given_node_policies, node_roles
from ops.plan.model import Plan, Resource
from ops.plan.nodes import GROUP, node_groups
from ops.plan.values import at, each
from ops.plan.workloads import ADDON, RELEASE, team_namespaces

Pick = Callable[[Plan], Sequence[Resource]]


class Row(NamedTuple):
    """`first` go before any of `then`; with `own` the second depends on the resource of the
    first."""

    first: Pick
    then: Callable[[Plan, Resource], Sequence[Resource]]
    why: str


def _kind(name: str) -> Pick:
    return lambda plan: plan.of_kind(name)


def _type(*names: str) -> Pick:
    return lambda plan: [one for name in names for one in plan.by_type(name)]


def _chart(*names: str) -> Pick:
    return lambda plan: [
        one
        for one in plan.by_type(RELEASE)
        if str(one.inputs.get("chart")).rpartition("/")[2] in names
    ]


def _addon(*names: str) -> Pick:
    return lambda plan: [one for one in plan.by_type(ADDON) if one.inputs.get("addonName") in names]


def _system_groups(plan: Plan) -> Sequence[Resource]:
    return [nodes.resource for nodes in node_groups(plan) if nodes.is_system]


def _spark_groups(plan: Plan) -> Sequence[Resource]:
    return [nodes.resource for nodes in node_groups(plan) if not nodes.is_system]


def _egress(plan: Plan) -> Sequence[Resource]:
    """What a node reaches AWS through: routes, their tables' places, gateways, endpoints."""
    return _type(
        "aws:ec2/route:Route",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
    )(plan)


def _all(pick: Pick) -> Callable[[Plan, Resource], Sequence[Resource]]:
    return lambda plan, _: pick(plan)


def _role_of(key: str) -> Callable[[Plan, Resource], Sequence[Resource]]:
    """The role that an input names, and every right of it."""

    def found(plan: Plan, one: Resource) -> Sequence[Resource]:
        roles = [role for role in inputs_from(one, key, plan) if role.type.endswith(":Role")]
        return [*roles, *(right for role in roles for right in attachments(plan, role))]

    return found


def _own_class(plan: Plan, pool: Resource) -> Sequence[Resource]:
    name = at(pool.inputs, "spec.template.spec.nodeClassRef.name")
    return [one for one in plan.of_kind("EC2NodeClass") if one.object_name == name]


def _joined(plan: Plan, node_class: Resource) -> Sequence[Resource]:
    """The rights and the access entry of the node role of a class."""
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
    ]


def _mounts(plan: Plan, volume: Resource) -> Sequence[Resource]:
    """What mounts a volume: the driver, the DaemonSet, or the nodes with its label."""
    if at(volume.inputs, "spec.csi"):
        return _addon("aws-mountpoint-s3-csi-driver")(plan)
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


def _with(type_: str, key: str = "bucket") -> Callable[[Plan, Resource], Sequence[Resource]]:
    """The resources of a type that are made from the same resource by an input."""

    def found(plan: Plan, one: Resource) -> Sequence[Resource]:
        holders = inputs_from(one, key, plan)
        return [
            other
            for other in plan.by_type(type_)
            if any(holder in holders for holder in inputs_from(other, key, plan))
        ]

    return found


def _to_internet(plan: Plan) -> Sequence[Resource]:
    return [one for one in plan.by_type("aws:ec2/route:Route") if one.inputs.get("gatewayId")]


def _rights_by_name(plan: Plan, one: Resource) -> Sequence[Resource]:
    """In-line policies of roles that an input leads to, and those of given nodes."""
    roles = inputs_from(one, "iamRoleArn", plan)
    return [
        policy
        for policy in plan.by_type("aws:iam/rolePolicy:RolePolicy")
        if any(role in roles for role in inputs_from(policy, "role", plan))
    ]


def _namespaced(plan: Plan) -> Sequence[Resource]:
    return [one for one in plan.resources if at(one.inputs, "metadata.namespace")]


def _namespace_of(plan: Plan, one: Resource) -> Sequence[Resource]:
    name = at(one.inputs, "metadata.namespace")
    return [other for other in plan.of_kind("Namespace") if other.object_name == name]


def _namespace_of_release(plan: Plan, release: Resource) -> Sequence[Resource]:
    name = release.inputs.get("namespace")
    return [one for one in plan.of_kind("Namespace") if one.object_name == name]


def _role_bound(plan: Plan, binding: Resource) -> Sequence[Resource]:
    kind, name = at(binding.inputs, "roleRef.kind"), at(binding.inputs, "roleRef.name")
    namespace = at(binding.inputs, "metadata.namespace") if kind == "Role" else None
    return [
        one
        for one in plan.of_kind(str(kind))
        if one.object_name == name and at(one.inputs, "metadata.namespace") == namespace
    ]


def _policy_bound(plan: Plan, binding: Resource) -> Sequence[Resource]:
    name = at(binding.inputs, "spec.policyName")
    return [one for one in plan.of_kind("ValidatingAdmissionPolicy") if one.object_name == name]


def _accounts_rights(plan: Plan, workload: Resource) -> Sequence[Resource]:
    """The service account of a workload's pods, and the bindings of that account."""
    name = at(workload.inputs, "spec.template.spec.serviceAccountName")
    accounts = [one for one in plan.of_kind("ServiceAccount") if one.object_name == name]
    bindings = [
        one
        for one in (*plan.of_kind("ClusterRoleBinding"), *plan.of_kind("RoleBinding"))
        if any(subject.get("name") == name for subject in each(one.inputs, "subjects"))
    ]
    return [*accounts, *bindings]


TABLE = (
    Row(_kind("PersistentVolumeClaim"), _volume_of, "the claim lets the volume go first"),
    Row(_kind("PersistentVolume"), _mounts, "a pod that still runs loses its mount"),
    Row(_kind("NodePool"), _own_class, "its nodes are ended by the class' settings"),
    Row(_kind("EC2NodeClass"), _all(_chart("karpenter")), "its finalizer is the controller's"),
    Row(_kind("EC2NodeClass"), _joined, "its nodes must stay in the cluster until they are gone"),
    Row(_kind("NodePool"), _all(_chart("karpenter-crd")), "its kind goes with the CRDs"),
    Row(_chart("karpenter"), _all(_chart("karpenter-crd")), "it stops without its kinds"),
    Row(_chart("karpenter"), _all(_type("aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy",
        "aws:cloudwatch/eventTarget:EventTarget")), "it reads its queue while it ends nodes"),
    Row(_chart("karpenter", "cluster-autoscaler"), _role_of("values"), "it acts with its role"),
    Row(_chart("karpenter", "cluster-autoscaler"), _all(_addon("coredns")), "it finds AWS by DNS"),
    Row(_chart("karpenter", "cluster-autoscaler"), _all(_egress), "it calls AWS through them"),
    Row(_chart("cluster-autoscaler"), _all(_spark_groups), "it sizes groups that are there"),
    Row(_type(GROUP), _all(_egress), "nodes reach the cluster and AWS through them"),
    Row(_type(GROUP), _all(_addon("vpc-cni", "kube-proxy")), "without networking no node is Ready"),
    Row(_type(GROUP), _role_of("nodeRoleArn"), "a node without its rights is lost to the cluster"),
    Row(_addon("coredns", "metrics-server", "aws-ebs-csi-driver", "aws-mountpoint-s3-csi-driver"),
        _all(_system_groups), "its pods run there"),
    Row(_type(ADDON), _role_of("serviceAccountRoleArn"), "its pods act with their role"),
    Row(_type("eks:index:Cluster"), _all(_egress), "its teardown needs the routes"),
    Row(_type("eks:index:Cluster"), _cluster_logs, "EKS makes a log group anew while it is there"),
    Row(_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation"), _entry_of,
        "it is a part of its entry"),
    Row(_type("aws:eks/accessEntry:AccessEntry", ADDON, GROUP), _all(_type("eks:index:Cluster")),
        "it is a part of the cluster"),
    Row(_type("aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"), _all(_to_internet),
        "an address is bound to the way out"),
    Row(_type("aws:ec2/flowLog:FlowLog"), _rights_by_name, "records are refused without rights"),
    Row(_type("aws:s3/bucketPolicy:BucketPolicy"),
        _with("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"),
        "S3 answers a conflict to both at once"),
    Row(_type("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"),
        _with("aws:s3/bucketVersioning:BucketVersioning"), "old versions exist once versions do"),
    Row(_type("aws:s3/bucketObjectv2:BucketObjectv2"),
        _with("aws:s3/bucketServerSideEncryptionConfiguration"
              ":BucketServerSideEncryptionConfiguration"), "it would be written before"),
    Row(_namespaced, _namespace_of, "it is in the namespace"),
    Row(_type(RELEASE), _namespace_of_release, "its objects are in the namespace"),
    Row(_type(RELEASE), _all(_system_groups), "its pods run there"),
    Row(_chart("spark-operator"), _all(team_namespaces), "its chart puts rights there"),
    Row(_kind("ServiceAccount"), _role_of("metadata"), "its pods act with their role"),
    Row(_kind("Deployment"), _accounts_rights, "its pods act with them"),
    Row(_kind("Deployment"), _all(_system_groups), "its pods run there"),
    Row(_kind("ClusterRoleBinding"), _role_bound, "it binds the role"),
    Row(_kind("ValidatingAdmissionPolicyBinding"), _policy_bound, "it binds the policy"),
    Row(_kind("RoleBinding"), _role_bound, "it binds the role"),
    Row(_kind("DaemonSet"), _accounts_rights, "its pods act with them"),
    Row(_kind("DaemonSet"), _all(given_node_policies), "its nodes read the JARs with them"),
)  # fmt: skip
