"""The context that every component receives: cloud, network, cluster and what must exist first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from components.cloud import Cloud
from components.cluster import Cluster
from components.images import Images
from components.network import Network


@dataclass(frozen=True)
class Context:
    """Cloud, network and cluster, where the platform's own pods run, and what must exist first."""

    cloud: Cloud
    network: Network
    cluster: Cluster
    after: Sequence[pulumi.Resource] = ()
    """A pod or node needs these before it can run, and is deleted before them."""
    placement: Mapping[str, Any] = field(default_factory=dict)
    """`nodeSelector` and `tolerations` of the platform's own pods, as Helm charts take them; empty
    in an existing cluster, whose nodes have neither the label nor the taint."""
    protect: bool = False
    """Buckets are protected from deletion."""
    images: Images = field(default_factory=Images)
    """Where pods pull images from."""

    def then(self, *components: pulumi.Resource) -> "Context":
        """The context with these components added to what must exist first."""
        return replace(self, after=[*self.after, *components])

    def only(self, after: Sequence[pulumi.Resource]) -> "Context":
        """The context with these resources alone as what must exist first."""
        return replace(self, after=after)

    def on(self, placement: Mapping[str, Any]) -> "Context":
        """The context in which the platform's pods run on these nodes."""
        return replace(self, placement=placement)

    def options(self, opts: pulumi.ResourceOptions | None = None) -> pulumi.ResourceOptions:
        """Options of a top-level component: the stack's AWS and Kubernetes providers."""
        providers: list[pulumi.ProviderResource] = [self.cloud.provider, self.cluster.kubernetes]
        return pulumi.ResourceOptions.merge(pulumi.ResourceOptions(providers=providers), opts)
