"""Small projects, written to a folder of their own, to record; S3 on loopback."""

import textwrap
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.ops.publish.s3 import S3


PULUMI_YAML = """
name: toy
runtime: python
stackConfigDir: stacks
config:
  queue: {type: string, default: jobs}
  size: {type: integer, default: 1}
  password: {type: string, default: ""}
  mount: {type: object, default: {level: pod, path: /mnt}}
  pools: {type: array, items: {type: object}, default: []}
"""
DEV = "config:\n  aws:region: eu-west-1\n"
HEAD = """
import json
import pulumi
import pulumi_aws as aws

class Part(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("toy:index:Part", name, None, opts)
        self.child = pulumi.ResourceOptions(parent=self)

config = pulumi.Config()
"""

Write = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Write:
    """Returns a function that writes a project around a program and gives its folder."""

    def write(program: str, *, pulumi_yaml: str = PULUMI_YAML, **stacks: str) -> Path:
        (tmp_path / "stacks").mkdir(exist_ok=True)
        (tmp_path / "Pulumi.yaml").write_text(pulumi_yaml)
        (tmp_path / "__main__.py").write_text(HEAD + textwrap.dedent(program))
        for name, content in {"dev": DEV, **stacks}.items():
            (tmp_path / "stacks" / f"Pulumi.{name}.yaml").write_text(content)
        return tmp_path

    return write


@pytest.fixture(scope="session")
def server() -> "Generator[S3]":
    from tests.ops.publish.s3 import S3  # noqa: PLC0415  moto takes a second to import

    running = S3()
    yield running
    running.close()
