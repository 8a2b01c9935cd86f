"""Changes of where teams keep shuffle files."""

from tests.ops.diff.changes import Row
from tests.plans import CELEBORN, FALLBACK, LUSTRE

_POOLS, _USES, _SERVICE = CELEBORN
_NODE = "spark.teams=[{name: team-a}, {name: team-b}]"
_CLAIM = "spark.teams=[{name: team-a, shuffle: claim}, {name: team-b}]"
_ZONE, _LUSTRE = LUSTRE
_CELEBORN = "github.com/apache/celeborn/blob/main/docs/decommissioning.md"
_FALLBACK = "spark.apache.org/docs/4.0.1/configuration.html"
_FSX = "docs.aws.amazon.com/fsx/latest/LustreGuide/using-fsx-lustre.html"
_DRAIN = "jobs-affected: a worker of Celeborn ends after {} minutes at the latest"
_RUNGS = "default-arm-on-demand, default-arm-spot, default-x86-on-demand and default-x86-spot"
_GONE = "jobs-affected: jobs that keep shuffle files on Lustre fail"

_PERSISTENT = "storage.lustre.type=PERSISTENT_2"
_FSX_GUIDE = "docs.aws.amazon.com/fsx/latest/LustreGuide"
SHUFFLE = {
    "shuffle files from nodes to Celeborn": Row(
        CELEBORN,
        "wider-permission: network of namespace team-a (may now)",
        before=(_POOLS, _NODE),
        source=_CELEBORN,
    ),
    "shuffle files from Celeborn to nodes": Row(
        (_POOLS, _NODE),
        "ends-jobs: removes Celeborn's celeborn-master",
        "ends-jobs: removes Celeborn's celeborn-worker",
        "jobs-affected: jobs that keep shuffle files in Celeborn fail",
        "jobs-unknown: celeborn-namespace: is deleted",
        "removes: deletes namespace celeborn with everything in it",
        "removes: removes StatefulSet celeborn-master and celeborn-worker",
        "narrower-permission: network of namespace team-a (may no longer)",
        "guard: PodDisruptionBudget celeborn-master holds less",
        "guard: PodDisruptionBudget celeborn-worker holds less",
        before=CELEBORN,
        source=_CELEBORN,
    ),
    "shuffle files from claims to Celeborn": Row(
        CELEBORN,
        f"drifts-nodes: NodePool {_RUNGS} (template.spec.startupTaints)",
        "jobs-affected: executors there end and their tasks run again",
        "jobs-unknown: team-team-a-operator-claims: allows less than before",
        "removes: class spark-shuffle of volumes is gone: those that exist stay",
        "wider-permission: network of namespace team-a (may now)",
        "narrower-permission: ServiceAccount spark-operator/spark-operator-controller (deleted)",
        before=(_POOLS, _CLAIM),
        source=_CELEBORN,
    ),
    "a shorter drain of Celeborn's workers": Row(
        (*CELEBORN, "storage.celeborn={pool: celeborn, drainMinutes: 30}"),
        _DRAIN.format(72),
        "restarts: restarts the pods of celeborn-master",
        "restarts: restarts the pods of celeborn-worker",
        "restarts: restarts StatefulSet celeborn-master and celeborn-worker",
        before=CELEBORN,
        source=_CELEBORN,
    ),
    "three masters of Celeborn in place of one": Row(
        CELEBORN,
        "jobs-affected: jobs that use Celeborn fail: its only master restarts a worker of "
        "Celeborn ends after 72 minutes",
        "restarts: restarts the pods of celeborn-master",
        "restarts: restarts the pods of celeborn-worker",
        "restarts: restarts StatefulSet celeborn-master and celeborn-worker",
        before=(*CELEBORN, "storage.celeborn={pool: celeborn, masters: 1}"),
        source=_CELEBORN,
    ),
    "more workers of Celeborn": Row(
        (*CELEBORN, "storage.celeborn={pool: celeborn, workers: 5}"),
        before=CELEBORN,
        source=_CELEBORN,
    ),
    "fewer workers of Celeborn": Row(
        CELEBORN,
        _DRAIN.format(72),
        "restarts: ends some of the pods of celeborn-worker",
        before=(*CELEBORN, "storage.celeborn={pool: celeborn, workers: 5}"),
        source=_CELEBORN,
    ),
    "fallback storage in S3": Row(
        FALLBACK,
        "wider-permission: role team-team-a-access-role (may now)",
        "wider-permission: role team-team-b-access-role (may now)",
        before=FALLBACK[0],
        source=_FALLBACK,
    ),
    "no fallback storage in S3": Row(
        FALLBACK[0],
        "jobs-affected: jobs of team team-a fail at the next request that role",
        "narrower-permission: role team-team-a-access-role (may no longer)",
        "narrower-permission: role team-team-b-access-role (may no longer)",
        before=FALLBACK,
        source=_FALLBACK,
    ),
    "shuffle files in S3 kept less long": Row(
        (*FALLBACK, "spark.shuffleFallback.days=1"),
        "loses-data: event-logs-lifecycle deletes objects after 1 days, not 3 (shuffle-fallback",
        "jobs-affected: objects below shuffle-fallback/ older than 1 days are gone",
        before=FALLBACK,
        source=_FALLBACK,
    ),
    "shuffle files from nodes to Lustre": Row(
        LUSTRE,
        "wider-permission: role lustre-driver-role (new)",
        "quota: quota team-a/team changes",
        before=(_ZONE, _NODE),
        source=_FSX,
    ),
    "shuffle files from Lustre to nodes": Row(
        (_ZONE, _NODE),
        "loses-data: file system lustre is deleted",
        "ends-jobs: deletes Lustre file system lustre",
        _GONE,
        "jobs-unknown: lustre-servers: is deleted",
        "claims-wait: removes claims: team-a/spark-shuffle",
        "removes: deletes namespace spark-lustre with everything in it",
        "removes: removes add-on aws-fsx-csi-driver",
        "narrower-permission: role lustre-driver-role (deleted)",
        "quota: quota team-a/team changes",
        before=LUSTRE,
        source=_FSX,
    ),
    "another type of Lustre file system": Row(
        (*LUSTRE, "storage.lustre.type=PERSISTENT_2"),
        "loses-data: file system lustre is deleted",
        "ends-jobs: replaces Lustre file system lustre",
        _GONE,
        "claims-wait: makes claims anew: team-a/spark-shuffle and spark-lustre/lustre-root",
        before=LUSTRE,
        source=_FSX,
    ),
    "a larger Lustre file system": Row(
        (*LUSTRE, "storage.lustre.capacityGiB=4800"),
        "jobs-affected: jobs that keep shuffle files on Lustre wait for some minutes",
        "restarts: Lustre file system lustre changes its size",
        before=LUSTRE,
        source=f"{_FSX_GUIDE}/managing-storage-capacity.html",
    ),
    "a smaller Lustre file system": Row(
        LUSTRE,
        "loses-data: file system lustre is deleted",
        "ends-jobs: replaces Lustre file system lustre",
        _GONE,
        "claims-wait: makes claims anew: team-a/spark-shuffle and spark-lustre/lustre-root",
        before=(*LUSTRE, "storage.lustre.capacityGiB=4800"),
        source=f"{_FSX_GUIDE}/managing-storage-capacity.html",
    ),
    "a faster Lustre file system": Row(
        (*LUSTRE, _PERSISTENT, "storage.lustre.throughput=500"),
        "jobs-affected: jobs that keep shuffle files on Lustre wait for some minutes",
        "restarts: Lustre file system lustre changes its size",
        before=(*LUSTRE, _PERSISTENT),
        source=f"{_FSX_GUIDE}/managing-throughput-capacity.html",
    ),
    "another key of a Lustre file system": Row(
        (*LUSTRE, _PERSISTENT, "storage.lustre.kmsKeyArn=arn:aws:kms:us-west-2:111122223333:key/x"),
        "loses-data: file system lustre is deleted",
        "ends-jobs: replaces Lustre file system lustre",
        _GONE,
        "claims-wait: makes claims anew: team-a/spark-shuffle and spark-lustre/lustre-root",
        before=(*LUSTRE, _PERSISTENT),
        source=_FSX,
    ),
}
