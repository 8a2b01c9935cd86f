"""Objects that the API server must refuse, as changes to objects of the plan.

To add a case: one line in NEW (an object as it would be created) or CHANGED (an object that is
there already), with the path, the value, and a part of the server's message.
"""

from copy import deepcopy
from typing import Any, NamedTuple

from tests.tiers.cluster.api import Object
from tests.tiers.cluster.objects import named

ABSENT = object()
"""Takes the field away."""

POOL = ("NodePool", "default-arm-spot")
DRIVERS = ("NodePool", "drivers")
CLASS = ("EC2NodeClass", "default")
VOLUME = ("PersistentVolume", "spark-jars-team-a-node")
CLAIM = ("PersistentVolumeClaim", "spark-jars")
DAEMON = ("DaemonSet", "spark-jars")


class Case(NamedTuple):
    """`path` in an object of the plan set to `value`, and what the server says to it."""

    kind: str
    name: str
    path: str
    value: Any
    says: str

    def __str__(self) -> str:
        value = "absent" if self.value is ABSENT else str(self.value)
        return f"{self.kind}-{self.path}={value}"[:90]

    def manifest(self, objects: list[Object]) -> Object:
        """The object with the change."""
        changed = deepcopy(named(objects, self.kind, self.name, _NAMESPACES.get(self.kind, "")))
        *parents, last = [_key(word) for word in self.path.split("/")]
        target: Any = changed
        for key in parents:
            target = target[key]
        if self.value is ABSENT:
            del target[last]
        elif isinstance(target, list) and last == len(target):
            target.append(self.value)
        else:
            target[last] = self.value
        return changed


def _key(word: str) -> str | int:
    """A key or, in digits, a place in a list; `~` stands for the slash in a label's name."""
    return int(word) if word.isdigit() else word.replace("~", "/")


_NAMESPACES = {"PersistentVolumeClaim": "team-a"}
_TERM = "spec/template/spec/requirements/0"
_LABELS = "spec/template/metadata/labels"
_BUDGET = "spec/disruption/budgets/0"
_DISK = "spec/blockDeviceMappings"

