"""A stand-in for Karpenter's controller: acts on the shared cloud by the rights of its role.

It runs while its release, CRDs, role, queue, nodes for its pods and a route to AWS exist; each call
is evaluated against the role's policies. A NodePool makes it launch an instance at once, as if pods
waited. Failures that no operation waits for go to `Cloud.troubles`.
"""

from collections.abc import Iterable
from typing import Any

from . import aws_references as refs
from . import eks_rules, iam
from .cloud import Cloud, Refused, Thing

RELEASE = "kubernetes:helm.sh/v3:Release"
POOL = "kubernetes:karpenter.sh/v1:NodePool"
CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
KINDS = (POOL, CLASS)
CHART, CRD_CHART = "karpenter/karpenter", "karpenter/karpenter-crd"
PROPAGATION = "pulumi.com/deletionPropagationPolicy"


def release(cloud: Cloud, cluster: str, chart: str) -> Thing | None:
    """The release of a chart in a cluster."""
    releases = (one for one in cloud.all(RELEASE) if one.cluster == cluster)
    return next((one for one in releases if f"/{one.text('chart')}".endswith(f"/{chart}")), None)


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
    owner = cloud.things[refs.CLUSTER, cluster]
    return _role_trouble(cloud, owner, controller, values) or _nodes_trouble(cloud, owner, values)


def _role_trouble(cloud: Cloud, owner: Thing, controller: Thing, values: Any) -> str:
    role = _role(cloud, controller)
    if role is None:
        return "karpenter: its role does not exist"
    name = values.get("serviceAccount", {}).get("name") or controller.text("name")
    subject = f"system:serviceaccount:{controller.text('namespace')}:{name}"
    if not iam.may_assume_by_account(cloud, role, eks_rules.issuer_of(owner), subject):
        return f"karpenter: {subject} may not assume {role.id}"
    queue = cloud.first(refs.QUEUE, name=values["settings"].get("interruptionQueue"))
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


def _nodes_trouble(cloud: Cloud, owner: Thing, values: Any) -> str:
    if owner.state.get("hasNodes"):
        return ""
    if cloud.first(refs.ADDON, addonName="coredns") is None:
        return "karpenter: nothing resolves names"
    selector = values.get("nodeSelector") or {}
    tolerated = {one.get("key") for one in values.get("tolerations") or []}
    for group in cloud.all(refs.NODE_GROUP, clusterName=owner.id):
        taints = {one["key"] for one in group.inputs.get("taints") or []}
        fits = selector.items() <= (group.inputs.get("labels") or {}).items()
        enough = group.inputs["scalingConfig"]["minSize"] >= values.get("replicas", 2)
        role = iam.role_by_arn(cloud, group.text("nodeRoleArn"))
        if fits and enough and taints <= tolerated and role is not None:
            if not all(refs.reaches_internet(cloud, one) for one in group.inputs["subnetIds"]):
                return "karpenter: no way to AWS"
            return eks_rules.networking_trouble(cloud, owner.id, role)
    return "karpenter: no node fits its pods"


def _role(cloud: Cloud, controller: Thing) -> Thing | None:
    account = (controller.inputs.get("values") or {}).get("serviceAccount") or {}
    arn = (account.get("annotations") or {}).get("eks.amazonaws.com/role-arn", "")
    return iam.role_by_arn(cloud, arn)


def created(cloud: Cloud, thing: Thing) -> None:
    """Lets the controller act on a new NodePool or EC2NodeClass."""
    try:
        controller = _Controller(cloud, thing.cluster)
        if thing.type == CLASS:
            controller.make_profile(thing)
        else:
            controller.launch(thing)
    except Refused as refusal:
        cloud.troubles.append(str(refusal))


def deleted(cloud: Cloud, thing: Thing) -> None:
    """Waits for the controller's finalizer. Raises Refused where the deletion never ends."""
    annotations = thing.inputs["metadata"].get("annotations") or {}
    if thing.type == POOL and annotations.get(PROPAGATION) in ("background", "orphan"):
        # The object is deleted at once; its nodes still exist, and need the controller.
        return
    nodes = list(cloud.all(refs.INSTANCE, pool=thing.id))
    try:
        if thing.type == CLASS:
            _Controller(cloud, thing.cluster).clean_up(thing)
        elif nodes:
            _Controller(cloud, thing.cluster).terminate(nodes)
    except Refused as refusal:
        kind = thing.type.rpartition(":")[2]
        raise Refused(f"timed out waiting for deletion of {kind} {thing.id}: {refusal}") from None


