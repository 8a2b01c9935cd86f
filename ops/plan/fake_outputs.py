"""Fake outputs of AWS and Kubernetes resources, by type.

The values have the form of real ones, so that code can parse an ARN or a URL, and contain the
resource's name, so that a reader of the plan sees where a value comes from.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ops.plan import argument_types as check
from ops.plan.cloud import Cloud, cluster_facts
from ops.plan.model import generated_name


@dataclass(frozen=True)
class FakeResource:
    """One resource that needs outputs: its physical name, its inputs and its cloud."""

    name: str
    inputs: Mapping[str, Any]
    cloud: Cloud

    def text(self, key: str) -> str:
        return str(self.inputs.get(key) or "")


Row = Callable[[FakeResource], dict[str, Any]]


def _prefixed(prefix: str, **more: str) -> Row:
    """A row for EC2 resources, whose ids are a prefix and (here) the name; `more` are other ids."""
    prefixes = {"id": prefix, **more}
    return lambda made: {key: f"{one}-{made.name}" for key, one in prefixes.items()}


def _iam(kind: str) -> Row:
    def row(made: FakeResource) -> dict[str, Any]:
        path = made.text("path").strip("/")
        name = f"{kind}/{path}/{made.name}" if path else f"{kind}/{made.name}"
        arn = made.cloud.arn("iam", name, region="")
        # The id of a policy is its ARN; everything else in IAM has its name as id.
        return {"id": arn if kind == "policy" else made.name, "arn": arn, "name": made.name}

    return row


def _oidc_provider(made: FakeResource) -> dict[str, Any]:
    host = made.text("url").removeprefix("https://") or made.name
    arn = made.cloud.arn("iam", f"oidc-provider/{host}", region="")
    return {"id": arn, "arn": arn, "thumbprintLists": []}


def _bucket(made: FakeResource) -> dict[str, Any]:
    cloud = made.cloud
    return {
        "id": made.name,
        "bucket": made.name,
        "arn": f"arn:{cloud.partition}:s3:::{made.name}",
        "bucketDomainName": f"{made.name}.s3.{cloud.suffix}",
        "bucketRegionalDomainName": f"{made.name}.s3.{cloud.region}.{cloud.suffix}",
        "region": cloud.region,
    }


def _queue(made: FakeResource) -> dict[str, Any]:
    cloud = made.cloud
    url = f"https://sqs.{cloud.region}.{cloud.suffix}/{cloud.account}/{made.name}"
    return {"id": url, "url": url, "arn": cloud.arn("sqs", made.name), "name": made.name}


def _workspace(made: FakeResource) -> dict[str, Any]:
    id = f"ws-{made.name}"
    return {"id": id, "arn": made.cloud.arn("aps", f"workspace/{id}")}


def _elastic_ip(made: FakeResource) -> dict[str, Any]:
    # 203.0.113.0/24 is reserved for documentation (RFC 5737).
    address = f"203.0.113.{sum(made.name.encode()) % 254 + 1}"
    allocation = f"eipalloc-{made.name}"
    return {"id": allocation, "allocationId": allocation, "publicIp": address}


def _launch_template(made: FakeResource) -> dict[str, Any]:
    identifier = f"lt-{made.name}"
    arn = made.cloud.arn("ec2", f"launch-template/{identifier}")
    versions = {"latestVersion": 1, "defaultVersion": 1}
    return {"id": identifier, "arn": arn, "name": made.name, **versions}


def _kubeconfig(name: str, cloud: Cloud) -> dict[str, Any]:
    facts = cluster_facts(name, cloud)
    cluster = {"server": facts["endpoint"], "certificate-authority-data": facts["certificate"]}
    login = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", name, "--output", "json"],
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "aws",
        "clusters": [{"name": "kubernetes", "cluster": cluster}],
        "contexts": [{"name": "aws", "context": {"cluster": "kubernetes", "user": "aws"}}],
        "users": [{"name": "aws", "user": {"exec": login}}],
    }


def _eks_component(made: FakeResource) -> dict[str, Any]:
    facts = cluster_facts(made.name, made.cloud)
    kubeconfig = _kubeconfig(made.name, made.cloud)
    return {
        "kubeconfig": kubeconfig,
        "kubeconfigJson": json.dumps(kubeconfig),
        # With skip_default_security_groups both are the group that EKS itself creates.
        "clusterSecurityGroupId": facts["security_group"],
        "nodeSecurityGroupId": facts["security_group"],
        "oidcProviderUrl": f"https://{facts['issuer']}",
        "oidcIssuer": facts["issuer"],
        "oidcProviderArn": "",
    }


def _of_cluster(kind: str, name_key: str) -> Row:
    """A row for resources of a cluster: node groups, add-ons, access entries."""

    def row(made: FakeResource) -> dict[str, Any]:
        cluster, name = made.text("clusterName"), made.text(name_key) or made.name
        arn = made.cloud.arn("eks", f"{kind}/{cluster}/{name}")
        return {"id": f"{cluster}:{name}", "arn": arn}

    return row


def _node_group(made: FakeResource) -> dict[str, Any]:
    groups = [{"name": f"eks-{made.name}"}]
    return {
        **_of_cluster("nodegroup", "nodeGroupName")(made),
        "resources": [{"autoscalingGroups": groups, "remoteAccessSecurityGroupId": ""}],
    }


def _release(made: FakeResource) -> dict[str, Any]:
    namespace = made.text("namespace") or "default"
    status = {"name": made.name, "namespace": namespace, "status": "deployed", "revision": 1}
    return {"id": f"{namespace}/{made.name}", "name": made.name, "status": status}


def _kubernetes_object(made: FakeResource) -> dict[str, Any]:
    metadata = dict(made.inputs.get("metadata") or {})
    name = metadata.setdefault("name", generated_name(made.name))
    namespace = metadata.get("namespace")
    identifier = f"{namespace}/{name}" if namespace else name
    metadata.setdefault("uid", f"uid-of-{identifier}")
    return {"id": identifier, "metadata": metadata}


def _lustre(made: FakeResource) -> dict[str, Any]:
    cloud, identifier = made.cloud, f"fs-{made.name}"
    return {
        "id": identifier,
        "arn": cloud.arn("fsx", f"file-system/{identifier}"),
        "dnsName": f"{identifier}.fsx.{cloud.region}.amazonaws.com",
        "mountName": "mounted",
    }


_ROWS: dict[str, Row] = {
    "aws:amp/workspace:Workspace": _workspace,
    "aws:ec2/vpc:Vpc": _prefixed(
        "vpc", defaultSecurityGroupId="sg-default", mainRouteTableId="rtb-main"
    ),
    "aws:ec2/subnet:Subnet": _prefixed("subnet"),
    "aws:ec2/securityGroup:SecurityGroup": _prefixed("sg"),
    "aws:ec2/internetGateway:InternetGateway": _prefixed("igw"),
    "aws:ec2/natGateway:NatGateway": _prefixed("nat"),
    "aws:ec2/eip:Eip": _elastic_ip,
    "aws:ec2/routeTable:RouteTable": _prefixed("rtb"),
    "aws:ec2/route:Route": _prefixed("r"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _prefixed("rtbassoc"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _prefixed("vpce", prefixListId="pl"),
    "aws:ec2/flowLog:FlowLog": _prefixed("fl"),
    "aws:ec2/launchTemplate:LaunchTemplate": _launch_template,
    "aws:fsx/lustreFileSystem:LustreFileSystem": _lustre,
    "aws:iam/role:Role": _iam("role"),
    "aws:iam/policy:Policy": _iam("policy"),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _oidc_provider,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:sqs/queue:Queue": _queue,
    "aws:kms/key:Key": lambda made: {"keyId": made.name},
    "aws:cloudwatch/logGroup:LogGroup": lambda made: {
        "arn": made.cloud.arn("logs", f"log-group:{made.name}")
    },
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:eks/addon:Addon": _of_cluster("addon", "addonName"),
    "aws:eks/accessEntry:AccessEntry": _of_cluster("access-entry", "principalArn"),
    "eks:index:Cluster": _eks_component,
    "kubernetes:helm.sh/v3:Release": _release,
}

# A resource in a bucket or a cluster has that name as an input, but not as its own name.
_NAME_KEYS = {
    "aws:s3/bucket:Bucket": "bucket",
    "aws:eks/nodeGroup:NodeGroup": "nodeGroupName",
}


def resource(
    token: str, name: str, inputs: Mapping[str, Any], cloud: Cloud
) -> tuple[str, dict[str, Any]]:
    """Returns the id and the outputs that a resource gets in addition to its inputs.

    Types without a row get an id, string outputs generated from their name and, in AWS, an ARN.
    """
    package, module, kind = [*token.split(":", 2), "", ""][:3]
    physical = str(inputs.get(_NAME_KEYS.get(token, "name")) or name)
    made = FakeResource(physical, inputs, cloud)
    row = _ROWS.get(token)
    if row is None and package == "kubernetes":
        row = _kubernetes_object
    state = row(made) if row else {}
    identifier = str(state.pop("id", physical))
    if package == "aws":
        what = f"{kind[:1].lower()}{kind[1:]}/{identifier}"
        state.setdefault("arn", cloud.arn(module.split("/")[0], what))
        state.setdefault("region", cloud.region)
    for key in check.required_strings(token):
        if key not in inputs and key not in state:
            state[key] = f"{physical}-{key}"
    return identifier, state
