"""A stand-in for Karpenter's controller: acts on the shared cloud by the rights of its role.

It runs while its release, CRDs, role, queue, nodes for its pods and a route to AWS exist; each call
is evaluated against the role's policies. A NodePool makes it launch an instance at once, as if pods
waited. Failures that no operation waits for go to `Cloud.troubles`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from . import aws_references as refs
from . import eks_rules, iam
from .cloud import Cloud, Refused, Thing
from .routes import reaches_internet

RELEASE = "kubernetes:helm.sh/v3:Release"
POOL = "kubernetes:karpenter.sh/v1:NodePool"
CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
KINDS = (POOL, CLASS)
CHART, CRD_CHART = "karpenter/karpenter", "karpenter/karpenter-crd"
ENTRY = "aws:eks/accessEntry:AccessEntry"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
PROPAGATION = "pulumi.com/deletionPropagationPolicy"


def release(cloud: Cloud, cluster: str, chart: str) -> Thing | None:
    """The release of a chart in a cluster."""
    return next(
        (
            one
            for one in cloud.all(RELEASE)
            if one.cluster == cluster and one.text("chart").endswith(f"/{chart}")
        ),
        None,
    )


def trouble(cloud: Cloud, cluster: str, controller: Thing | None) -> str:
    """Why the controller does not run; empty if it does."""
    if controller is None:
        return "karpenter is not installed"
    if release(cloud, cluster, CRD_CHART) is None:
        return 'karpenter: no matches for kind "NodePool"'
    values = controller.inputs.get("values") or {}
    settings = values.get("settings") or {}
    if settings.get("clusterName") != cluster:
        return f"karpenter: no cluster {settings.get('clusterName')!r}"
    return _role_trouble(cloud, cluster, controller, values) or _nodes_trouble(
        cloud, cluster, values
    )


def _role_trouble(cloud: Cloud, cluster: str, controller: Thing, values: Any) -> str:
    role = _role(cloud, controller)
    if role is None:
        return "karpenter: its role does not exist"
    owner = cloud.things[refs.CLUSTER, cluster]
    issuer = owner.state["identities"][0]["oidcs"][0]["issuer"].removeprefix("https://")
    name = values.get("serviceAccount", {}).get("name") or controller.text("name")
    subject = f"system:serviceaccount:{controller.text('namespace')}:{name}"
    if not iam.may_assume_by_account(cloud, role, issuer, subject):
        return f"karpenter: {subject} may not assume {role.id}"
    queue = cloud.first("aws:sqs/queue:Queue", name=values["settings"].get("interruptionQueue"))
    if queue is None:
        return "karpenter: its queue does not exist"
    needed = {
        "eks:DescribeCluster": owner.text("arn"),
        "sqs:ReceiveMessage": queue.text("arn"),
        "ec2:DescribeInstanceTypes": "*",
        "ec2:DescribeSubnets": "*",
        "ec2:DescribeImages": "*",
        "ssm:GetParameter": f"arn:aws:ssm:{cloud.region}::parameter/aws/service/eks/x",
    }
    for action, resource in needed.items():
        if not iam.may(cloud, role.id, action, resource):
            return f"karpenter: {role.id} may not {action}"
    return ""


def _nodes_trouble(cloud: Cloud, cluster: str, values: Any) -> str:
    owner = cloud.things[refs.CLUSTER, cluster]
    if owner.state.get("hasNodes"):
        return ""
    if not any(one.text("addonName") == "coredns" for one in cloud.all(eks_rules.ADDON)):
        return "karpenter: nothing resolves names"
    selector = values.get("nodeSelector") or {}
    tolerated = {one.get("key") for one in values.get("tolerations") or []}
    for group in cloud.all(eks_rules.NODE_GROUP, clusterName=cluster):
        taints = {one["key"] for one in group.inputs.get("taints") or []}
        fits = selector.items() <= (group.inputs.get("labels") or {}).items()
        enough = group.inputs["scalingConfig"]["minSize"] >= values.get("replicas", 2)
        role = iam.role_by_arn(cloud, group.text("nodeRoleArn"))
        if fits and enough and taints <= tolerated and role is not None:
            if not all(reaches_internet(cloud, one) for one in group.inputs["subnetIds"]):
                return "karpenter: no way to AWS"
            return eks_rules.networking_trouble(cloud, cluster, role)
    return "karpenter: no node fits its pods"


def class_created(cloud: Cloud, thing: Thing) -> None:
    """Makes the instance profile of a new EC2NodeClass."""
    try:
        controller = _running(cloud, thing.cluster)
        role = cloud.get(iam.ROLE, str(thing.inputs["spec"]["role"]))
        if role is None:
            raise Refused(f"{thing.id}: no role {thing.inputs['spec']['role']}")
        name = f"{thing.cluster}_{thing.id}"
        arn = cloud.arn("iam", f"instance-profile/{name}", region=False)
        tags, asked = _class_tags(cloud, thing), _class_tags(cloud, thing, "RequestTag")
        passed = {"iam:PassedToService": "ec2.amazonaws.com"}
        _need(cloud, controller, "iam:GetInstanceProfile", arn)
        _need(cloud, controller, "iam:CreateInstanceProfile", arn, asked)
        _need(cloud, controller, "iam:TagInstanceProfile", arn, {**tags, **asked})
        _need(cloud, controller, "iam:AddRoleToInstanceProfile", arn, tags)
        _need(cloud, controller, "iam:PassRole", role.text("arn"), passed)
        profile = {"name": name, "role": role.id, "nodeClass": thing.id}
        cloud.add(Thing(iam.PROFILE, name, "", profile, profile, thing.cluster))
    except Refused as refusal:
        cloud.troubles.append(str(refusal))


def pool_created(cloud: Cloud, thing: Thing) -> None:
    """Launches an instance for a new NodePool, and lets it join."""
    try:
        controller = _running(cloud, thing.cluster)
        spec = thing.inputs["spec"]["template"]["spec"]
        name = str(spec["nodeClassRef"]["name"])
        node_class = cloud.get(CLASS, name)
        profile = cloud.first(iam.PROFILE, nodeClass=name)
        if node_class is None or profile is None:
            raise Refused(f"{thing.id}: the node class {name} is not ready")
        subnets = _ids(node_class, "subnetSelectorTerms")
        groups = _ids(node_class, "securityGroupSelectorTerms")
        _need_launch(cloud, controller, thing)
        state = {
            "subnetIds": subnets[:1],
            "securityGroupIds": groups,
            "pool": thing.id,
            "nodeClass": name,
            "role": profile.text("role"),
        }
        for type_, prefix in ((refs.INSTANCE, "i-"), (TEMPLATE, "lt-")):
            id_ = cloud.fresh_id(prefix)
            cloud.add(Thing(type_, id_, "", dict(state), {**state, "name": id_}, thing.cluster))
        _let_join(cloud, thing, profile.text("role"), subnets)
    except Refused as refusal:
        cloud.troubles.append(str(refusal))


def _let_join(cloud: Cloud, pool: Thing, role_name: str, subnets: list[str]) -> None:
    role = cloud.things[iam.ROLE, role_name]
    entry = cloud.first(ENTRY, principalArn=role.text("arn"), clusterName=pool.cluster)
    if entry is None or entry.text("type") != "EC2_LINUX":
        raise Refused(f"{pool.id}: node not registered: no EC2_LINUX access entry for {role_name}")
    missing = [one for one in subnets if cloud.get(refs.SUBNET, one) is None]
    wrong = eks_rules.join_trouble(cloud, pool.cluster, role, subnets)
    if missing or wrong:
        raise Refused(f"{pool.id}: node not registered: {missing or wrong}")


def pool_deleted(cloud: Cloud, thing: Thing) -> None:
    """Ends the pool's nodes. Raises Refused where a deletion in the foreground never ends."""
    annotations = thing.inputs["metadata"].get("annotations") or {}
    if annotations.get(PROPAGATION) in ("background", "orphan"):
        # The object is deleted at once; its nodes still exist, and need the controller.
        return
    try:
        _terminate(cloud, thing.cluster, list(_instances(cloud, pool=thing.id)))
    except Refused as refusal:
        raise Refused(f"timed out waiting for deletion of NodePool {thing.id}: {refusal}") from None