class _Controller:
    """The running controller of a cluster. Raises Refused where it does not run, and where its
    role lacks a right."""

    def __init__(self, cloud: Cloud, cluster: str) -> None:
        controller = release(cloud, cluster, CHART)
        wrong = trouble(cloud, cluster, controller)
        role = _role(cloud, controller) if controller else None
        if wrong or role is None:
            raise Refused(wrong)
        self._cloud, self._cluster, self._role = cloud, cluster, role.id

    def make_profile(self, node_class: Thing) -> None:
        """Makes the instance profile of a node class."""
        name = str(node_class.inputs["spec"]["role"])
        role = self._cloud.get(refs.ROLE, name)
        if role is None:
            raise Refused(f"{node_class.id}: no role {name}")
        id_ = f"{self._cluster}_{node_class.id}"
        arn = self._cloud.arn(f"iam:instance-profile/{id_}")
        owned = self._tags("ResourceTag", CLASS, node_class.id)
        asked = self._tags("RequestTag", CLASS, node_class.id)
        self._need("iam:GetInstanceProfile", arn)
        self._need("iam:CreateInstanceProfile", arn, asked)
        self._need("iam:TagInstanceProfile", arn, {**owned, **asked})
        self._need("iam:AddRoleToInstanceProfile", arn, owned)
        self._need("iam:PassRole", role.text("arn"), {"iam:PassedToService": "ec2.amazonaws.com"})
        self._add(refs.PROFILE, id_, {"role": role.id, "nodeClass": node_class.id})

    def launch(self, pool: Thing) -> None:
        """Launches an instance for a NodePool, and lets it join."""
        name = str(pool.inputs["spec"]["template"]["spec"]["nodeClassRef"]["name"])
        node_class = self._cloud.get(CLASS, name)
        profile = self._cloud.first(refs.PROFILE, nodeClass=name)
        if node_class is None or profile is None:
            raise Refused(f"{pool.id}: the node class {name} is not ready")
        self._need_launch(pool)
        subnets = _ids(node_class, "subnetSelectorTerms")
        state = {
            "subnetIds": subnets[:1],
            "securityGroupIds": _ids(node_class, "securityGroupSelectorTerms"),
            "pool": pool.id,
            "nodeClass": name,
        }
        self._add(refs.INSTANCE, self._cloud.fresh_id("i-"), state)
        self._add(refs.TEMPLATE, self._cloud.fresh_id("lt-"), state)
        role = self._cloud.things[refs.ROLE, profile.text("role")]
        arn = role.text("arn")
        entry = self._cloud.first(refs.ENTRY, principalArn=arn, clusterName=self._cluster)
        missing = [one for one in subnets if self._cloud.get(refs.SUBNET, one) is None]
        wrong = missing or eks_rules.join_trouble(self._cloud, self._cluster, role, subnets)
        if entry is None or entry.text("type") != "EC2_LINUX":
            wrong = f"no EC2_LINUX access entry for {role.id}"
        if wrong:
            raise Refused(f"{pool.id}: node not registered: {wrong}")

    def _need_launch(self, pool: Thing) -> None:
        asked = self._tags("RequestTag", POOL, pool.id)
        kinds = ("instance", "volume", "fleet", "network-interface")
        made = [self._cloud.arn(f"ec2:{kind}/x") for kind in kinds]
        given = [self._cloud.arn(f"ec2:{kind}/x") for kind in ("subnet", "security-group")]
        given.append(f"arn:aws:ec2:{self._cloud.region}::image/ami-1")
        template = self._cloud.arn("ec2:launch-template/lt-1")
        self._need("ec2:CreateLaunchTemplate", template, asked)
        for action in ("ec2:CreateFleet", "ec2:RunInstances"):
            for arn in given:
                self._need(action, arn)
            for arn in made:
                self._need(action, arn, asked)
            self._need(action, template, self._tags("ResourceTag", POOL, pool.id))
        for arn in made:
            self._need("ec2:CreateTags", arn, {**asked, "ec2:CreateAction": "CreateFleet"})

    def clean_up(self, node_class: Thing) -> None:
        """Ends the nodes of a node class, and deletes what was made for it."""
        nodes = list(self._cloud.all(refs.INSTANCE, nodeClass=node_class.id))
        used = {one.text("pool") for one in nodes}
        living = sorted(pool for pool in used if self._cloud.get(POOL, pool))
        if living:
            raise Refused(f"NodeClaims of {', '.join(living)} use it")
        self.terminate(nodes)
        self._need("iam:ListInstanceProfiles", "*")
        owned = self._tags("ResourceTag", CLASS, node_class.id)
        for profile in list(self._cloud.all(refs.PROFILE, nodeClass=node_class.id)):
            arn = self._cloud.arn(f"iam:instance-profile/{profile.id}")
            self._need("iam:GetInstanceProfile", arn)
            self._need("iam:RemoveRoleFromInstanceProfile", arn, owned)
            self._need("iam:DeleteInstanceProfile", arn, owned)
            self._cloud.remove(profile)
        for template in list(self._cloud.all(refs.TEMPLATE, nodeClass=node_class.id)):
            self._need("ec2:DescribeLaunchTemplates", "*")
            self._remove("ec2:DeleteLaunchTemplate", "launch-template", template)

    def terminate(self, nodes: Iterable[Thing]) -> None:
        """Ends instances."""
        for node in nodes:
            self._remove("ec2:TerminateInstances", "instance", node)

    def _need(self, action: str, resource: str, context: iam.Context | None = None) -> None:
        if not iam.may(self._cloud, self._role, action, resource, context):
            raise Refused(f"AccessDenied: {self._role} may not {action} on {resource}")

    def _add(self, type_: str, id_: str, state: dict[str, Any]) -> None:
        named = {**state, "name": id_}
        self._cloud.add(Thing(type_, id_, "", dict(state), named, self._cluster))

    def _remove(self, action: str, kind: str, thing: Thing) -> None:
        owned = self._tags("ResourceTag", POOL, thing.text("pool"))
        self._need(action, self._cloud.arn(f"ec2:{kind}/{thing.id}"), owned)
        self._cloud.remove(thing)

    def _tags(self, side: str, type_: str, name: str) -> dict[str, str]:
        """Karpenter's tags of what it makes for a NodePool or EC2NodeClass, as a condition's keys:
        `side` is RequestTag or ResourceTag."""
        tags = {
            f"kubernetes.io/cluster/{self._cluster}": "owned",
            "eks:eks-cluster-name": self._cluster,
        }
        if type_ == POOL:
            tags["karpenter.sh/nodepool"] = name
        else:
            tags["topology.kubernetes.io/region"] = self._cloud.region
            tags["karpenter.k8s.aws/ec2nodeclass"] = name
        return {f"aws:{side}/{key}": value for key, value in tags.items()}


def _ids(node_class: Thing, key: str) -> list[str]:
    return [str(term["id"]) for term in node_class.inputs["spec"].get(key) or [] if "id" in term]
