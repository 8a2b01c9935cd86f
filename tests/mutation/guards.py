"""Finds the guards in the program's source, and removes one.

A guard is found by its name, wherever it stands: a keyword argument of a call or an entry of a
dict that makes the platform safer and not otherwise different. What is dropped is the argument,
the entry, each thing that something depends on, and each resource that is nothing but a guard.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

NAMES = frozenset({
    # Encryption
    "encrypted", "sse_algorithm", "apply_server_side_encryption_by_default",
    "kms_master_key_id", "sqs_managed_sse_enabled", "encryption_config_key_arn",
    "enable_key_rotation", "deletion_window_in_days",
    # Identity
    "conditions", "principals", "aws:SecureTransport", "aws:SourceArn", "aws:SourceAccount",
    "iam:PassedToService", "s3:prefix", "ec2:CreateAction", "aws:TagKeys",
    "aws:RequestedRegion", "client_id_lists", "service_account_role_arn", "resource_names",
    "authentication_mode", "allowed_account_ids", "effect", "eks.amazonaws.com/role-arn",
    # Metadata service
    "metadata_options", "metadataOptions", "http_tokens", "httpTokens",
    "http_put_response_hop_limit", "httpPutResponseHopLimit",
    # Network
    "public_access_cidrs", "endpoint_private_access", "endpoint_public_access",
    "associatePublicIPAddress", "map_public_ip_on_launch", "cidr_blocks", "from_port",
    "security_group_ids", "private_dns_enabled", "egress", "ingress",
    # Buckets
    "block_public_acls", "block_public_policy", "ignore_public_acls",
    "restrict_public_buckets", "object_ownership", "versioning_configuration",
    "noncurrent_version_expiration", "abort_incomplete_multipart_upload",
    # Pods
    "pod-security.kubernetes.io/enforce", "security_context", "capabilities", "drop",
    "allow_privilege_escalation", "read_only_root_filesystem", "read_only", "resources",
    "requests", "limits", "priority_class_name", "priorityClassName", "readiness_probe",
    "service_account_name", "podDisruptionBudget", "maxUnavailable", "replicas",
    "replicaCount", "minReplicas", "topologySpreadConstraints",
    # Scheduling
    "taints", "startupTaints", "startup_taints", "tolerations", "nodeSelector",
    "node_selector", "node_affinity", "affinity", "tolerateAllTaints", "labels",
    "node_labels", "requirements", "kubernetes.io/arch", "karpenter.sh/capacity-type",
    "topology.kubernetes.io/zone", "weight", "budgets", "consolidationPolicy",
    "consolidateAfter", "expireAfter", "terminationGracePeriod", "disruption", "reasons",
    "update_config", "update_strategy", "min_size", "capacity_type",
    # Teams
    "automount_service_account_token", "hard", "requests.cpu", "requests.memory",
    "limits.memory", "pods", "requests.storage", "persistentvolumeclaims",
    "services.loadbalancers", "services.nodeports", "scope_selector", "default_request",
    "default", "policy_types", "pod_selector", "namespace_selector", "ports",
    "enableNetworkPolicy", "jobNamespaces", "failurePolicy", "preemption_policy",
    "replace_on_changes", "leaderElection", "minAvailable",
    # Order
    "depends_on", "after", "delete_before_replace",
    "pulumi.com/deletionPropagationPolicy",
    # Protection
    "protect", "deletion_protection", "retain_on_delete", "ignore_changes", "force_destroy",
    "persistent_volume_reclaim_policy", "cluster_identifier", "delete_on_termination",
    "deleteOnTermination",
    # Volumes
    "access_modes", "claim_ref", "storage_class_name", "mount_options",
    "authenticationSource", "cacheEmptyDirSizeLimit", "volume_handle",
    # Pins
    "version", "amiSelectorTerms", "addon_version", "skip_crds", "image",
    "resolve_conflicts_on_create", "resolve_conflicts_on_update",
    # Records
    "enabled_cluster_log_types", "retention_in_days", "tags", "tag_specifications",
    "default_tags", "message_retention_seconds", "traffic_type",
    # Self-managed parts
    "bootstrap_self_managed_addons", "create_oidc_provider", "skip_default_node_group",
    "skip_default_security_groups", "use_default_vpc_cni", "kube_proxy_addon_options",
    "coredns_addon_options",
})  # fmt: skip
"""Arguments and entries that are guards, by what they protect."""

_CONDITIONS = ("StringEquals", "StringLike", "ArnLike", "Bool", "ForAllValues:", "aws:")
_GUARD_RESOURCES = (
    "BucketOwnershipControls", "BucketPublicAccessBlock", "BucketPolicy", "DefaultSecurityGroup",
    "BucketLifecycleConfiguration", "AccessPolicyAssociation", "FlowLog", "BucketLogging",
    "ResourceQuota", "LimitRange", "RoleBinding", "ServiceAccount", "NetworkPolicy",
)  # fmt: skip
"""Resources that only protect others, if the program keeps no reference to them."""


@dataclass(frozen=True)
class Guard:
    """One guard at one place of the source."""

    file: str
    """Below the program's folder."""
    line: int
    end: int
    what: str
    number: int
    """Index among the removable nodes of the file, in the order of `ast.walk`."""

    @property
    def place(self) -> str:
        """The guard without its line, which moves: file, what, and what it is inside of."""
        return f"{self.file}: {self.what}"


