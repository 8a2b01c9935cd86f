"""The control plane, its add-ons and the system nodes."""

import json

from tests.plans import named, of_type, plan_of, reaches, statements


def test_the_cluster_is_the_smallest_one_and_all_else_is_our_own_resource() -> None:
    cluster = named(plan_of("dev"), "eks:index:Cluster", "cluster-eks").inputs
    assert cluster["authenticationMode"] == "API"
    assert cluster["createOidcProvider"] is False  # it would open a connection at every preview
    assert cluster["bootstrapSelfManagedAddons"] is False
    assert cluster["skipDefaultNodeGroup"] is cluster["skipDefaultSecurityGroups"] is True
    assert cluster["useDefaultVpcCni"] is True
    assert cluster["corednsAddonOptions"] == cluster["kubeProxyAddonOptions"] == {"enabled": False}


def test_the_endpoint_is_private_unless_callers_are_listed() -> None:
    prod = named(plan_of("prod"), "eks:index:Cluster", "cluster-eks").inputs
    assert (prod["endpointPrivateAccess"], prod["endpointPublicAccess"]) == (True, False)
    assert "publicAccessCidrs" not in prod
    dev = named(plan_of("dev"), "eks:index:Cluster", "cluster-eks").inputs
    assert dev["publicAccessCidrs"] == ["203.0.113.0/24"]


def test_secrets_are_encrypted_with_a_key_of_the_stacks_own() -> None:
    plan = plan_of("prod")
    key = named(plan, "kms/key:Key", "cluster-secrets")
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["deletionWindowInDays"] == 30
    cluster = named(plan, "eks:index:Cluster", "cluster-eks")
    assert key.urn in cluster.options.property_dependencies["encryptionConfigKeyArn"]


def test_production_is_protected_and_development_is_not() -> None:
    protected = {one.name for one in plan_of("prod").resources if one.options.protect}
    assert protected == {
        *("cluster-eks", "cluster-secrets", "jars-bucket", "jars-key"),
        *("event-logs-bucket", "event-logs-key"),
    }
    assert named(plan_of("prod"), "eks:index:Cluster", "cluster-eks").inputs["deletionProtection"]
    assert not [one for one in plan_of("dev").resources if one.options.protect]


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


def test_control_plane_logs_have_the_configured_retention() -> None:
    plan = plan_of("prod")
    logs = named(plan, "LogGroup", "cluster-logs")
    assert logs.inputs["name"] == "/aws/eks/spark-prod/cluster"
    assert logs.inputs["retentionInDays"] == 365
    cluster = named(plan, "eks:index:Cluster", "cluster-eks")
    assert logs.urn in cluster.options.dependencies
    assert set(cluster.inputs["enabledClusterLogTypes"]) >= {"audit", "scheduler"}


def test_a_changed_kubeconfig_replaces_no_object() -> None:
    provider = named(plan_of("dev"), "providers:kubernetes", "cluster-kubernetes").inputs
    assert provider["clusterIdentifier"] == "spark-dev"


def test_an_existing_cluster_is_looked_up_and_its_kubeconfig_contains_no_credential() -> None:
    plan = plan_of("existing")
    assert of_type(plan, "eks:index:Cluster") == []
    provider = named(plan, "providers:kubernetes", "cluster-kubernetes").inputs
    config = json.loads(provider["kubeconfig"])
    (user,) = config["users"]
    assert user["user"]["exec"]["args"][-4:] == ["--cluster-name", "analytics", "--output", "json"]
    assert set(user["user"]) == {"exec"}


def test_nodes_are_created_after_pod_networking_and_dns_after_nodes() -> None:
    plan = plan_of("dev")
    group = named(plan, "NodeGroup", "system-group")
    before = reaches(plan, group)
    assert named(plan, "Addon", "node-addons-vpc-cni").urn in before
    assert named(plan, "Addon", "node-addons-kube-proxy").urn in before
    assert named(plan, "Route", "network-private-b-internet").urn in before
    for addon in ("coredns", "aws-ebs-csi-driver", "metrics-server"):
        assert group.urn in reaches(plan, named(plan, "Addon", f"cluster-addons-{addon}"))


