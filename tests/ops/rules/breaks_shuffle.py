"""For rules on shuffle files outside executors: changes that violate them."""

from tests.ops.rules.changes import GONE, Break, Edit, picked, put, with_inputs, without
from tests.plans import CELEBORN as CELEBORN_SETS
from tests.plans import FALLBACK as FALLBACK_SETS
from tests.plans import LUSTRE as LUSTRE_SETS

_MASTER, _WORKER = "celeborn-master", "celeborn-worker"
_POD = "spec.template.spec"
_POLICY = "celeborn-celeborn-worker-policy"
_SPOT = f"{_POD}.requirements"


def _conf(key: str, value: str) -> Edit:
    """Another value of a key of celeborn-defaults.conf."""

    def edit(plan):
        one = picked(plan, "ConfigMap", "celeborn-conf")
        lines = one.inputs["data"]["celeborn-defaults.conf"].splitlines(keepends=True)
        kept = [line for line in lines if line.split()[0] != key]
        assert len(kept) == len(lines) - 1, key
        text = "".join(kept) + (f"{key} {value}\n" if value else "")
        data = {**one.inputs["data"], "celeborn-defaults.conf": text}
        return with_inputs(plan, one, {**one.inputs, "data": data})

    return edit


def _broken(rule: str, edit: Edit, says: str) -> Break:
    return Break(rule, edit, says, sets=CELEBORN_SETS)


CELEBORN = (
    _broken("celeborn-masters-agree", put("StatefulSet", "spec.replicas", 2, _MASTER),
            "2 masters have no majority"),
    _broken("celeborn-masters-agree", put("StatefulSet", "spec.replicas", 5, _MASTER),
            "names 3 masters, and there are 5"),
    _broken("celeborn-workers-drain",
            put("StatefulSet", f"{_POD}.terminationGracePeriodSeconds", 3600, _WORKER),
            "is killed after 3600 s, and drains for up to 4200 s"),
    _broken("celeborn-workers-drain",
            put("StatefulSet", f"{_POD}.containers[0].lifecycle", GONE, _WORKER),
            "does not drain before its pod ends"),
    _broken("celeborn-workers-drain", _conf("celeborn.worker.decommission.forceExitTimeout", ""),
            "drains for up to 22200 s"),
    _broken("celeborn-ports-fixed", _conf("celeborn.worker.push.port", "0"),
            "worker port push is any free port"),
    _broken("celeborn-ports-fixed", _conf("celeborn.port.maxRetries", "16"),
            "becomes the next one"),
    _broken("celeborn-authenticates", _conf("celeborn.auth.enabled", "false"),
            "celeborn.auth.enabled is not true"),
    _broken("celeborn-authenticates", _conf("celeborn.internal.port.enabled", ""),
            "celeborn.internal.port.enabled is not true"),
    _broken("celeborn-closed", put("NetworkPolicy", "spec.ingress[1].from", GONE, _POLICY),
            "lets in pods of any namespace"),
    _broken("celeborn-closed", put(
        "NetworkPolicy",
        "spec.ingress[1].from[0].namespaceSelector.matchLabels",
        {"kubernetes.io/metadata.name": "team-b"}, _POLICY), "lets in team-b"),
    _broken("celeborn-closed", put("NetworkPolicy", "spec.ingress[1].ports[0].port", 9095, _POLICY),
            "opens internal ports to team-a"),
    _broken("celeborn-on-demand", put("StatefulSet", f"{_POD}.nodeSelector",
                                      {"spark-on-eks/pool": "default"}, _WORKER),
            "on which executors run"),
    _broken("celeborn-on-demand", put("StatefulSet", f"{_POD}.nodeSelector",
                                      {"spark-on-eks/pool": "default"}, _WORKER),
            "runs Celeborn's workers on Spot"),
    _broken("budget-for-replicas", without("PodDisruptionBudget", _WORKER), "and no budget"),
)  # fmt: skip


def _zones(*zones: str) -> Edit:
    return lambda plan: _in_zones(plan, [f"us-west-2{zone}" for zone in zones])


def _in_zones(plan, zones):
    one = picked(plan, "NodePool", "karpenter-default-arm-spot")
    inputs = {**one.inputs}
    spec = inputs["spec"]["template"]["spec"]
    requirements = [
        {**item, "values": zones} if item["key"].endswith("/zone") else item
        for item in spec["requirements"]
    ]
    template = {**inputs["spec"]["template"], "spec": {**spec, "requirements": requirements}}
    inputs["spec"] = {**inputs["spec"], "template": template}
    return with_inputs(plan, one, inputs)


FALLBACK = (
    Break("fallback-expires", put("BucketLifecycleConfiguration", "rules[4].expiration", GONE,
                                  "event-logs-lifecycle"),
          "no lifecycle rule has expiration.days for s3a://", sets=FALLBACK_SETS),
    Break("fallback-expires", put("BucketLifecycleConfiguration", "rules[4].filter.prefix",
                                  "shuffle-fallback/team-a/", "event-logs-lifecycle"),
          "/shuffle-fallback/team-b/", sets=FALLBACK_SETS),
    Break("fallback-expires", put("BucketLifecycleConfiguration", "rules[4].status", "Disabled",
                                  "event-logs-lifecycle"),
          "no lifecycle rule has expiration.days", sets=FALLBACK_SETS),
    Break("logs-apart", put("Policy", "policy!Statement[5].Resource[0]",
                            "arn:aws:s3:::spark-dev-logs-*/shuffle-fallback/team-b/*",
                            "team-team-a-access-event-logs"),
          "reaches files of others: shuffle-fallback/team-b/*", sets=FALLBACK_SETS),
    Break("logs-apart", put("Policy", "policy!Statement[3].Condition", GONE,
                            "team-team-a-access-event-logs"),
          "reaches files of others: all", sets=FALLBACK_SETS),
)  # fmt: skip
_CLAIMS = ("spark.teams=[{name: team-a, shuffle: claim}, {name: team-b}]",)
CLAIMS = (
    Break("team-submitters", put("v1:Role", "rules[0].verbs[1]", "delete",
                                 "team-team-a-operator-claims"),
          "delete persistentvolumeclaims", sets=_CLAIMS),
    Break("team-submitters", put("RoleBinding", "subjects[0].name", "another",
                                 "team-team-a-operator-claims"),
          "spark-operator/another create persistentvolumeclaims", sets=_CLAIMS),
)  # fmt: skip
LUSTRE = (
    Break("lustre-in-zone", _zones("a", "b"), "executors of team-a in 2 zones", sets=LUSTRE_SETS),
    Break("lustre-in-zone", _zones("a"), "in us-west-2a, and its files are in us-west-2b",
          sets=LUSTRE_SETS),
    Break("lustre-mounted",
          put("Addon", "serviceAccountRoleArn", GONE, "lustre-aws-fsx-csi-driver"),
          "has no driver with a role", sets=LUSTRE_SETS),
    Break("lustre-mounted", put("SecurityGroup", "ingress[1].toPort", 1020, "lustre-servers"),
          "is closed at port 1021", sets=LUSTRE_SETS),
    Break("lustre-mounted", put("PersistentVolume", "spec.csi.volumeAttributes.mountname",
                                "mounted", "lustre-folders-team-a"),
          "is more than the folder of team-a", sets=LUSTRE_SETS),
)  # fmt: skip
