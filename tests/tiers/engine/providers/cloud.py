"""The cloud that the three providers share: resources, operations and faults."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SEEDED = "seeded"
"""In place of the URN of what exists without the stack and stays."""


def aws_type(name: str) -> str:
    """The type of a resource of AWS: `aws:ec2/vpc:Vpc` of `ec2.Vpc`."""
    module, _, kind = name.partition(".")
    return f"aws:{module}/{kind[0].lower()}{kind[1:]}:{kind}"


class Refused(Exception):
    """The service refuses an operation; the message is the service's."""


class Throttled(Refused):
    """The service throttles the request; a provider retries a few times."""


class HalfDone(Refused):
    """The operation is done, and the wait for its end failed."""


class Unheard(Refused):
    """The operation is done, and the engine ends before it hears of it."""

    def __init__(self, end_engine: Callable[[], None]) -> None:
        super().__init__("the engine has ended")
        self.end_engine = end_engine


@dataclass
class Thing:
    """Something that exists in the cloud."""

    type: str
    id: str
    urn: str
    """Empty for what exists without the stack: seeded, or made by a controller."""
    inputs: dict[str, Any]
    state: dict[str, Any]
    cluster: str = ""
    """Name of the cluster that a Kubernetes object is in."""

    def text(self, key: str) -> str:
        """An output or input as text, empty where there is none."""
        value = self.state.get(key, self.inputs.get(key))
        return "" if value is None else str(value)


@dataclass(frozen=True)
class Operation:
    """One call that changed the cloud or tried to, or one step of the engine."""

    verb: str
    """`create`, `update` or `delete`; the engine's steps have others, too, such as `replace`."""
    type: str
    urn: str

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rsplit("::", 1)[-1]

    def __str__(self) -> str:
        return f"{self.verb} {self.type.rsplit(':', 1)[-1]} {self.name}"


Fault = Callable[[Operation], None]
"""Called before an operation; raises Refused to make it fail."""
Rule = Callable[["Cloud", Thing], None]
"""What a service enforces for a type; raises Refused."""
_LOCK = threading.RLock()


@dataclass
class Cloud:
    """One account with one region and the clusters in it."""

    account: str = "111122223333"
    region: str = "us-west-2"
    things: dict[tuple[str, str], Thing] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    """What was done, in the order in which it was done."""
    attempts: list[Operation] = field(default_factory=list)
    """What was asked for, failures included."""
    faults: list[Fault] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    """Errors that fail no operation, as controllers log them."""
    killed: bool = False
    """Whether the engine was killed: what its providers do now is not finished."""
    _serial: int = 0

    def fresh_id(self, prefix: str = "") -> str:
        """An id that nothing had before, as AWS makes them."""
        with _LOCK:
            self._serial += 1
            digest = hashlib.sha256(f"{prefix}{self._serial}".encode()).hexdigest()
        return f"{prefix}{digest[:17]}"

    def add(self, thing: Thing) -> Thing:
        """Puts a thing in the cloud."""
        self.things[thing.type, thing.id] = thing
        return thing

    def remove(self, thing: Thing) -> None:
        """Takes a thing out."""
        self.things.pop((thing.type, thing.id), None)

    def get(self, type_: str, id_: str) -> Thing | None:
        """The thing of this type and id."""
        return self.things.get((type_, id_))

    def all(self, type_: str, **where: Any) -> Iterator[Thing]:
        """Things of a type whose outputs or inputs are these."""
        for thing in list(self.things.values()):
            if thing.type == type_ and all(
                thing.state.get(key, thing.inputs.get(key)) == value for key, value in where.items()
            ):
                yield thing

    def first(self, type_: str, **where: Any) -> Thing | None:
        """The first of them."""
        return next(self.all(type_, **where), None)

    def apply(self, rules: Mapping[str, Rule], thing: Thing) -> None:
        """Applies the rule of a thing's type, where there is one."""
        if thing.type in rules:
            rules[thing.type](self, thing)

    def left(self) -> list[str]:
        """Resources that a destroyed stack left behind: all that are not from a seed.

        A Patch resource is a part of another one.
        """
        return sorted(
            f"{thing.type} {thing.id}"
            for thing in self.things.values()
            if thing.urn != SEEDED and not thing.type.endswith("Patch")
        )

    def arn(self, resource: str) -> str:
        """An ARN of this account: of `iam:role/name`, for example."""
        service, _, name = resource.partition(":")
        region = "" if service in ("iam", "s3") else self.region
        account = "" if service == "s3" else self.account
        return f"arn:aws:{service}:{region}:{account}:{name}"

    def attempt(self, operation: Operation, perform: Callable[[], Any]) -> Any:
        """Performs an operation under the cloud's lock, with faults first.

        A throttled call is repeated, as the AWS SDKs do, and raises Throttled in the end.
        """
        for left in (3, 2, 1, 0):
            with _LOCK:
                self.attempts.append(operation)
                try:
                    for fault in self.faults:
                        fault(operation)
                    result = perform()
                except HalfDone as half:
                    self.operations.append(operation)
                    raise HalfDone(str(half), perform()) from None
                except Throttled:
                    if not left:
                        raise
                    continue
                self.operations.append(operation)
                return result
        raise AssertionError
