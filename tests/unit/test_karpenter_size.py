"""Karpenter's controller has the memory and CPU that the limits of its NodePools may need."""

from typing import Any

import pytest

from ops.plan.errors import UserError
from tests.plans import named, plan_of


def controller_resources(*overrides: str) -> dict[str, Any]:
    release = named(plan_of("dev", *overrides), "Release", "karpenter-release").inputs
    return release["values"]["controller"]["resources"]


@pytest.mark.parametrize(
    ("vcpus", "cpu", "memory"),
    # Four NodePools and 128 vCPU of drivers, 4 vCPU a pod: 160, 544, 2,000 and 4,128 pods.
    [(128, "500m", "1536Mi"), (512, "600m", "2560Mi"), (1968, "2000m", "6144Mi"),
     (4096, "2000m", "11520Mi")],
)  # fmt: skip
def test_the_controller_grows_with_the_pods_that_the_limits_allow(
    vcpus: int, cpu: str, memory: str
) -> None:
    pool = f"pools=[{{name: default, limits: {{cpu: {vcpus}, memoryGiB: 65536}}}}]"
    found = controller_resources(pool, "pools[0].sizes=[8xlarge]")
    assert found == {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def test_settings_replace_the_controller_s_size() -> None:
    found = controller_resources("karpenter={memoryMiB: 3000, cpu: 1.25}")
    assert found["requests"] == {"cpu": "1250m", "memory": "3000Mi"}


def test_a_pool_with_its_own_bucket_adds_a_drivers_pool_to_the_controller_s_size() -> None:
    limits = "limits: {cpu: 128, memoryGiB: 512}"
    own = f"pools=[{{name: default, {limits}}}, {{name: own, jarBucket: {{}}, {limits}}}]"
    # 2 x (4 x 128 + 128) / 4 = 320 pods: 1,824 MiB.
    assert controller_resources(own)["requests"]["memory"] == "2048Mi"


@pytest.mark.parametrize(
    ("values", "fixed"),
    [
        ("karpenter.values={controller: {resources: {limits: {memory: 1Gi}}}}",
         "controller.resources"),
        ("spark.yunikorn.values={admissionController: {resources: {requests: {cpu: 1}}}}",
         "admissionController.resources"),
    ],
)  # fmt: skip
def test_requests_that_are_added_up_are_not_set_as_values(values: str, fixed: str) -> None:
    with pytest.raises(UserError, match=f"the platform sets {fixed} itself"):
        plan_of("dev", "spark.yunikorn.enabled=true", values)