def test_pod_networking_has_a_role_of_its_own_and_nodes_hold_no_such_right() -> None:
    plan = plan_of("dev")
    addon = named(plan, "Addon", "node-addons-vpc-cni").inputs
    assert addon["serviceAccountRoleArn"].endswith("role/node-addons-vpc-cni-role")
    assert json.loads(addon["configurationValues"])["env"]["ENABLE_PREFIX_DELEGATION"] == "true"
    attached = {
        (one.inputs["role"], one.inputs["policyArn"].rsplit("/", 1)[1])
        for one in of_type(plan, "RolePolicyAttachment")
        if one.inputs["policyArn"].startswith("arn:aws:iam::aws:")
    }
    nodes = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
    assert {policy for role, policy in attached if role == "system-node-role"} == {
        *nodes,
        "AmazonSSMManagedInstanceCore",
    }
    assert ("node-addons-vpc-cni-role", "AmazonEKS_CNI_Policy") in attached


def test_nodes_in_an_existing_cluster_have_the_permission_of_pod_networking() -> None:
    plan = plan_of("existing", "systemNodes={create: true}")
    attached = {one.inputs["policyArn"] for one in of_type(plan, "RolePolicyAttachment")}
    assert "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy" in attached
    assert of_type(plan, "addon:Addon") == []


def test_dns_grows_with_the_cluster_and_spreads() -> None:
    addon = named(plan_of("dev"), "Addon", "cluster-addons-coredns").inputs
    values = json.loads(addon["configurationValues"])
    assert values["autoScaling"] == {"enabled": True, "minReplicas": 2, "maxReplicas": 10}
    spread = {one["topologyKey"] for one in values["topologySpreadConstraints"]}
    assert spread == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}


def test_every_deployment_of_the_platform_runs_on_the_tainted_system_nodes() -> None:
    plan = plan_of("prod")
    group = named(plan, "NodeGroup", "system-group").inputs
    (taint,) = group["taints"]
    assert (taint["key"], taint["effect"]) == ("CriticalAddonsOnly", "NO_SCHEDULE")
    placed = {
        one.inputs["addonName"]: json.loads(one.inputs["configurationValues"])
        for one in of_type(plan, "addon:Addon")
        if "configurationValues" in one.inputs
    }
    deployments = [
        placed["coredns"],
        placed["metrics-server"],
        placed["aws-ebs-csi-driver"]["controller"],
        placed["aws-mountpoint-s3-csi-driver"]["controller"],
        named(plan, "Release", "karpenter-release").inputs["values"],
    ]
    for values in deployments:
        assert values["nodeSelector"].items() <= group["labels"].items()
        assert values["tolerations"] == [{"key": taint["key"], "operator": "Exists"}]


def test_system_nodes_are_on_demand_encrypted_and_closed_to_old_metadata_requests() -> None:
    plan = plan_of("prod")
    group = named(plan, "NodeGroup", "system-group")
    assert group.inputs["capacityType"] == "ON_DEMAND"
    assert group.inputs["amiType"] == "BOTTLEROCKET_ARM_64"
    assert group.options.ignore_changes == ("scalingConfig.desiredSize",)
    template = named(plan, "LaunchTemplate", "system-template").inputs
    assert "imageId" not in template  # EKS then merges its own bootstrap part
    assert template["metadataOptions"]["httpTokens"] == "required"
    assert template["metadataOptions"]["httpPutResponseHopLimit"] == 1
    disks = {one["deviceName"]: one["ebs"] for one in template["blockDeviceMappings"]}
    assert set(disks) == {"/dev/xvda", "/dev/xvdb"}
    assert all(disk["encrypted"] == "true" for disk in disks.values())


def test_a_service_account_role_trusts_named_accounts_and_one_audience() -> None:
    plan = plan_of("dev")
    roles = [
        one
        for one in of_type(plan, "iam/role:Role")
        if "Federated" in one.inputs["assumeRolePolicy"]
    ]
    accounts = set()
    for role in roles:
        (trust,) = statements(role.inputs["assumeRolePolicy"]).values()
        assert trust["Action"] == ["sts:AssumeRoleWithWebIdentity"]
        claims = trust["Condition"]["StringEquals"]
        issuer = "oidc.eks.us-west-2.amazonaws.com/id/spark-dev"
        assert set(claims) == {f"{issuer}:aud", f"{issuer}:sub"}
        assert claims[f"{issuer}:aud"] == "sts.amazonaws.com"
        subjects = claims[f"{issuer}:sub"]
        for subject in subjects if isinstance(subjects, list) else [subjects]:
            accounts.add(subject.removeprefix("system:serviceaccount:"))
    assert accounts == {
        "kube-system:aws-node",
        "kube-system:ebs-csi-controller-sa",
        "kube-system:karpenter",
        "kube-system:s3-csi-driver-sa",
        *(f"{team}:spark-{who}" for team in ("team-a", "team-b") for who in ("driver", "executor")),
    }
