"""Teams: the connections that their pods may have."""

from tests.plans import OPEN_TEAM, named, plan_of
from tests.rights import in_words

NETWORK = "network of namespace"
SPARK = "pods with spark-role In driver|executor"
DNS = "pods with k8s-app=kube-dns in namespaces with kubernetes.io/metadata.name=kube-system"
CLOSED = {
    "all pods may not receive from anyone else",
    "all pods may not send to anyone else",
    f"all pods may send to {DNS}, UDP 53",
    f"all pods may send to {DNS}, TCP 53",
    # The API server, S3 and STS.
    "all pods may send to 0.0.0.0/0, TCP 443",
}
"""Of every namespace of the platform."""
TEAM = CLOSED | {
    f"{SPARK} may not receive from anyone else",
    f"{SPARK} may not send to anyone else",
    f"{SPARK} may receive from {SPARK}, any protocol, any port",
    f"{SPARK} may send to {SPARK}, any protocol, any port",
    "pods with spark-role=driver may not receive from anyone else",
    "pods with spark-role=driver may receive from all pods in namespaces with "
    "kubernetes.io/metadata.name=monitoring, TCP 4040",
}


def test_a_team_has_the_connections_that_spark_needs_and_no_others() -> None:
    found = in_words(plan_of("dev"))
    assert found[f"{NETWORK} team-a"] == found[f"{NETWORK} team-b"] == TEAM


def test_a_database_that_a_team_names_is_open_to_that_team_alone() -> None:
    plan = plan_of("dev", *OPEN_TEAM)
    assert named(plan, "NetworkPolicy", "team-a-egress").inputs["spec"]["policyTypes"] == ["Egress"]
    found = in_words(plan)
    opened = found[f"{NETWORK} a"]
    assert f"{SPARK} may send to 10.20.0.0/24, TCP 9098" in opened
    assert found[f"{NETWORK} b"] == TEAM


def test_a_team_s_doors_are_the_named_namespaces_pods_and_ports_and_no_others() -> None:
    found = in_words(plan_of("dev", *OPEN_TEAM))[f"{NETWORK} a"]
    of = "in namespaces with kubernetes.io/metadata.name="
    assert found - TEAM == {
        f"{SPARK} may send to 10.20.0.0/24, TCP 9098",
        f"{SPARK} may send to pods with app=rest {of}catalog, TCP 8181",
        f"{SPARK} may receive from all pods {of}proxy, TCP 4040",
        f"{SPARK} may receive from pods with app=prometheus {of}metrics, TCP 8090",
        f"{SPARK} may receive from pods with app=prometheus {of}metrics, TCP 9404",
    }