NEW = [
    # NodePool: numbers and words
    Case(*POOL, "spec/weight", 0, "greater than or equal to 1"),
    Case(*POOL, "spec/weight", 101, "less than or equal to 100"),
    Case(*POOL, "spec/weight", "100", 'must be of type integer: "string"'),
    Case(*POOL, "spec/template/spec/taints/0/effect", "NoSchedul", "Unsupported value"),
    Case(*POOL, "spec/template/spec/taints/0/key", "", "should be at least 1 chars"),
    Case(*POOL, "spec/template/spec/startupTaints/0/effect", ABSENT, "Required value"),
    Case(*POOL, "spec/template/spec/terminationGracePeriod", "Never", "should match"),
    Case(*POOL, "spec/template/spec/expireAfter", "30 days", "should match"),
    Case(*POOL, "spec/template/spec/nodeClassRef/name", "", "name may not be empty"),
    Case(*POOL, "spec/template/spec/nodeClassRef", ABSENT, "Required value"),
    Case(*POOL, "spec/consolidation", {}, 'unknown field "spec.consolidation"'),
    Case(*POOL, "spec/limits/cpu", "many", "should match"),
    # NodePool: what only the rules in CEL see
    Case(*POOL, f"{_TERM}/values", [], "must have a value defined"),
    Case(*POOL, f"{_TERM}/operator", "Gt", "must have a single positive integer value"),
    Case(*POOL, f"{_TERM}/operator", "Is", "Unsupported value"),
    Case(*POOL, f"{_TERM}/key", "karpenter.sh/nodepool", "is restricted"),
    Case(*POOL, f"{_TERM}/key", "karpenter.k8s.aws/instance-famly", "is restricted"),
    Case(*POOL, f"{_LABELS}/karpenter.sh~custom", "x", "karpenter.sh"),
    Case(*POOL, "spec/replicas", 2, "'weight' is not supported on static"),
    Case(*POOL, "spec/disruption/consolidateAfter", ABSENT, "Required value"),
    Case(*POOL, "spec/disruption/consolidationPolicy", "WhenIdle", "Unsupported value"),
    Case(*POOL, f"{_BUDGET}/nodes", "110%", "should match"),
    Case(*POOL, f"{_BUDGET}/nodes", 1, 'must be of type string: "integer"'),
    Case(*POOL, f"{_BUDGET}/reasons", ["Expired"], "Unsupported value"),
    Case(*POOL, f"{_BUDGET}/schedule", "@daily", "'schedule' must be set with 'duration'"),
    Case(*DRIVERS, "spec/disruption/budgets/1/nodes", "none", "should match"),
    # EC2NodeClass
    Case(*CLASS, "spec/instanceProfile", "p", "must specify exactly one of"),
    Case(*CLASS, "spec/role", ABSENT, "must specify exactly one of"),
    Case(*CLASS, "spec/role", "", "role cannot be empty"),
    Case(*CLASS, "spec/amiSelectorTerms", [], "should have at least 1 items"),
    Case(*CLASS, "spec/amiSelectorTerms/0/alias", "al2024@latest", "family is not supported"),
    Case(*CLASS, "spec/amiSelectorTerms/0/alias", "al2023", "'alias' is improperly formatted"),
    Case(*CLASS, "spec/amiSelectorTerms/1", {"id": "ami-1"}, "'alias' is mutually exclusive"),
    Case(*CLASS, "spec/securityGroupSelectorTerms/0", {}, "expected at least one"),
    Case(*CLASS, "spec/tags/karpenter.sh~nodepool", "x", "restricted"),
    Case(*CLASS, f"{_DISK}/0/ebs/volumeType", "gp4", "Unsupported value"),
    Case(*CLASS, f"{_DISK}/0/ebs/volumeSize", "100", "should match"),
    Case(*CLASS, f"{_DISK}/0/ebs/volumeSize", ABSENT, "snapshotID or volumeSize"),
    Case(*CLASS, "spec/metadataOptions/httpPutResponseHopLimit", 65, "less than or equal to 64"),
    Case(*CLASS, "spec/metadataOptions/httpTokens", "always", "Unsupported value"),
    Case(*CLASS, "spec/kubelet/maxPods", -1, "greater than or equal to 0"),
    Case(*CLASS, "spec/kubelet/maxPod", 110, 'unknown field "spec.kubelet.maxPod"'),
    Case(*CLASS, "spec/instanceStorePolicy", "RAID1", "Unsupported value"),
    # Volumes, claims and the DaemonSet
    Case(*VOLUME, "spec/hostPath", ABSENT, "must specify a volume type"),
    Case(*VOLUME, "spec/hostPath/path", "/mnt/../etc", "must not contain '..'"),
    Case(*VOLUME, "spec/hostPath/type", "Folder", "Unsupported value"),
    Case(*VOLUME, "spec/accessModes/0", "ReadMany", "Unsupported value"),
    Case(*VOLUME, "spec/capacity", ABSENT, "Required value"),
    Case(*CLAIM, "spec/resources/requests/storage", "0", "must be greater than zero"),
    Case(*DAEMON, "spec/selector/matchLabels", {"app": "other"}, "does not match template"),
    Case(*DAEMON, "spec/template/spec/restartPolicy", "Never", "Unsupported value"),
    Case(*DAEMON, "spec/updateStrategy/rollingUpdate/maxUnavailable", "10 %", "percent"),
]

CHANGED = [
    Case(*POOL, "spec/template/spec/nodeClassRef/kind", "NodeClass", "kind is immutable"),
    Case(*POOL, "spec/template/spec/nodeClassRef/group", "x.aws", "group is immutable"),
    Case(*VOLUME, "spec/hostPath/path", "/mnt/other", "is immutable after creation"),
    Case(*CLAIM, "spec/volumeName", "spark-jars-team-b-node", "is immutable after creation"),
    Case(*CLAIM, "spec/accessModes", ["ReadWriteOnce"], "is immutable after creation"),
    Case(*CLAIM, "spec/storageClassName", "gp3", "is immutable after creation"),
    Case(*DAEMON, "spec/selector/matchLabels/more", "x", "field is immutable"),
    Case("ClusterRoleBinding", "spark-jars-nodes", "roleRef/name", "view", "cannot change roleRef"),
]
