"""The custom resource definitions of the charts that a stack installs."""

from collections.abc import Iterable
from typing import Any

import yaml

from tests.tiers.cluster.api import Api
from tests.tiers.cluster.processes import wait_until
from tests.tiers.programs import leave_out
from tests.validate.reference import place


def custom_resource_definitions() -> list[dict[str, Any]]:
    """The CRDs from $SCHEMAS/crds, or from the folder beside this repository.

    Without any, the tests that need them are left out.
    """
    files = sorted((place() / "crds").glob("*.yaml"))
    if not files:
        leave_out(f"no CRDs in {place() / 'crds'}: docs/testing-cluster.md says how to get them")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = [one for file in files for one in yaml.load_all(file.read_text(), Loader=loader)]
    return [one for one in documents if one and one["kind"] == "CustomResourceDefinition"]


def install(api: Api, definitions: Iterable[dict[str, Any]]) -> None:
    """Installs CRDs and waits until the server serves all of them."""
    specs = [api.create(one)["spec"] for one in definitions]
    # Established is too early: the server lists a group before it answers for its versions.
    wait_until(lambda: all(_is_served(api, spec) for spec in specs), "the CRDs are served")
    api.forget_kinds()


def _is_served(api: Api, spec: dict[str, Any]) -> bool:
    return all(
        spec["names"]["plural"] in api.resources(f"{spec['group']}/{version['name']}")
        for version in spec["versions"]
        if version["served"]
    )
