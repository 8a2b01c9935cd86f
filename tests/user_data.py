"""The user data of every node that mounts JARs itself."""

import base64

from tests.plans import CLUSTER_AUTOSCALER, NODE, of_type, plan_of


def every_user_data() -> dict[str, str]:
    """The user data of every node that a stack with JARs at node level makes, by stack and name."""
    found = {
        f"{stack} {one.name}": one.inputs["spec"]["userData"]
        for stack, mode in (("dev", NODE), ("staging", ()), ("prod", NODE))
        for one in of_type(plan_of(stack, *mode), "EC2NodeClass")
    }
    groups = plan_of("dev", *NODE, *CLUSTER_AUTOSCALER)
    for one in of_type(groups, "LaunchTemplate"):
        if "userData" in one.inputs:
            found[f"dev {one.name}"] = base64.b64decode(one.inputs["userData"]).decode()
    return found


def sizes() -> dict[str, tuple[int, int]]:
    """The bytes of each, and after base64, by the same names."""
    return {
        name: (len(text), len(base64.b64encode(text.encode())))
        for name, text in every_user_data().items()
    }
