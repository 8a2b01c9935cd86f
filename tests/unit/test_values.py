"""A value that AWS, Kubernetes, Karpenter or Helm refuse later is refused here, by its key."""

import pytest

from tests.unit.values import refused, table


@pytest.mark.parametrize(("row", "says"), table("wrong.txt"))
def test_a_wrong_value_is_refused_by_its_key(row: str, says: str) -> None:
    prefix = "" if says.startswith("aws:") else "spark-on-eks:"
    assert f"\n  {prefix}{says}" in refused(row)


@pytest.mark.parametrize("row", table("good.txt"))
def test_a_good_value_is_allowed(row: tuple[str]) -> None:
    assert refused(row[0]) == ""