def guards_of(root: Path, file: str) -> list[Guard]:
    """All guards of a file of the program."""
    tree = ast.parse((root / file).read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()
    found = []
    for number, (node, what, _) in enumerate(_droppable(tree)):
        seen[what] += 1
        told = what if seen[what] == 1 else f"{what} #{seen[what]}"
        found.append(Guard(file, node.lineno, node.end_lineno or node.lineno, told, number))
    return found


def without(root: Path, guard: Guard) -> str:
    """The source of the guard's file without it."""
    tree = ast.parse((root / guard.file).read_text(encoding="utf-8"))
    _, _, drop = list(_droppable(tree))[guard.number]
    drop()
    return ast.unparse(ast.fix_missing_locations(tree))


Found = tuple[ast.expr | ast.stmt, str, Callable[[], object]]


def _droppable(tree: ast.AST) -> Iterator[Found]:
    """Each guard's node and description, and what removes it from the tree."""
    for scope, node in _scoped(tree):
        if isinstance(node, ast.Call):
            for position, keyword in enumerate(node.keywords):
                name = keyword.arg or ""
                if name in NAMES and not _is_empty(keyword.value):
                    what = f"{scope} {name}={_short(keyword.value)}"
                    yield keyword.value, what, partial(node.keywords.pop, position)
                if name == "depends_on" and isinstance(keyword.value, ast.List):
                    yield from _each(scope, keyword.value.elts)
        elif isinstance(node, ast.Dict):
            for position, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
                name = _name(key)
                is_guard = name in NAMES or name.startswith(_CONDITIONS)
                if is_guard and not _is_empty(value):
                    what = f"{scope} {name}: {_short(value)}"
                    yield value, what, partial(_drop_entry, node, position)
        for body in _bodies(node):
            for position, statement in enumerate(body):
                match statement:
                    case ast.Expr(value=ast.Call(func=made)):
                        package, _, resource = ast.unparse(made).rpartition(".")
                        if package.startswith(("aws.", "k8s.")) and resource in _GUARD_RESOURCES:
                            drop = partial(body.__setitem__, position, ast.Pass())
                            yield statement, f"{scope} {resource}", drop


def _drop_entry(node: ast.Dict, position: int) -> None:
    del node.keys[position], node.values[position]


def _each(scope: str, elements: list[ast.expr]) -> Iterator[Found]:
    for position, element in enumerate(elements if len(elements) > 1 else ()):
        what = f"{scope} depends_on {_short(element)}"
        yield element, what, partial(elements.pop, position)


def _scoped(node: ast.AST, scope: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node below with the function that contains it."""
    for child in ast.iter_child_nodes(node):
        inner = scope
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inner = f"{scope}.{child.name}".lstrip(".")
        yield inner, child
        yield from _scoped(child, inner)


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list):
            yield body


def _name(key: ast.expr | None) -> str:
    if isinstance(key, ast.Constant):
        return str(key.value)
    return ast.unparse(key).strip("f'\"") if key is not None else ""


def _is_empty(value: ast.expr) -> bool:
    return ast.unparse(value) in ("()", "[]", "{}", "None", "''")


def _short(value: ast.expr) -> str:
    text = ast.unparse(value).replace("\n", " ")
    return text if len(text) <= 50 else f"{text[:47]}..."
