"""The control plane, its add-ons and the system nodes."""

import json

from tests.plans import named, of_type, plan_of


def test_admins_are_access_entries_with_the_cluster_admin_policy() -> None:
    plan = plan_of("prod")
    name = "cluster-admin-111122223333-role-platform-admin"
    entry = named(plan, "AccessEntry", name).inputs
    assert entry["principalArn"] == "arn:aws:iam::111122223333:role/platform-admin"
    grant = named(plan, "AccessPolicyAssociation", name).inputs
    assert grant["policyArn"] == (
        "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    )
    assert grant["accessScope"] == {"type": "cluster"}


def test_an_existing_cluster_is_looked_up_and_its_kubeconfig_contains_no_credential() -> None:
    plan = plan_of("existing")
    assert of_type(plan, "eks:index:Cluster") == []
    provider = named(plan, "providers:kubernetes", "cluster-kubernetes").inputs
    config = json.loads(provider["kubeconfig"])
    (user,) = config["users"]
    assert user["user"]["exec"]["args"][-4:] == ["--cluster-name", "analytics", "--output", "json"]
    assert set(user["user"]) == {"exec"}


def test_nodes_in_an_existing_cluster_have_the_permission_of_pod_networking() -> None:
    plan = plan_of("existing", "systemNodes={create: true}")
    attached = {one.inputs["policyArn"] for one in of_type(plan, "RolePolicyAttachment")}
    assert "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy" in attached
    assert of_type(plan, "addon:Addon") == []


def test_system_nodes_template_names_no_image_so_that_eks_merges_its_own_bootstrap_part() -> None:
    assert "imageId" not in named(plan_of("prod"), "LaunchTemplate", "system-template").inputs
