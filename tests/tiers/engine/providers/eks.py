"""The eks plugin: the component `eks:index:Cluster` with the children that the real one registers.

Only the smallest cluster, which the program asks for: any other way to call it is refused.
"""

import json
from collections.abc import Iterable
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

from ops.plan.protobuf import UNKNOWN

from . import aws_references as refs
from . import sdk
from .base import Provider, State, has_unknown, plain, struct

_TOKEN = "eks:index:Cluster"
_MUST_BE = {
    "createOidcProvider": False,
    "skipDefaultNodeGroup": True,
    "skipDefaultSecurityGroups": True,
    "useDefaultVpcCni": True,
    "bootstrapSelfManagedAddons": False,
}
_DISABLED = ("kubeProxyAddonOptions", "corednsAddonOptions")
_SAME = ("name", "version", "enabledClusterLogTypes", "deletionProtection", "upgradePolicy")
_SAME_OF_NETWORK = (
    *("subnetIds", "endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs"),
)
"""Inputs that the component hands to the cluster as they are."""
_KUBERNETES_SDK = "4.34.2"


class Eks(Provider):
    """One instance of the component provider."""

    version = "4.4.0"

    def Construct(self, request: Any, context: Any) -> Any:
        inputs = plain(request.inputs)
        problems = [*sdk.problems(_TOKEN, inputs), *_unlike(inputs)]
        if request.type != _TOKEN or problems or "aws" not in request.providers:
            told = "; ".join(problems) or f"{request.type} without the stack's aws provider"
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{request.name}: {told}")
        with grpc.insecure_channel(request.monitorEndpoint) as channel:
            built = _Construction(request, resource_pb2_grpc.ResourceMonitorStub(channel))
            outputs = built.build(inputs)
        response = provider_pb2.ConstructResponse(urn=built.urn, state=struct(outputs))
        for key in outputs:
            response.stateDependencies[key].urns.extend(built.registered)
        return response


def _unlike(inputs: State) -> list[str]:
    found = [
        f"{key}: only {value} is known here"
        for key, value in _MUST_BE.items()
        if inputs.get(key) is not value
    ]
    found += [
        f"{key}: must be disabled here"
        for key in _DISABLED
        if (inputs.get(key) or {}).get("enabled") is not False
    ]
    return found


class _Construction:
    """One call of Construct."""

    def __init__(self, request: Any, monitor: Any) -> None:
        self._request, self._monitor = request, monitor
        self.registered: list[str] = []
        """URNs of the custom resources."""
        self.urn = self._register(
            _TOKEN,
            request.name,
            request.parent,
            request.dependencies,
            aliases=list(request.aliases),
        ).urn

    def build(self, inputs: State) -> State:
        """Registers the children; returns the outputs of the component."""
        name = self._request.name
        service = self._register("eks:index:ServiceRole", f"{name}-eksRole", self.urn).urn
        allow = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}}
        statement = {**allow, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        description = "Allows EKS to manage clusters on your behalf."
        role = self._custom(
            refs.ROLE,
            f"{name}-eksRole-role",
            {"description": description, "assumeRolePolicy": trust},
            service,
        )
        policy = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
        attachment = self._custom(
            refs.ATTACHMENT,
            f"{name}-eksRole-4b490823",
            {"role": role["name"], "policyArn": policy},
            service,
            [role["urn"]],
        )
        given = {urn for one in self._request.inputDependencies.values() for urn in one.urns}
        cluster = self._custom(
            refs.CLUSTER,
            f"{name}-eksCluster",
            _cluster_inputs(inputs, name, role["arn"]),
            self.urn,
            [role["urn"], attachment["urn"], *sorted(given)],
        )
        kubeconfig = _kubeconfig(cluster)
        self._custom(
            "pulumi:providers:kubernetes",
            f"{name}-eks-k8s",
            {"kubeconfig": kubeconfig},
            self.urn,
            [cluster["urn"]],
        )
        outputs = _outputs(cluster, kubeconfig)
        self._monitor.RegisterResourceOutputs(
            resource_pb2.RegisterResourceOutputsRequest(urn=self.urn, outputs=struct(outputs))
        )
        return outputs

    def _custom(
        self, type_: str, name: str, inputs: State, parent: str, after: Iterable[str] = ()
    ) -> State:
        aws = type_.startswith("aws:")
        response = self._register(
            type_,
            name,
            parent,
            after,
            custom=True,
            object=struct(inputs),
            provider=self._request.providers["aws"] if aws else "",
            # The component's own dependency says which: without it the engine asks anew.
            version="" if aws else _KUBERNETES_SDK,
        )
        self.registered.append(response.urn)
        return {"name": UNKNOWN, "arn": UNKNOWN, **plain(response.object), "urn": response.urn}

    def _register(
        self, type_: str, name: str, parent: str, after: Iterable[str] = (), **more: Any
    ) -> Any:
        return self._monitor.RegisterResource(
            resource_pb2.RegisterResourceRequest(
                type=type_,
                name=name,
                parent=parent,
                dependencies=after,
                protect=self._request.protect,
                acceptSecrets=True,
                **more,
            )
        )


def _cluster_inputs(inputs: State, name: str, role_arn: str) -> State:
    key = inputs.get("encryptionConfigKeyArn")
    encryption = {"provider": {"keyArn": key}, "resources": ["secrets"]}
    return {
        **{key: inputs[key] for key in _SAME if key in inputs},
        "roleArn": role_arn,
        "vpcConfig": {key: inputs[key] for key in _SAME_OF_NETWORK if key in inputs},
        "accessConfig": {
            "authenticationMode": inputs.get("authenticationMode"),
            "bootstrapClusterCreatorAdminPermissions": True,
        },
        **({"encryptionConfig": encryption} if key else {}),
        "bootstrapSelfManagedAddons": inputs["bootstrapSelfManagedAddons"],
        "tags": {"Name": f"{name}-eksCluster"},
    }


def _kubeconfig(cluster: State) -> str:
    """The kubeconfig as JSON: of it, the kubernetes stand-in reads the server."""
    endpoint = cluster.get("endpoint", UNKNOWN)
    server = {"name": "kubernetes", "cluster": {"server": endpoint}}
    document = {"apiVersion": "v1", "kind": "Config", "clusters": [server]}
    return UNKNOWN if endpoint == UNKNOWN else json.dumps(document)


def _outputs(cluster: State, kubeconfig: str) -> State:
    group = (cluster.get("vpcConfig") or {}).get("clusterSecurityGroupId", UNKNOWN)
    url = UNKNOWN
    if not has_unknown(cluster.get("identities", UNKNOWN)):
        url = cluster["identities"][0]["oidcs"][0]["issuer"]
    return {
        "kubeconfig": kubeconfig if kubeconfig == UNKNOWN else json.loads(kubeconfig),
        "kubeconfigJson": kubeconfig,
        "clusterSecurityGroupId": group,
        "nodeSecurityGroupId": group,
        "oidcProviderArn": "",
        "oidcProviderUrl": url,
        "oidcIssuer": url.removeprefix("https://"),
    }
