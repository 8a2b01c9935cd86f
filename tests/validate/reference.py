"""Where the full third-party CRDs and chart values are, if they are."""

import os
from pathlib import Path

DEFAULT = Path(__file__).parents[2].parent / "shared" / "schemas"

HOW_TO_GET = """the full third-party schemas are not at {folder}, so the condensed ones in
tests/schemas cannot be held against them. Set SCHEMAS to a folder with
  crds/GROUP_PLURAL.yaml           helm show crds CHART --version VERSION, one file per CRD
  helm-values/CHART-VERSION.yaml   helm show values CHART --version VERSION
  helm-values/CHART-VERSION.schema.json   values.schema.json of the chart, where it has one
for the charts and versions that `x-reference` names in tests/schemas/*.yaml."""


def place() -> Path:
    """Return where the folder is looked for: $SCHEMAS, or beside this repository."""
    return Path(os.environ.get("SCHEMAS") or DEFAULT)


def missing() -> str | None:
    """Return what is missing and how to get it; None if the folder is there."""
    if (place() / "crds").is_dir() and (place() / "helm-values").is_dir():
        return None
    return HOW_TO_GET.format(folder=place())


def is_required() -> bool:
    """Return whether going without is a failure: in CI, or if SCHEMAS names a folder."""
    return os.environ.get("CI") == "true" or bool(os.environ.get("SCHEMAS"))
