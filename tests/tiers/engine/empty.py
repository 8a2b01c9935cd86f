"""An empty stack, made once for each name: the CLI takes half a second, most of it for a key."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

_SALT = "encryptionsalt"


class Empty(NamedTuple):
    """What is on the disk of a stack without resources."""

    state: Mapping[Path, bytes]
    """Files of the backend, by their paths below the project's folder."""
    salt: str
    """Of the key that the passphrase gives, as the stack's file has it."""


def read(folder: Path, stack: str) -> Empty:
    """Reads it where the CLI has just made it."""
    files = (path for path in (folder / "state").rglob("*") if path.is_file())
    state = {path.relative_to(folder): path.read_bytes() for path in files}
    return Empty(state, yaml.safe_load(_file(folder, stack).read_text())[_SALT])


def write(empty: Empty, folder: Path, stack: str) -> None:
    """Makes it in another folder, whose stack file may say something else."""
    for path, content in empty.state.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    with _file(folder, stack).open("a") as file:
        file.write(f"\n{_SALT}: {empty.salt}\n")


def _file(folder: Path, stack: str) -> Path:
    return folder / "stacks" / f"Pulumi.{stack}.yaml"
