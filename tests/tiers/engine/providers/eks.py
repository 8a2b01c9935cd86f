"""The eks plugin: the component `eks:index:Cluster` with the children that the real one registers.

Only the smallest cluster, which the program asks for: any other way to call it is refused.
"""

import json
from collections.abc import Mapping
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

from . import sdk, wire
from .base import Provider, State

_TOKEN = "eks:index:Cluster"
_MUST_BE: Mapping[str, Any] = {
    "createOidcProvider": False,
    "skipDefaultNodeGroup": True,
    "skipDefaultSecurityGroups": True,
    "useDefaultVpcCni": True,
    "bootstrapSelfManagedAddons": False,
}
_DISABLED = ("kubeProxyAddonOptions", "corednsAddonOptions")
_SCOPE = "eks:index:Cluster"
_KUBERNETES_SDK = "4.34.2"


class Eks(Provider):
    """One instance of the component provider."""

    version = "4.4.0"

    def Construct(self, request: Any, context: Any) -> Any:
        inputs = wire.plain(request.inputs)
        problems = [*sdk.problems(_TOKEN, inputs), *_unlike(inputs)]
        if request.type != _TOKEN or problems or "aws" not in request.providers:
            told = "; ".join(problems) or f"{request.type} without the stack's aws provider"
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{request.name}: {told}")
        with grpc.insecure_channel(request.monitorEndpoint) as channel:
            built = _Construction(request, resource_pb2_grpc.ResourceMonitorStub(channel))
            outputs = built.build(inputs)
        response = provider_pb2.ConstructResponse(urn=built.urn, state=wire.struct(outputs))
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
        self.urn = self._component(_SCOPE, request.name, request.parent, request.dependencies)

    def build(self, inputs: State) -> State:
        """Registers the children; returns the outputs of the component."""
        name = self._request.name
        service = self._component("eks:index:ServiceRole", f"{name}-eksRole", self.urn, [])
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                    "Principal": {"Service": "eks.amazonaws.com"},
                }
            ],
        }
        role = self._custom(
            "aws:iam/role:Role",
            f"{name}-eksRole-role",
            {
                "description": "Allows EKS to manage clusters on your behalf.",
                "assumeRolePolicy": json.dumps(trust),
            },
            parent=service,
        )
        attachment = self._custom(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            f"{name}-eksRole-4b490823",
            {
                "role": role["name"],
                "policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
            },
            parent=service,
            after=[role["urn"]],
        )
        cluster = self._custom(
            "aws:eks/cluster:Cluster",
            f"{name}-eksCluster",
            _cluster_inputs(inputs, name, role["arn"]),
            parent=self.urn,
            after=[role["urn"], attachment["urn"], *self._input_dependencies()],
        )
        kubeconfig = _kubeconfig(cluster)
        text = kubeconfig if kubeconfig == wire.UNKNOWN else json.dumps(kubeconfig)
        self._custom(
            "pulumi:providers:kubernetes",
            f"{name}-eks-k8s",
            {"kubeconfig": text},
            parent=self.urn,
            after=[cluster["urn"]],
        )
        outputs = _outputs(cluster, kubeconfig, text)
        self._monitor.RegisterResourceOutputs(
            resource_pb2.RegisterResourceOutputsRequest(urn=self.urn, outputs=wire.struct(outputs))
        )
        return outputs

    def _input_dependencies(self) -> list[str]:
        found = self._request.inputDependencies.values()
        return sorted({urn for dependencies in found for urn in dependencies.urns})

    def _component(self, type_: str, name: str, parent: str, after: Any) -> str:
        return self._monitor.RegisterResource(
            resource_pb2.RegisterResourceRequest(
                type=type_,
                name=name,
                parent=parent,
                custom=False,
                protect=self._request.protect,
                dependencies=list(after),
                acceptSecrets=True,
                aliases=list(self._request.aliases) if type_ == _SCOPE else [],
            )
        ).urn

    def _custom(
        self, type_: str, name: str, inputs: State, *, parent: str, after: list[str] | None = None
    ) -> State:
        given = {key: value for key, value in inputs.items() if value is not None}
        response = self._monitor.RegisterResource(
            resource_pb2.RegisterResourceRequest(
                type=type_,
                name=name,
                parent=parent,
                custom=True,
                object=wire.struct(given),
                protect=self._request.protect,
                dependencies=after or [],
                provider=self._request.providers["aws"] if type_.startswith("aws:") else "",
                acceptSecrets=True,
                # The component's own dependency says which: without it the engine asks anew.
                version="" if type_.startswith("aws:") else _KUBERNETES_SDK,
            )
        )
        self.registered.append(response.urn)
        state = wire.plain(response.object)
        return {"name": wire.UNKNOWN, "arn": wire.UNKNOWN, **state, "urn": response.urn}


def _cluster_inputs(inputs: State, name: str, role_arn: str) -> State:
    network = {
        "subnetIds": inputs.get("subnetIds"),
        "endpointPrivateAccess": inputs.get("endpointPrivateAccess"),
        "endpointPublicAccess": inputs.get("endpointPublicAccess"),
        "publicAccessCidrs": inputs.get("publicAccessCidrs"),
    }
    key = inputs.get("encryptionConfigKeyArn")
    return {
        "name": inputs.get("name"),
        "roleArn": role_arn,
        "version": inputs.get("version"),
        "vpcConfig": {key: value for key, value in network.items() if value is not None},
        "accessConfig": {
            "authenticationMode": inputs.get("authenticationMode"),
            "bootstrapClusterCreatorAdminPermissions": True,
        },
        "enabledClusterLogTypes": inputs.get("enabledClusterLogTypes"),
        "encryptionConfig": {"provider": {"keyArn": key}, "resources": ["secrets"]}
        if key
        else None,
        "deletionProtection": inputs.get("deletionProtection"),
        "upgradePolicy": inputs.get("upgradePolicy"),
        "bootstrapSelfManagedAddons": inputs.get("bootstrapSelfManagedAddons"),
        "tags": {"Name": f"{name}-eksCluster"},
    }


def _kubeconfig(cluster: State) -> Any:
    endpoint = cluster.get("endpoint", wire.UNKNOWN)
    authority = cluster.get("certificateAuthority", wire.UNKNOWN)
    if wire.UNKNOWN in (endpoint, authority):
        return wire.UNKNOWN
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "kubernetes",
                "cluster": {"server": endpoint, "certificate-authority-data": authority["data"]},
            }
        ],
        "contexts": [{"name": "aws", "context": {"cluster": "kubernetes", "user": "aws"}}],
        "current-context": "aws",
        "users": [{"name": "aws", "user": {"exec": {"command": "aws"}}}],
    }


def _outputs(cluster: State, kubeconfig: Any, text: str) -> State:
    network = cluster.get("vpcConfig") or {}
    group = network.get("clusterSecurityGroupId", wire.UNKNOWN)
    if wire.has_unknown(cluster.get("identities", wire.UNKNOWN)):
        url = issuer = wire.UNKNOWN
    else:
        url = cluster["identities"][0]["oidcs"][0]["issuer"]
        issuer = url.removeprefix("https://")
    return {
        "kubeconfig": kubeconfig,
        "kubeconfigJson": text,
        "clusterSecurityGroupId": group,
        "nodeSecurityGroupId": group,
        "clusterIngressRuleId": "",
        "defaultNodeGroupAsgName": "",
        "oidcProviderArn": "",
        "oidcProviderUrl": url,
        "oidcIssuer": issuer,
        "fargateProfileId": "",
        "fargateProfileStatus": "",
        "instanceRoles": [],
    }
