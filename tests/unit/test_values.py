"""A value that AWS, Kubernetes, Karpenter or Helm refuse later is refused here, by its key."""

import pytest

from components.helm_addon import OptionalAddonSettings
from tests.unit.values import refused, table


@pytest.mark.parametrize(("row", "says"), table("wrong.txt"))
def test_a_wrong_value_is_refused_by_its_key(row: str, says: str) -> None:
    prefix = "" if says.startswith("aws:") else "spark-on-eks:"
    assert f"\n  {prefix}{says}" in refused(row)


@pytest.mark.parametrize("row", table("good.txt"))
def test_a_good_value_is_allowed(row: tuple[str]) -> None:
    assert refused(row[0]) == ""


def test_values_of_an_add_on_that_is_off_have_no_effect() -> None:
    settings = OptionalAddonSettings.model_validate({"values": {"a": 1}})
    assert [key for key, _ in settings.problems()] == ["values"]
    on = OptionalAddonSettings.model_validate({"enabled": True, "values": {"a": 1}})
    assert not list(on.problems())
