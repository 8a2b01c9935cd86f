"""Changes of disks and volumes, of the drivers that make them, and of the image cache."""

from tests.ops.diff.changes import EBS, Row, drifts, pool
from tests.plans import CACHE, CELEBORN, DAEMONSET, NODE

_CLAIMS = ("spark.teams=[{name: team-a, shuffle: claim}, {name: team-b}]", "drivers.zone=b")
_CLASS = "kubernetes.io/docs/concepts/storage/storage-classes"
_DRIFT = "karpenter.sh/docs/concepts/disruption/#drift"
_WORKERS = (
    "jobs-affected: a worker of Celeborn ends after 72 minutes at the latest",
    "restarts: restarts the pods of celeborn-worker, each after its grace period",
    "restarts: restarts StatefulSet celeborn-worker",
)
_KEPT = "drifts-nodes: NodePool drivers (spec.blockDeviceMappings): its nodes stay until"
_ANEW = (
    "jobs-affected: an executor whose volume of class spark-shuffle is not made yet waits",
    "claims-wait: makes class spark-shuffle of volumes anew: volumes that exist stay",
)
_FILES = ("restarts: restarts DaemonSet spark-jars on every node, 10% at a time",)

DISKS = {
    "operations of executors' disks": Row(
        pool(diskIops="6000"), *drifts("spec.blockDeviceMappings"), before=pool(), source=_DRIFT
    ),
    "throughput of executors' disks": Row(
        pool(diskThroughput="500"), *drifts("spec.blockDeviceMappings"), before=pool(),
        source=_DRIFT,
    ),
    "operations of drivers' disks": Row("drivers.diskIops=6000", _KEPT, source=_DRIFT),
    "throughput of drivers' disks": Row("drivers.diskThroughput=500", _KEPT, source=_DRIFT),
    "operations of executors' volumes": Row(
        (*_CLAIMS, "storage.shuffleClass={iops: 6000}"), *_ANEW, before=_CLAIMS, source=_CLASS
    ),
    "file system of executors' volumes": Row(
        (*_CLAIMS, "storage.shuffleClass={fsType: ext4}"), *_ANEW, before=_CLAIMS, source=_CLASS
    ),
    "more volumes at once": Row(
        "storage.ebsCsi.scale=large", EBS,
        source="github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/options.md",
    ),
    "reserved attachments of nodes": Row(
        "storage.ebsCsi.reservedAttachments=4", EBS,
        source="github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/options.md",
    ),
    "heap of Celeborn's workers": Row(
        (*CELEBORN, "storage.celeborn.heapGiB=8"), *_WORKERS, before=CELEBORN,
        source="kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies",
    ),
    "memory beside the heap of Celeborn's workers": Row(
        (*CELEBORN, "storage.celeborn.offHeapGiB=12"), *_WORKERS, before=CELEBORN,
        source="kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies",
    ),
    "how long a node waits for its JARs": Row(
        (*NODE, "jarMount.waitSeconds=900"), *drifts("spec.userData", True), before=NODE,
        source=_DRIFT,
    ),
    "how many releases a node fetches": Row(
        (*NODE, "jarMount.node.fillReleases=3"), *drifts("spec.userData", True), before=NODE,
        source=_DRIFT,
    ),
    "the version of Mountpoint on nodes": Row(
        (*NODE, "jarMount.node.mountpointVersion=1.22.0"), *drifts("spec.userData", True),
        before=NODE, source=_DRIFT,
    ),
    "how many releases the mount's pods fetch": Row(
        (*DAEMONSET, "jarMount.node.fillReleases=3"), *_FILES, before=DAEMONSET,
        source="kubernetes.io/docs/tasks/manage-daemon/update-daemon-set",
    ),
    "kube-proxy's version": Row(
        "addonVersions.kube-proxy=v1.35.3-eksbuild.2",
        "restarts: restarts the pods of add-on kube-proxy, node by node",
        before="addonVersions.kube-proxy=v1.35.0-eksbuild.2",
        source="docs.aws.amazon.com/eks/latest/userguide/managing-kube-proxy.html",
    ),
    "how long images stay in the cache": Row(
        (*CACHE, "images.cache.expireDays=30"),
        before=CACHE,
        stack="prod",
        source="docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html",
    ),
    "what YuniKorn guarantees a team": Row(
        ("spark.yunikorn.enabled=true", "spark.yunikorn.guaranteedPercent=20"),
        "restarts: restarts the controller of Helm release yunikorn: it is upgraded",
        before="spark.yunikorn.enabled=true",
        stack="prod",
        source="yunikorn.apache.org/docs/user_guide/service_config",
    ),
    "faster disks and another pool's name at once": Row(
        ("pools[0].name=general", "drivers.diskIops=6000"),
        "ends-jobs: pool default is gone",
        "removes-nodes: removes NodePool",
        _KEPT,
        "jobs-affected: jobs of team-a and team-b that select pool default get no executor",
        "wider-permission: role karpenter-controller-role (may now)",
        "wider-permission: role karpenter-general-node-role (new)",
        "narrower-permission: role karpenter-controller-role (may no longer)",
        "narrower-permission: role karpenter-default-node-role (deleted)",
        "quota: the pool of team team-a is general",
        "quota: the pool of team team-b is general",
        source="karpenter.sh/docs/concepts/disruption/",
    ),
}  # fmt: skip
