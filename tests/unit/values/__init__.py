"""Tables of values: what settings refuse and what they allow, as a user sets it."""

import contextvars
from pathlib import Path

import pulumi
from pulumi.runtime import set_all_config
from pulumi.runtime.settings import Settings, configure

import settings
from ops.plan.stack import load
from tests.plans import CELEBORN, CLUSTER_AUTOSCALER, DAEMONSET, DATA, NODE, ROOT

_WORDS = {
    "$CA": " ".join(CLUSTER_AUTOSCALER),
    "$NODE": " ".join(NODE),
    "$DAEMONSET": " ".join(DAEMONSET),
    "$CELEBORN": " ".join(CELEBORN),
    "$DATA": " ".join(DATA),
    "$HISTORY": "spark.historyServer={enabled: true, release: r1}",
}


def table(name: str) -> list[tuple[str, ...]]:
    """The lines of a table, each as its columns."""
    lines = (Path(__file__).parent / name).read_text("utf-8").splitlines()
    return [tuple(line.split(" -> ")) for line in lines if line and not line.startswith("#")]


def refused(row: str) -> str:
    """The message for a table's first column, empty if it is allowed. Reads settings only."""
    stack, separator, sets = row.partition(": ")
    if not separator or not stack.isalpha():
        stack, sets = "dev", row
    for word, meaning in _WORDS.items():
        sets = sets.replace(word, meaning)
    return message(stack, sets)


def message(stack: str, *sets: str) -> str:
    """The message for keys of a stack, empty if they are allowed."""
    config = load(ROOT, stack, sets)
    return message_for(stack, config.engine_values())


def message_for(stack: str, values: dict[str, str]) -> str:
    """The message for the engine's values, empty if they are allowed."""

    def read() -> str:
        set_all_config(values)
        configure(Settings(project=settings.PROJECT, stack=stack))
        try:
            settings.load()
        except pulumi.RunError as error:
            return str(error)
        return ""

    return contextvars.copy_context().run(read)
