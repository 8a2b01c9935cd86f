"""The functions of the aws plugin that the program calls."""

import json

from . import aws_references as refs
from . import eks_rules
from .base import State
from .cloud import Cloud, Refused

_ADDONS = {
    "vpc-cni": "v1.21.1-eksbuild.1",
    "kube-proxy": "v{kubernetes}.2-eksbuild.4",
    "coredns": "v1.13.2-eksbuild.1",
    "metrics-server": "v0.8.1-eksbuild.1",
    "aws-ebs-csi-driver": "v1.56.0-eksbuild.1",
    "aws-fsx-csi-driver": "v1.4.0-eksbuild.1",
    "aws-mountpoint-s3-csi-driver": "v2.5.0-eksbuild.1",
}


def invoke(cloud: Cloud, token: str, args: State) -> State | None:
    """The result of a function; None for one that is not known here."""
    row = _ROWS.get(token.rpartition(":")[2])
    return row(cloud, args) if row else None


def _caller(cloud: Cloud, args: State) -> State:
    arn = f"arn:aws:iam::{cloud.account}:role/engine"
    return {"id": cloud.account, "accountId": cloud.account, "arn": arn}


def _addon_version(cloud: Cloud, args: State) -> State:
    if args["addonName"] not in _ADDONS:
        raise Refused(f"InvalidParameterException: no add-on {args['addonName']}")
    version = _ADDONS[args["addonName"]].format(kubernetes=args["kubernetesVersion"])
    return {**args, "id": args["addonName"], "version": version}


def _cluster(cloud: Cloud, args: State) -> State:
    cluster = cloud.get(refs.CLUSTER, str(args["name"]))
    if cluster is None:
        raise Refused(f"ResourceNotFoundException: no cluster {args['name']}")
    certificates = [cluster.state["certificateAuthority"]]
    return {**cluster.state, "id": cluster.id, "certificateAuthorities": certificates}


def _clusters(cloud: Cloud, args: State) -> State:
    return {"id": cloud.region, "names": [one.id for one in cloud.all(refs.CLUSTER)]}


def _resource(cloud: Cloud, args: State) -> State:
    if args["typeName"] != "AWS::EKS::Cluster":
        raise Refused(f"UnsupportedActionException: {args['typeName']} is not known here")
    cluster = cloud.things[refs.CLUSTER, args["identifier"]]
    properties = json.dumps(eks_rules.properties(cluster))
    return {**args, "id": cluster.id, "properties": properties}


def _identity_provider(cloud: Cloud, args: State) -> State:
    host = str(args.get("url") or "").removeprefix("https://")
    provider = cloud.first(refs.OIDC, url=host)
    if provider is None:
        raise Refused(f"no identity provider for {host}")
    return {**provider.state, "id": provider.id}


_ROWS = {
    "getCallerIdentity": _caller,
    "getAddonVersion": _addon_version,
    "getCluster": _cluster,
    "getClusters": _clusters,
    "getResource": _resource,
    "getSubnet": lambda cloud, args: {**cloud.things[refs.SUBNET, args["id"]].state, **args},
    "getVpc": lambda cloud, args: {**cloud.things[refs.VPC, args["id"]].state, **args},
    "getOpenIdConnectProvider": _identity_provider,
}
