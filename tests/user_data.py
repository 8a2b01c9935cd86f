"""The user data of every node that mounts JARs itself."""

import base64

from tests.plans import CLUSTER_AUTOSCALER, NODE, of_type, plan_of

STACKS = (("dev", *NODE), ("staging",), ("prod", *NODE), ("dev", *NODE, *CLUSTER_AUTOSCALER))
"""With JARs at node level, on nodes of Karpenter's and of groups."""


def user_data_of(stack: str, *overrides: str) -> dict[str, str]:
    """The user data of every node of a stack that mounts JARs, by stack and name."""
    plan = plan_of(stack, *overrides)
    found = {one.name: one.inputs["spec"]["userData"] for one in of_type(plan, "EC2NodeClass")}
    for one in of_type(plan, "LaunchTemplate"):
        if "userData" in one.inputs:
            found[one.name] = base64.b64decode(one.inputs["userData"]).decode()
    return {f"{stack} {name}": text for name, text in found.items()}


def every_user_data() -> dict[str, str]:
    """The same of all those stacks."""
    return {name: text for one in STACKS for name, text in user_data_of(*one).items()}


def sizes() -> dict[str, tuple[int, int]]:
    """The bytes of each, and after base64, by the same names."""
    return {
        name: (len(text), len(base64.b64encode(text.encode())))
        for name, text in every_user_data().items()
    }
