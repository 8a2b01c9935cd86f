"""Ids, ARNs and further computed outputs of AWS resources, shaped as AWS shapes them."""

from collections.abc import Mapping
from typing import Any

from ops.plan.protobuf import UNKNOWN

from . import aws_references as refs
from . import sdk
from .cloud import Cloud, aws_type

Inputs = Mapping[str, Any]

RUNNING = "runningNodes"
"""In a node group's state: how many nodes it has now."""

_IDS = {
    # Id and ARN, of inputs and a text that no other resource has; an empty id is the ARN.
    "cloudwatch.EventRule": ("{name}", "events:rule/{name}"),
    "amp.AlertManagerDefinition": ("{workspaceId}", ""),
    "amp.RuleGroupNamespace": ("{name}", "aps:rulegroupsnamespace/{workspaceId}/{name}"),
    "amp.Workspace": ("ws-{new}", "aps:workspace/{id}"),
    "amp.WorkspaceConfiguration": ("{workspaceId}", ""),
    "cloudwatch.EventTarget": ("{rule}-terraform-{new}", ""),
    "cloudwatch.LogGroup": ("{name}", "logs:log-group:{name}"),
    "ec2.DefaultSecurityGroup": ("sg-{new}", "ec2:security-group/{id}"),
    "ec2.Eip": ("eipalloc-{new}", "ec2:elastic-ip/{id}"),
    "ec2.FlowLog": ("fl-{new}", "ec2:vpc-flow-log/{id}"),
    "ec2.InternetGateway": ("igw-{new}", "ec2:internet-gateway/{id}"),
    "ec2.LaunchTemplate": ("lt-{new}", "ec2:launch-template/{id}"),
    "ec2.NatGateway": ("nat-{new}", ""),
    "ec2.Route": ("r-{new}", ""),
    "ec2.RouteTable": ("rtb-{new}", "ec2:route-table/{id}"),
    "ec2.RouteTableAssociation": ("rtbassoc-{new}", ""),
    "ec2.SecurityGroup": ("sg-{new}", "ec2:security-group/{id}"),
    "ec2.Subnet": ("subnet-{new}", "ec2:subnet/{id}"),
    "ec2.Vpc": ("vpc-{new}", "ec2:vpc/{id}"),
    "ec2.VpcEndpoint": ("vpce-{new}", "ec2:vpc-endpoint/{id}"),
    "ecr.PullThroughCacheRule": ("{ecrRepositoryPrefix}", ""),
    "ecr.RepositoryCreationTemplate": ("{prefix}", ""),
    "eks.AccessEntry": ("{clusterName}:{principalArn}", ""),
    "eks.AccessPolicyAssociation": ("{clusterName}#{principalArn}#{policyArn}", ""),
    "eks.Addon": ("{clusterName}:{addonName}", "eks:addon/{clusterName}/{addonName}/{new}"),
    "eks.Cluster": ("{name}", "eks:cluster/{name}"),
    "eks.NodeGroup": ("{clusterName}:{nodeGroupName}", "eks:nodegroup/{nodeGroupName}/{new}"),
    "fis.ExperimentTemplate": ("EXT{new}", "fis:experiment-template/{id}"),
    "fsx.LustreFileSystem": ("fs-{new}", "fsx:file-system/{id}"),
    "iam.OpenIdConnectProvider": ("", "iam:oidc-provider/{host}"),
    "iam.Policy": ("", "iam:policy{path}{name}"),
    "iam.Role": ("{name}", "iam:role{path}{name}"),
    "iam.RolePolicy": ("{role}:{name}", ""),
    "iam.RolePolicyAttachment": ("{role}/{policyArn}", ""),
    "kms.Key": ("key-{new}", "kms:key/{id}"),
    "s3.Bucket": ("{bucket}", "s3:{bucket}"),
    "s3.BucketObjectv2": ("{bucket}/{key}", "s3:{bucket}/{key}"),
    "sqs.Queue": ("https://sqs.{region}.amazonaws.com/{account}/{name}", "sqs:{name}"),
    "sqs.QueuePolicy": ("{queueUrl}", ""),
    "vpc.SecurityGroupIngressRule": ("sgr-{new}", "ec2:security-group-rule/{id}"),
}
_NAMED = {
    refs.LUSTRE: {"dnsName": "{id}.fsx.{region}.amazonaws.com", "mountName": "{new}"},
    # IAM keeps and returns the address without its scheme.
    refs.OIDC: {"url": "{host}"},
    refs.QUEUE: {"url": "{id}"},
}
"""Further outputs that are inputs in another form."""
_FORMS = {aws_type(name): forms for name, forms in _IDS.items()}


def make(
    cloud: Cloud, token: str, inputs: Inputs, default_tags: Inputs
) -> tuple[str, dict[str, Any]]:
    """The id and all outputs of a new resource."""
    # Settings of a bucket have its name as id.
    id_form, arn_form = _FORMS.get(token, ("{bucket}", ""))
    host = str(inputs.get("url", "")).removeprefix("https://")
    made_up = {"path": "/", "host": host, "new": cloud.fresh_id()}
    words = {"region": cloud.region, "account": cloud.account, **made_up, **inputs}
    id_ = id_form.format(**words)
    made = _further(cloud, token, {**words, "id": id_})
    if arn_form:
        made["arn"] = cloud.arn(arn_form.format(**words, id=id_))
    return id_ or made["arn"], {**common(cloud, token, inputs, default_tags), **inputs, **made}


def _further(cloud: Cloud, token: str, words: Inputs) -> dict[str, Any]:
    if token == refs.TEMPLATE:
        return {"latestVersion": 1}
    if token in _NAMED:
        return {key: form.format(**words) for key, form in _NAMED[token].items()}
    if token == refs.NODE_GROUP:
        name = f"eks-{words['nodeGroupName']}-{cloud.fresh_id()}"
        running = (words.get("scalingConfig") or {}).get("desiredSize")
        return {"resources": [{"autoscalingGroups": [{"name": name}]}], RUNNING: running}
    if token == refs.CLUSTER:
        host, group = cloud.fresh_id().upper(), cloud.fresh_id("sg-")
        issuer = f"https://oidc.eks.{cloud.region}.amazonaws.com/id/{host}"
        return {
            "endpoint": f"https://{host}.gr7.{cloud.region}.eks.amazonaws.com",
            "certificateAuthority": {"data": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"},
            "identities": [{"oidcs": [{"issuer": issuer}]}],
            "vpcConfig": {"clusterSecurityGroupId": group, **(words.get("vpcConfig") or {})},
        }
    return {}


def common(cloud: Cloud, token: str, inputs: Inputs, default_tags: Inputs) -> dict[str, Any]:
    """Outputs that every type has: its region, and its tags with the provider's own."""
    tags = {**default_tags, **(inputs.get("tags") or {})}
    found = {"region": cloud.region, "tagsAll": tags}
    return {key: value for key, value in found.items() if key in sdk.output_names(token)}


def computed(token: str, inputs: Inputs) -> list[str]:
    """Outputs that only the service knows: those of a creation that are no input."""
    # Names and references may be unknown themselves: any text does.
    given = {key: "unknown" if value == UNKNOWN else value for key, value in inputs.items()}
    _, outputs = make(Cloud(), token, given, {})
    known = {"region", "tagsAll", *inputs}
    return [
        key for key in outputs if key not in known or outputs[key] != given.get(key, outputs[key])
    ]
