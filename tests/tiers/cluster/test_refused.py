"""The API server rejects manifests that would break the platform, with a message.

One case for each way in which a manifest can be wrong, so that its acceptance proves something.

To add a case: one line in NEW (an object as it would be created) or CHANGED (an object that is
there already), with the path, the value, and a part of the server's message.
"""

import re
from typing import Any, NamedTuple

import pytest

from tests.tiers.cluster.api import Api, Object, Refused
from tests.tiers.cluster.combinations import ONE_WITH_ALL_KINDS
from tests.tiers.cluster.conftest import Live
from tests.tiers.cluster.objects import ABSENT, named, with_value

pytestmark = pytest.mark.parametrize("live", ONE_WITH_ALL_KINDS, ids=str, indirect=True)

_NO = ("Invalid", "Forbidden", "BadRequest")
POOL = ("NodePool", "default-arm-spot")
CLASS = ("EC2NodeClass", "default")
VOLUME = ("PersistentVolume", "spark-jars-team-a.jars-node")
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
    Case(*CLAIM, "spec/volumeName", "spark-jars-team-b.jars-node", "is immutable after creation"),
    Case(*DAEMON, "spec/selector/matchLabels/more", "x", "field is immutable"),
    Case("ClusterRoleBinding", "spark-jars-nodes", "roleRef/name", "view", "cannot change roleRef"),
]


@pytest.mark.parametrize("case", NEW, ids=str)
def test_a_new_object_is_refused_with_the_reason(api: Api, live: Live, case: Case) -> None:
    manifest = case.manifest(live.sent)
    manifest["metadata"]["name"] = "as-new"
    with pytest.raises(Refused, match=re.escape(case.says)) as refusal:
        api.create(manifest, dry_run=True)
    assert refusal.value.reason in _NO


@pytest.mark.parametrize("case", CHANGED, ids=str)
def test_a_change_is_refused_with_the_reason(api: Api, live: Live, case: Case) -> None:
    with pytest.raises(Refused, match=re.escape(case.says)) as refusal:
        api.apply(case.manifest(live.sent), dry_run=True)
    assert refusal.value.reason in _NO


@pytest.mark.parametrize("name", sorted({(case.kind, case.name) for case in NEW}))
def test_the_same_objects_without_the_change_are_taken(
    api: Api, live: Live, name: tuple[str, str]
) -> None:
    case = next(case for case in NEW if (case.kind, case.name) == name)
    manifest = case._replace(path="metadata/labels", value={}).manifest(live.sent)
    manifest["metadata"]["name"] = "as-new"
    assert api.create(manifest, dry_run=True)["metadata"]["name"] == "as-new"
