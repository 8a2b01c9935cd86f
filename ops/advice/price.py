"""What executors cost by the hour: at the user's price, and at On-Demand list prices."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.advice.fit import Fit
from ops.plan.errors import UserError
from ops.plan.instances import InstanceType

_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9})?")
_TYPE = re.compile(r"[a-z0-9-]{2,20}\.[a-z0-9-]{2,20}")


@dataclass(frozen=True)
class Prices:
    """Spot prices as the user gives them, in USD an hour; None and empty where none are given."""

    vcpu: float | None = None
    types: Mapping[str, float] = field(default_factory=dict)

    @property
    def given(self) -> bool:
        return self.vcpu is not None or bool(self.types)

    def of(self, of: InstanceType) -> float | None:
        """The price of a type, None if it is not given."""
        if of.name in self.types:
            return self.types[of.name]
        return None if self.vcpu is None else self.vcpu * of.vcpus


def prices_of(text: str) -> Prices:
    """`0.02` a vCPU-hour, or `m7g.2xlarge=0.13 r7i.8xlarge=0.9` an instance-hour, or both. Raises
    UserError."""
    vcpu, types = None, {}
    for word in text.split():
        name, is_type, price = word.rpartition("=")
        if (
            not _NUMBER.fullmatch(price)
            or not float(price)
            or (is_type and not _TYPE.fullmatch(name))
        ):
            raise UserError(
                f"PRICE={text}: is not USD an hour of a vCPU (0.02), or of instance types "
                "(m7g.2xlarge=0.13 r7i.8xlarge=0.9)"
            )
        if is_type:
            types[name] = float(price)
        else:
            vcpu = float(price)
    return Prices(vcpu, types)


def cost(executor_hours: float, fit: Fit, price: float | None) -> float | None:
    """USD for executors on nodes that are full of them; None if the price is not known or none
    fits."""
    if price is None or not fit.executors or not math.isfinite(executor_hours):
        return None
    return executor_hours / fit.executors * price
