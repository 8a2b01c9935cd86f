"""The eks plugin: the component `eks:index:Cluster` with the children that the real one registers.

Only the smallest cluster, which the program asks for: any other way to call it is refused.
"""

import json
from collections.abc import Iterable
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

from ops.plan.protobuf import UNKNOWN, struct
from ops.plan.protobuf import revealed as plain

from . import aws_references as refs
from . import sdk
from .base import Provider, State

_TOKEN = "eks:index:Cluster"
_MUST_BE = {
    "createOidcProvider": False,
    "skipDefaultNodeGroup": True,
    "skipDefaultSecurityGroups": True,
    "useDefaultVpcCni": True,
    "bootstrapSelfManagedAddons": False,
    "kubeProxyAddonOptions": {"enabled": False},
    "corednsAddonOptions": {"enabled": False},
}
_SAME = ("name", "version", "enabledClusterLogTypes", "deletionProtection", "upgradePolicy")
_NETWORK = ("subnetIds", "endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs")
"""Inputs that the component hands to the cluster as they are."""
_KUBERNETES_SDK = "4.34.2"


class Eks(Provider):
    """One instance of the component provider."""

    version = "4.4.0"

    def Configure(self, request: Any, context: Any) -> Any:
        # The engine refuses a component's provider that takes no secrets.
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Construct(self, request: Any, context: Any) -> Any:
        inputs = plain(request.inputs)
        problems = sdk.problems(_TOKEN, inputs) + [
            f"{key}: only {value} is known here"
            for key, value in _MUST_BE.items()
            if inputs.get(key) != value
        ]
        if request.type != _TOKEN or problems or "aws" not in request.providers:
            wrong = "; ".join(problems) or f"{request.type} without the stack's aws provider"
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{request.name}: {wrong}")
        with grpc.insecure_channel(request.monitorEndpoint) as channel:
            built = _Construction(request, resource_pb2_grpc.ResourceMonitorStub(channel))
            outputs = built.build(inputs)
        response = provider_pb2.ConstructResponse(urn=built.urn, state=struct(outputs))
        for key in outputs:
            response.stateDependencies[key].urns.extend(built.registered)
        return response


class _Construction:
    """One call of Construct."""

    def __init__(self, request: Any, monitor: Any) -> None:
        self._request, self._monitor = request, monitor
        self.registered: list[str] = []
        """URNs of the custom resources."""
        after, aliases = request.dependencies, list(request.aliases)
        component = self._register(_TOKEN, request.name, request.parent, after, aliases=aliases)
        self.urn: str = component["urn"]

    def build(self, inputs: State) -> State:
        """Registers the children; returns the outputs of the component."""
        name = self._request.name
        service = self._register("eks:index:ServiceRole", f"{name}-eksRole", self.urn)["urn"]
        allow = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}}
        statement = {**allow, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        description = "Allows EKS to manage clusters on your behalf."
        role = self._register(
            refs.ROLE,
            f"{name}-eksRole-role",
            service,
            inputs={"description": description, "assumeRolePolicy": trust},
        )
        policy = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
        attachment = self._register(
            refs.ATTACHMENT,
            f"{name}-eksRole-4b490823",
            service,
            [role["urn"]],
            {"role": role["name"], "policyArn": policy},
        )
        given = {urn for one in self._request.inputDependencies.values() for urn in one.urns}
        cluster = self._register(
            refs.CLUSTER,
            f"{name}-eksCluster",
            self.urn,
            [role["urn"], attachment["urn"], *sorted(given)],
            _cluster_inputs(inputs, name, role["arn"]),
        )
        config = _kubeconfig(cluster)
        provider, after = "pulumi:providers:kubernetes", [cluster["urn"]]
        self._register(provider, f"{name}-eks-k8s", self.urn, after, {"kubeconfig": config})
        outputs = _outputs(cluster, config)
        self._monitor.RegisterResourceOutputs(
            resource_pb2.RegisterResourceOutputsRequest(urn=self.urn, outputs=struct(outputs))
        )
        return outputs

    def _register(
        self,
        type_: str,
        name: str,
        parent: str,
        after: Iterable[str] = (),
        inputs: State | None = None,
        **more: Any,
    ) -> State:
        """Registers a resource, which is a component without inputs; returns its state."""
        if inputs is not None:
            more |= {"custom": True, "object": struct(inputs)}
            if type_.startswith("aws:"):
                more["provider"] = self._request.providers["aws"]
            else:
                # The component's own dependency says which: without it the engine asks anew.
                more["version"] = _KUBERNETES_SDK
        response = self._monitor.RegisterResource(
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
        if inputs is not None:
            self.registered.append(response.urn)
        return {"name": UNKNOWN, "arn": UNKNOWN, **plain(response.object), "urn": response.urn}


def _cluster_inputs(inputs: State, name: str, role_arn: str) -> State:
    key = inputs.get("encryptionConfigKeyArn")
    encryption = {"provider": {"keyArn": key}, "resources": ["secrets"]}
    return {
        **{key: inputs[key] for key in _SAME if key in inputs},
        "roleArn": role_arn,
        "vpcConfig": {key: inputs[key] for key in _NETWORK if key in inputs},
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
    identities = cluster.get("identities", UNKNOWN)
    url = UNKNOWN if identities == UNKNOWN else identities[0]["oidcs"][0]["issuer"]
    return {
        "kubeconfigJson": kubeconfig,
        "clusterSecurityGroupId": group,
        "nodeSecurityGroupId": group,
        "oidcProviderArn": "",
        "oidcProviderUrl": url,
        "oidcIssuer": url.removeprefix("https://"),
    }
