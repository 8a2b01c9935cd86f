"""Teams: the pods and addresses that each can reach."""

import pytest

from tests.plans import plan_of
from tests.reach import Address, Pod, driver, executor, reaches


@pytest.mark.parametrize(
    ("source", "target", "port", "passes"),
    [
        (driver("team-a"), executor("team-a"), 7079, True),
        (executor("team-a"), driver("team-a"), 7078, True),
        (executor("team-a"), executor("team-a"), 40123, True),
        (driver("team-a"), executor("team-b"), 7079, False),
        (executor("team-b"), driver("team-a"), 7078, False),
        (executor("team-b"), driver("team-a"), 4040, False),
        # Egress over HTTPS is open; another team's pods still deny ingress.
        (executor("team-a"), executor("team-b"), 443, False),
        (Pod("team-a"), driver("team-a"), 7078, False),  # a pod that is not Spark's
        (Pod("default"), driver("team-a"), 4040, False),
        (Pod("spark-operator"), driver("team-a"), 4040, False),
        (Pod("monitoring"), driver("team-a"), 4040, True),
        (Pod("monitoring"), driver("team-a"), 7078, False),
        (Pod("monitoring"), executor("team-a"), 4040, False),
        (driver("team-a"), Address("52.92.0.1"), 443, True),  # S3
        (driver("team-a"), Address("10.0.1.5"), 443, True),  # the API server
        (executor("team-a"), Address("52.92.0.1"), 80, False),
        (executor("team-a"), Address("169.254.169.254"), 80, False),  # instance metadata
        (executor("team-a"), Address("10.0.1.5"), 10250, False),  # kubelet
        (executor("team-a"), Address("10.20.0.7"), 5432, False),
    ],
)
def test_who_reaches_whom(
    source: Pod | Address, target: Pod | Address, port: int, passes: bool
) -> None:
    assert reaches(plan_of("dev"), source, target, port) is passes


def test_dns_is_open_to_the_clusters_dns_only() -> None:
    plan = plan_of("dev")
    dns = Pod("kube-system", {"k8s-app": "kube-dns"})
    for protocol in ("UDP", "TCP"):
        assert reaches(plan, executor("team-a"), dns, 53, protocol)
    assert not reaches(plan, executor("team-a"), Pod("kube-system"), 53, "UDP")
    assert not reaches(plan, executor("team-a"), Address("8.8.8.8"), 53, "UDP")


def test_a_database_that_a_team_names_is_open_to_that_team_alone() -> None:
    plan = plan_of(
        "dev",
        "spark.teams=[{name: a, egress: [{cidr: 10.20.0.0/24, ports: [5432]}]}, {name: b}]",
    )
    database = Address("10.20.0.7")
    assert reaches(plan, executor("a"), database, 5432)
    assert not reaches(plan, executor("a"), database, 5433)
    assert not reaches(plan, executor("a"), Address("10.20.1.7"), 5432)
    assert not reaches(plan, executor("b"), database, 5432)
