"""Handwritten plans, for tests of code that only reads a plan."""

from typing import Any

from ops.plan.model import Options, Plan, Resource

STACK = "urn:pulumi:dev::toy::pulumi:pulumi:Stack::toy-dev"
VPC, SUBNET = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"
TEMPLATE, GROUP = "aws:ec2/launchTemplate:LaunchTemplate", "aws:eks/nodeGroup:NodeGroup"


def resource(type_: str, name: str, inputs: dict[str, Any] | None = None, **more: Any) -> Resource:
    """A resource at the top of stack dev, or below `parent`; options by their names."""
    parent = more.pop("parent", None)
    stack = more.pop("stack", "dev")
    unknown = tuple(more.pop("unknown", ()))
    custom = more.pop("custom", True)
    types = f"{parent.urn.split('::')[2]}${type_}" if parent else type_
    return Resource(
        urn=f"urn:pulumi:{stack}::toy::{types}::{name}",
        type=type_,
        name=name,
        parent=parent.urn if parent else STACK.replace("dev", stack),
        custom=custom,
        remote=False,
        inputs=inputs or {},
        unknown=unknown,
        options=Options(**more),
    )


def component(name: str, kind: str = "Part") -> Resource:
    """A component at the top."""
    return resource(f"toy:index:{kind}", name, custom=False)


def kubernetes(kind: str, name: str, inputs: dict[str, Any], **more: Any) -> Resource:
    """A Kubernetes object."""
    group = more.pop("group", "core/v1")
    head = {"apiVersion": group.removeprefix("core/"), "kind": kind, "metadata": {"name": name}}
    return resource(f"kubernetes:{group}:{kind}", name, {**head, **inputs}, **more)


def plan(*resources: Resource, stack: str = "dev", **more: Any) -> Plan:
    """A plan of these resources."""
    return Plan("toy", stack, tuple(sorted(resources, key=lambda r: r.urn)), **more)