def class_deleted(cloud: Cloud, thing: Thing) -> None:
    """Cleans up after a node class, as its finalizer waits for. Raises Refused if that hangs."""
    try:
        controller = _running(cloud, thing.cluster)
        used = {one.text("pool") for one in _instances(cloud, nodeClass=thing.id)}
        living = sorted(used & {pool.id for pool in cloud.all(POOL)})
        if living:
            raise Refused(f"NodeClaims of {', '.join(living)} use it")
        _terminate(cloud, thing.cluster, list(_instances(cloud, nodeClass=thing.id)))
        _need(cloud, controller, "iam:ListInstanceProfiles", "*")
        for profile in list(cloud.all(iam.PROFILE, nodeClass=thing.id)):
            arn = cloud.arn("iam", f"instance-profile/{profile.id}", region=False)
            tags = _class_tags(cloud, thing)
            _need(cloud, controller, "iam:GetInstanceProfile", arn)
            _need(cloud, controller, "iam:RemoveRoleFromInstanceProfile", arn, tags)
            _need(cloud, controller, "iam:DeleteInstanceProfile", arn, tags)
            cloud.remove(profile)
        for template in list(cloud.all(TEMPLATE, nodeClass=thing.id)):
            arn = cloud.arn("ec2", f"launch-template/{template.id}")
            tags = _pool_tags(thing.cluster, template.text("pool"), "ResourceTag")
            _need(cloud, controller, "ec2:DescribeLaunchTemplates", "*")
            _need(cloud, controller, "ec2:DeleteLaunchTemplate", arn, tags)
            cloud.remove(template)
    except Refused as refusal:
        raise Refused(
            f"timed out waiting for deletion of EC2NodeClass {thing.id}: {refusal}"
        ) from None


