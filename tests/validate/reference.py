"""Where the CRDs and the chart values of third parties are."""

import os
from pathlib import Path

DEFAULT = Path(__file__).parents[2].parent / "shared" / "schemas"

HOW_TO_GET = """the CRDs and chart values are not in {folder}. Set SCHEMAS to a folder with
  crds/GROUP_PLURAL.yaml           helm show crds CHART --version VERSION, one file per CRD
  helm-values/CHART-VERSION.yaml   helm show values CHART --version VERSION
  helm-values/CHART-VERSION.schema.json   values.schema.json of the chart, where it has one"""


def place() -> Path:
    """The folder: $SCHEMAS, or beside this repository."""
    return Path(os.environ.get("SCHEMAS") or DEFAULT)


def missing() -> str | None:
    """What is missing and how to get it; None if the folder is there."""
    if (place() / "crds").is_dir() and (place() / "helm-values").is_dir():
        return None
    return HOW_TO_GET.format(folder=place())


def is_required() -> bool:
    """True in CI, and where SCHEMAS names a folder: there, its absence is a failure."""
    return os.environ.get("CI") == "true" or bool(os.environ.get("SCHEMAS"))
