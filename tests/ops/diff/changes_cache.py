"""Changes of the cache of data on nodes."""

from tests.ops.diff.changes import CLAIMS, NO_EXECUTORS, Row, drifts
from tests.plans import DATA, NODE

_TEAMS, _CACHE = DATA
_CLAIM = "team-a/spark-data-a61a90e9"
_QUOTA = "quota: quota team-a/team changes"
_TAINT = "template.spec.startupTaints"
_IN_USE = "kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection"
_DRIVER = "github.com/awslabs/mountpoint-s3-csi-driver/blob/main/docs/CONFIGURATION.md"
_DRIFT = "karpenter.sh/docs/concepts/disruption/#drift"

CACHE = {
    "a cache of data, beside JARs at pod level": Row(DATA, _QUOTA, before=_TEAMS, source=_DRIVER),
    "a cache of data goes, beside JARs at pod level": Row(
        _TEAMS,
        f"jobs-affected: a driver that asks for a new executor gets none: claim {_CLAIM} is gone",
        f"claims-wait: removes claims: {_CLAIM}",
        _QUOTA,
        before=DATA,
        source=_IN_USE,
    ),
    "a cache of data, beside JARs at node level": Row(
        (*DATA, *NODE),
        *drifts(_TAINT, True),
        _QUOTA,
        before=(_TEAMS, *NODE),
        source=_DRIFT,
    ),
    "a cache of data goes, beside JARs at node level": Row(
        (_TEAMS, *NODE),
        *drifts(_TAINT, True)[:2],
        "jobs-affected: new pods wait for their mount of JARs or cached data",
        f"claims-wait: removes claims: {_CLAIM}",
        "restarts: none of the pods of aws-mountpoint-s3-csi-driver runs from now on",
        "removes: removes add-on aws-mountpoint-s3-csi-driver",
        _QUOTA,
        before=(*DATA, *NODE),
        source=_IN_USE,
    ),
    "JARs from pods to nodes beside a cache of data: its driver stays": Row(
        (*DATA, *NODE),
        *drifts("template.metadata.labels and spec.userData", True)[:2],
        NO_EXECUTORS,
        CLAIMS,
        "restarts: restarts the pods of add-on aws-mountpoint-s3-csi-driver, node by node",
        "wider-permission: role karpenter-default-node-role (may now)",
        "wider-permission: role karpenter-drivers-node-role (may now)",
        "narrower-permission: role jar-mount-driver-role (deleted)",
        "narrower-permission: add-on aws-mountpoint-s3-csi-driver: role jar-mount",
        before=DATA,
        source="www.pulumi.com/docs/iac/concepts/resources/options/aliases/",
    ),
    "the size of caches of data": Row(
        (*DATA, "cache.capacityGiB=30"),
        f"jobs-affected: waits while claims are made anew: {_CLAIM}",
        f"claims-wait: makes claims anew: {_CLAIM}",
        before=DATA,
        source=_IN_USE,
    ),
    "how soon jobs see that cached objects were replaced": Row(
        (*DATA, "cache.refreshSeconds=5"),
        "new-pods: new pods mount volume spark-data-a61a90e9-team-a as it is now",
        before=DATA,
        source=_DRIVER,
    ),
    "another folder is cached": Row(
        (_TEAMS, "cache={kind: mountpoint, buckets: [{name: acme-lake, prefix: gold/}]}"),
        f"jobs-affected: a driver that asks for a new executor gets none: claim {_CLAIM} is gone",
        f"claims-wait: removes claims: {_CLAIM}",
        before=DATA,
        source=_IN_USE,
    ),
}