def _terminate(cloud: Cloud, cluster: str, instances: list[Thing]) -> None:
    for instance in instances:
        controller = _running(cloud, cluster)
        tags = _pool_tags(cluster, instance.text("pool"), "ResourceTag")
        arn = cloud.arn("ec2", f"instance/{instance.id}")
        _need(cloud, controller, "ec2:TerminateInstances", arn, tags)
        cloud.remove(instance)


def _running(cloud: Cloud, cluster: str) -> str:
    """The name of the running controller's role. Raises Refused where it does not run."""
    controller = release(cloud, cluster, CHART)
    wrong = trouble(cloud, cluster, controller)
    if wrong or controller is None:
        raise Refused(wrong)
    role = _role(cloud, controller)
    assert role is not None
    return role.id


def _role(cloud: Cloud, controller: Thing) -> Thing | None:
    account = (controller.inputs.get("values") or {}).get("serviceAccount") or {}
    arn = (account.get("annotations") or {}).get("eks.amazonaws.com/role-arn", "")
    return iam.role_by_arn(cloud, arn)


def _need(
    cloud: Cloud, role: str, action: str, resource: str, context: Mapping[str, Any] | None = None
) -> None:
    if not iam.may(cloud, role, action, resource, context):
        raise Refused(f"AccessDenied: {role} may not {action} on {resource}")


def _need_launch(cloud: Cloud, role: str, pool: Thing) -> None:
    asked = _pool_tags(pool.cluster, pool.id, "RequestTag")
    owned = _pool_tags(pool.cluster, pool.id, "ResourceTag")
    image = f"arn:aws:ec2:{cloud.region}::image/ami-1"
    own = {kind: cloud.arn("ec2", f"{kind}/x") for kind in ("instance", "volume", "fleet")}
    own["network-interface"] = cloud.arn("ec2", "network-interface/x")
    template = cloud.arn("ec2", "launch-template/lt-1")
    _need(cloud, role, "ec2:CreateLaunchTemplate", template, asked)
    created = {**asked, "ec2:CreateAction": "CreateFleet"}
    for action in ("ec2:CreateFleet", "ec2:RunInstances"):
        for arn in (image, *(cloud.arn("ec2", f"{one}/x") for one in ("subnet", "security-group"))):
            _need(cloud, role, action, arn)
        for arn in own.values():
            _need(cloud, role, action, arn, asked)
        _need(cloud, role, action, template, owned)
    for arn in own.values():
        _need(cloud, role, "ec2:CreateTags", arn, created)


def _pool_tags(cluster: str, pool: str, side: str) -> dict[str, str]:
    tags = {
        f"kubernetes.io/cluster/{cluster}": "owned",
        "eks:eks-cluster-name": cluster,
        "karpenter.sh/nodepool": pool,
    }
    return {f"aws:{side}/{key}": value for key, value in tags.items()}


def _class_tags(cloud: Cloud, thing: Thing, side: str = "ResourceTag") -> dict[str, str]:
    tags = {
        f"kubernetes.io/cluster/{thing.cluster}": "owned",
        "eks:eks-cluster-name": thing.cluster,
        "topology.kubernetes.io/region": cloud.region,
        "karpenter.k8s.aws/ec2nodeclass": thing.id,
    }
    return {f"aws:{side}/{key}": value for key, value in tags.items()}


def _instances(cloud: Cloud, **where: str) -> Iterator[Thing]:
    return cloud.all(refs.INSTANCE, **where)


def _ids(node_class: Thing, key: str) -> list[str]:
    return [str(term["id"]) for term in node_class.inputs["spec"].get(key) or [] if "id" in term]
