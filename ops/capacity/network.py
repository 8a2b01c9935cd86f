"""Addresses: how many the subnets of a plan have, and how many one node with its pods uses."""

import ipaddress
import math
from dataclasses import dataclass

from ops.plan.instances import InstanceType
from ops.plan.model import Plan
from ops.plan.packages import packages
from ops.plan.values import mapping

PREFIX = 16
"""Addresses of one delegated prefix, a /28."""
_KEPT_BY_AWS = 5
_KEPT_FOR_EKS = 6
_TAG = "kubernetes.io/role/internal-elb"


@dataclass(frozen=True)
class Subnet:
    """A private subnet of the plan; `usable` is how many addresses nodes and pods can have."""

    name: str
    zone: str
    usable: int


@dataclass(frozen=True)
class PodNetworking:
    """How the VPC CNI assigns addresses. `given` is false if the plan does not install it."""

    given: bool
    prefixes: bool
    warm_prefixes: int

    def interfaces(self, of: InstanceType, pods: int) -> int:
        """Network interfaces of a node with so many pods that have an address of their own.

        Without prefixes one whole interface is kept ready (WARM_ENI_TARGET is 1).
        Source: docs.aws.amazon.com/eks/latest/best-practices/vpc-cni.html and prefix-mode-linux.
        """
        each = of.addresses_per_interface - 1
        if self.prefixes:
            return max(1, math.ceil(self._prefixes(pods) / each))
        return min(of.interfaces, math.ceil(pods / each) + 1)

    def addresses(self, of: InstanceType, pods: int) -> int:
        """Addresses that such a node uses of its subnet, including those kept ready."""
        interfaces = self.interfaces(of, pods)
        if self.prefixes:
            return interfaces + PREFIX * self._prefixes(pods)
        return interfaces * of.addresses_per_interface

    def usage_units(self, of: InstanceType, pods: int) -> int:
        """Network Address Usage of such a node: a prefix is one unit, as is an address, and each
        interface after the first.

        Source: docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html.
        """
        interfaces = self.interfaces(of, pods)
        if self.prefixes:
            return interfaces + self._prefixes(pods) + interfaces - 1
        return interfaces * of.addresses_per_interface + interfaces - 1

    def _prefixes(self, pods: int) -> int:
        return math.ceil(pods / PREFIX) + self.warm_prefixes


def pod_networking(plan: Plan) -> PodNetworking:
    """The settings of the plan's vpc-cni add-on; its defaults if the plan has none."""
    for package in packages(plan):
        if package.name == "vpc-cni":
            env = mapping(package.values, "env")
            on = env.get("ENABLE_PREFIX_DELEGATION") == "true"
            return PodNetworking(True, on, int(env.get("WARM_PREFIX_TARGET", "1")) if on else 0)
    return PodNetworking(given=False, prefixes=False, warm_prefixes=0)


def private_subnets(plan: Plan) -> tuple[Subnet, ...]:
    """The private subnets that the plan creates; none with an existing network.

    AWS reserves 5 addresses of each, EKS requires 6, and an interface endpoint uses one.
    Sources: docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html,
    docs.aws.amazon.com/eks/latest/userguide/network-reqs.html.
    """
    endpoints = sum(
        one.inputs.get("vpcEndpointType") == "Interface"
        for one in plan.by_type("aws:ec2/vpcEndpoint:VpcEndpoint")
    )
    taken = _KEPT_BY_AWS + _KEPT_FOR_EKS + endpoints
    return tuple(
        Subnet(
            one.name,
            one.inputs["availabilityZone"],
            ipaddress.ip_network(one.inputs["cidrBlock"]).num_addresses - taken,
        )
        for one in plan.by_type("aws:ec2/subnet:Subnet")
        if _TAG in one.inputs.get("tags", {})
    )


def services_without_nat(plan: Plan) -> tuple[str, ...]:
    """AWS services with an endpoint in the VPC: `s3`, `ecr.api`."""
    # com.amazonaws.us-west-2.ecr.api: the region is the third word.
    return tuple(
        sorted(
            str(one.inputs["serviceName"]).split(".", 3)[3]
            for one in plan.by_type("aws:ec2/vpcEndpoint:VpcEndpoint")
        )
    )
