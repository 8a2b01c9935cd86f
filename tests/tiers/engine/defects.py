"""Deliberate defects of the program: one small change of its text each, and who must notice it."""

from typing import NamedTuple


class Defect(NamedTuple):
    """One change; `caught` are the checks of this tier of which one must notice it."""

    what: str
    file: str
    text: str
    instead: str
    caught: tuple[str, ...]
    stack: str = "dev"


CHECK, UP, WORKS, SAME, SWITCH, DESTROY, LEFT = (
    "preview",
    "up",
    "platform works",
    "no change",
    "switch",
    "destroy",
    "nothing left",
)
OWN_PROVIDERS = "own providers"

_COMPONENTS = "components"
_ADDONS = "components/addons.py"
_CLUSTER = "components/cluster.py"
_GROUPS = "components/node_groups.py"
_BUCKET = "components/jar_bucket.py"
_CONTROLLER = "components/karpenter/controller.py"
_RIGHTS = "components/karpenter/permissions.py"
_LADDER = "components/karpenter/ladder.py"
_QUEUE = "components/karpenter/interruption.py"
_POD = "components/mounts/pod_level.py"
_DAEMON = "components/mounts/node_daemonset.py"
_CLAIM = "components/mounts/claim.py"

DEFECTS = (
    Defect(
        "a wrong key in a nested input",
        _GROUPS,
        '"http_put_response_hop_limit": metadata',
        '"http_hop_limit": metadata',
        (CHECK,),
    ),
    Defect("an enum's typo", _GROUPS, '"NO_SCHEDULE"', '"NoSchedule"', (CHECK,)),
    Defect(
        "an enum's typo that the SDK lets pass",
        "components/network_extras.py",
        'vpc_endpoint_type="Gateway"',
        'vpc_endpoint_type="gateway"',
        (CHECK,),
    ),
    Defect(
        "a number as text",
        _CLUSTER,
        "retention_in_days=settings.log_retention_days",
        "retention_in_days=str(settings.log_retention_days)",
        (CHECK,),
    ),
    Defect(
        "a number out of its range",
        "components/private_bucket.py",
        "deletion_window_in_days=30",
        "deletion_window_in_days=60",
        (CHECK,),
        "prod",
    ),
    Defect(
        "one name for two buckets",
        _BUCKET,
        "cluster_name, self._name, self.owner",
        'cluster_name, "jars", self.owner',
        (UP,),
        "staging",
    ),
    Defect(
        "subnets whose blocks overlap",
        "components/network.py",
        "*_, last = self._slots()",
        "last, *_ = self._slots()",
        (UP,),
    ),
    Defect(
        "a managed policy that AWS does not have",
        _ADDONS,
        '"AmazonEBSCSIDriverPolicyV2"',
        '"service-role/AmazonEBSCSIDriverPolicyV2"',
        (UP,),
    ),
    Defect(
        "nodes without the right to look themselves up",
        _GROUPS,
        '    "AmazonEKSWorkerNodePolicy",\n',
        "",
        (UP,),
    ),
    Defect(
        "nodes that do not wait for pod networking",
        "__main__.py",
        "        after=running,\n        opts=on_aws,\n    )\n    running += system_nodes.ready",
        "        after=[],\n        opts=on_aws,\n    )\n    running += system_nodes.ready",
        (UP, DESTROY),
    ),
    Defect(
        "a trust for another audience",
        "components/identity.py",
        '"sts.amazonaws.com"',
        '"sts.amazon.com"',
        (UP,),
    ),
    Defect(
        "a Sid twice in one policy",
        _RIGHTS,
        'Statement("ReadPrices"',
        'Statement("ReadImageNames"',
        (UP,),
    ),
    Defect(
        "a key without an administrator",
        "components/identity.py",
        '["kms:*"]',
        '["kms:Decrypt"]',
        (UP,),
        "prod",
    ),
    Defect(
        "a weight that the CRD refuses",
        "components/pools.py",
        '"arm64", "spot", 100)',
        '"arm64", "spot", 1000)',
        (UP,),
    ),
    Defect(
        "a limit as a number, which comes back as text",
        _LADDER,
        '{"cpu": str(limits["cpu"])',
        '{"cpu": limits["cpu"]',
        (UP,),
    ),
    Defect(
        "a volume kept for a claim of another namespace",
        _CLAIM,
        '"claim_ref": {"namespace": namespace',
        '"claim_ref": {"namespace": "default"',
        (UP,),
    ),
    Defect(
        "a claim that asks for the default storage class",
        _CLAIM,
        '                "storage_class_name": "",\n                "volume_name"',
        '                "volume_name"',
        (UP,),
    ),
    Defect(
        "a controller told the ARN of its queue",
        _CONTROLLER,
        '"interruptionQueue": queue.queue_name',
        '"interruptionQueue": queue.queue_arn',
        (UP,),
    ),
    Defect(
        "a DaemonSet that selects other pods",
        _DAEMON,
        '"selector": {"match_labels": {"app.kubernetes.io/name": "spark-jars"}}',
        '"selector": {"match_labels": {"app.kubernetes.io/name": "jars"}}',
        (UP,),
        "existing",
    ),
    Defect(
        "a namespace that forbids its own DaemonSet",
        _DAEMON,
        '"pod-security.kubernetes.io/enforce": "privileged"',
        '"pod-security.kubernetes.io/enforce": "baseline"',
        (UP,),
        "existing",
    ),
    Defect(
        "components without the stack's provider",
        "__main__.py",
        "on_aws = pulumi.ResourceOptions(providers=[cloud.provider])",
        "on_aws = pulumi.ResourceOptions()",
        (CHECK, UP, OWN_PROVIDERS),
    ),
    Defect(
        "an access entry for people instead of nodes",
        "components/karpenter/autoscaler.py",
        'type="EC2_LINUX"',
        'type="STANDARD"',
        (WORKS,),
    ),
    Defect(
        "a node class with a role's ARN where its name is meant",
        "components/karpenter/node_class.py",
        '"role": role.name',
        '"role": role.arn',
        (WORKS,),
    ),
    Defect(
        "a role for another service account",
        _POD,
        'service_account="s3-csi-driver-sa"',
        'service_account="s3-csi-driver"',
        (WORKS,),
    ),
    Defect(
        "rights on a narrower prefix than the one mounted",
        _POD,
        "jars.read_statements(jars.prefix)",
        "jars.read_statements(jars.jars_prefix)",
        (WORKS,),
    ),
    Defect(
        "no right to decrypt what is mounted",
        _BUCKET,
        'statements.append(Statement(f"Decrypt',
        '(Statement(f"Decrypt',
        (WORKS,),
        "prod",
    ),
    Defect(
        "a queue that EventBridge may not send to",
        _QUEUE,
        '{"Service": "events.amazonaws.com"}',
        '{"Service": "event.amazonaws.com"}',
        (WORKS,),
    ),
    Defect(
        "nodes that nothing tells to mount the JARs",
        "components/karpenter/node_class.py",
        "    if node_part.scripts:\n",
        "    if node_part.scripts and shape.has_local_disks:\n",
        (WORKS,),
        "staging",
    ),
    Defect(
        "a right that only Karpenter's launches need",
        _RIGHTS,
        '["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"]',
        '["ec2:RunInstances", "ec2:CreateFleet"]',
        (WORKS,),
    ),
    Defect(
        "volumes of two mount levels with one name",
        _CLAIM,
        'volume_name = f"{CLAIM}-{namespace}-{mount.mode}"',
        'volume_name = f"{CLAIM}-{namespace}"',
        (SWITCH,),
    ),
    Defect(
        "a role without a right that Karpenter's finalizer needs",
        _RIGHTS,
        '        Statement("ListProfiles", ["iam:ListInstanceProfiles"], ["*"]),\n',
        "",
        (DESTROY,),
    ),
    Defect(
        "CRDs that may go before their objects",
        _CONTROLLER,
        "depends_on=[crds, *role.grants, *queue.ready]",
        "depends_on=[*role.grants, *queue.ready]",
        (UP, DESTROY),
    ),
    Defect(
        "node classes that do not keep the controller",
        "components/karpenter/autoscaler.py",
        "opts=child(self, depends_on=self._before_classes)",
        "opts=child(self)",
        (UP, WORKS, DESTROY),
    ),
    Defect(
        "a bucket that is never emptied",
        _BUCKET,
        "force_destroy=settings.force_destroy",
        "force_destroy=False",
        (DESTROY,),
    ),
)
