"""Objects that the API server must refuse, as changes to objects of the plan.

One case for each way in which a manifest can be wrong, so that its acceptance proves something.

To add a case: one line in NEW (an object as it would be created) or CHANGED (an object that is
there already), with the path, the value, and a part of the server's message.
"""

from typing import Any, NamedTuple

from tests.tiers.cluster.api import Object
from tests.tiers.cluster.objects import ABSENT, named, with_value

POOL = ("NodePool", "default-arm-spot")
CLASS = ("EC2NodeClass", "default")
VOLUME = ("PersistentVolume", "spark-jars-team-a-node")
CLAIM = ("PersistentVolumeClaim", "spark-jars")
DAEMON = ("DaemonSet", "spark-jars")


class Case(NamedTuple):
    """`path` in an object of the plan set to `value`, and part of the server's message."""

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
        found = named(objects, self.kind, self.name, _NAMESPACES.get(self.kind, ""))
        return with_value(found, self.path, self.value)


_NAMESPACES = {"PersistentVolumeClaim": "team-a"}
_TERM = "spec/template/spec/requirements/0"
_BUDGET = "spec/disruption/budgets/0"
_DISK = "spec/blockDeviceMappings"

NEW = [
    # NodePool: numbers and words
    Case(*POOL, "spec/weight", 101, "less than or equal to 100"),
    Case(*POOL, "spec/template/spec/taints/0/effect", "NoSchedul", "Unsupported value"),
    Case(*POOL, "spec/template/spec/expireAfter", "30 days", "should match"),
    Case(*POOL, "spec/consolidation", {}, 'unknown field "spec.consolidation"'),
    # NodePool: rules that only CEL can check
    Case(*POOL, f"{_TERM}/values", [], "must have a value defined"),
    Case(*POOL, f"{_TERM}/key", "karpenter.sh/nodepool", "is restricted"),
    Case(*POOL, "spec/replicas", 2, "'weight' is not supported on static"),
    Case(*POOL, f"{_BUDGET}/nodes", "110%", "should match"),
    Case(*POOL, f"{_BUDGET}/schedule", "@daily", "'schedule' must be set with 'duration'"),
    # EC2NodeClass
    Case(*CLASS, "spec/instanceProfile", "p", "must specify exactly one of"),
    Case(*CLASS, "spec/amiSelectorTerms/0/alias", "al2023", "'alias' is improperly formatted"),
    Case(*CLASS, "spec/tags/karpenter.sh~nodepool", "x", "restricted"),
    Case(*CLASS, f"{_DISK}/0/ebs/volumeSize", "100", "should match"),
    Case(*CLASS, "spec/kubelet/maxPod", 110, 'unknown field "spec.kubelet.maxPod"'),
    # Volumes, claims and the DaemonSet
    Case(*VOLUME, "spec/hostPath", ABSENT, "must specify a volume type"),
    Case(*CLAIM, "spec/resources/requests/storage", "0", "must be greater than zero"),
    Case(*DAEMON, "spec/selector/matchLabels", {"app": "other"}, "does not match template"),
]

CHANGED = [
    Case(*POOL, "spec/template/spec/nodeClassRef/kind", "NodeClass", "kind is immutable"),
    Case(*VOLUME, "spec/hostPath/path", "/mnt/other", "is immutable after creation"),
    Case(*CLAIM, "spec/volumeName", "spark-jars-team-b-node", "is immutable after creation"),
    Case(*DAEMON, "spec/selector/matchLabels/more", "x", "field is immutable"),
    Case("ClusterRoleBinding", "spark-jars-nodes", "roleRef/name", "view", "cannot change roleRef"),
]
