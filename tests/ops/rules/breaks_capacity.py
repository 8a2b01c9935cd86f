"""For rules on capacity and lifetimes of nodes: changes that violate them."""

from tests.ops.rules.changes import GONE, Break, put
from tests.plans import CACHE

_POOL = "spec.template.spec"
_RUNG, _DRIVERS = "karpenter-default-arm-spot", "karpenter-drivers"
_TYPES = "instanceTypes"
_SIX_SERVERS = (
    "spark.teams=[{name: a}, {name: b}, {name: c}, {name: d}, {name: e}, {name: f}]",
    "spark.historyServer={enabled: true, release: r}",
    "systemNodes.instanceTypes=[r7g.xlarge]",
)
CAPACITY = (
    Break("system-nodes-fit", put("NodeGroup", _TYPES, ["m7g.medium"], "system-group"),
          "on 2 m7g.medium nodes"),
    Break("system-nodes-fit", put("NodeGroup", _TYPES, ["m7g.xlarge", "m7g.large"]),
          "on 2 m7g.large nodes", "staging"),
    Break("system-nodes-fit", put("Release", "values.controller.resources.requests.memory", "14Gi",
                                  "karpenter-release"), "no place for karpenter controller"),
    Break("system-nodes-fit", put("Release", "values.controller.resources.requests.memory", "6Gi",
                                  "spark-operator-release"), "set systemNodes.minSize to 3"),
    Break("system-nodes-fit", put("Deployment", "spec.replicas", 12, "spark-history-ingest"),
          "no place for", "prod"),
    Break("system-nodes-fit", put("NodeGroup", "scalingConfig.minSize", 1), "no place for"),
    Break("system-nodes-fit", put("NodeGroup", _TYPES, ["m7g.xlarge"]),
          "on the 1 m7g.xlarge left when a node is lost", "dev", _SIX_SERVERS),
    Break("disks-hold-volumes", put("Deployment", f"{_POOL}.volumes[1].emptyDir.sizeLimit",
                                    "45Gi", "spark-history-ingest"),
          "no disk for spark-history-ingest", "prod"),
    Break("disks-hold-volumes",
          put("PersistentVolume", "spec.csi.volumeAttributes.cacheEmptyDirSizeLimit", "80Gi"),
          "has 89.0 GiB of disk for pods on m7g.2xlarge, and the JAR caches of its teams may take "
          "90.0 GiB"),
    Break("disks-hold-volumes",
          put("EC2NodeClass", "spec.blockDeviceMappings[0].ebs.volumeSize", "20Gi",
              "karpenter-drivers-class"), "has 17.0 GiB of disk"),
)  # fmt: skip

LIFETIMES = (
    Break("drivers-not-expired", put("NodePool", f"{_POOL}.expireAfter", "24h", _DRIVERS),
          "ends drivers 24h after their node's start (a drain has 1h)"),
    Break("drivers-not-expired", put("NodePool", f"{_POOL}.expireAfter", GONE, _DRIVERS),
          "ends drivers 720h after"),
    Break("drivers-not-expired", put("NodePool", f"{_POOL}.expireAfter", "24h",
                                     "karpenter-etl-drivers"), "ends drivers", "staging"),
    Break("executors-not-expired", put("NodePool", f"{_POOL}.expireAfter", "168h", _RUNG),
          "evicts executors 168h after"),
)  # fmt: skip

_CLAIMS = ("spark.teams=[{name: team-a, shuffle: claim}]",)
_ADDON = "cluster-addons-aws-ebs-csi-driver"
_ELSEWHERE = [
    {"matchLabelExpressions": [{"key": "topology.kubernetes.io/zone", "values": ["us-west-2z"]}]}
]
STORAGE = (
    Break("claims-in-zone", put("StorageClass", "allowedTopologies", _ELSEWHERE),
          "is not in us-west-2z, where the volumes of executors of team-a are",
          sets=(*_CLAIMS, "pools=[{name: default, zones: [a]}]")),
    Break("shuffle-class-fits", put("StorageClass", "volumeBindingMode", GONE),
          "before it is known where", sets=_CLAIMS),
    Break("shuffle-class-fits", put("StorageClass", "reclaimPolicy", "Retain"), "keeps volumes",
          sets=_CLAIMS),
    Break("shuffle-class-fits", put("StorageClass", "parameters.encrypted", GONE),
          "without encryption", sets=_CLAIMS),
    Break("shuffle-class-fits", put("StorageClass", "allowedTopologies", GONE), "in any zone",
          sets=_CLAIMS),
    Break("ebs-driver-fits", put(
        "Addon", "configurationValues!sidecars",
        {"attacher": {"additionalArgs": ["--kube-api-qps=100"]}}, _ADDON),
        "attacher has no --kube-api-burst"),
    Break("ebs-driver-fits", put(
        "Addon", "configurationValues!node.reservedVolumeAttachments", GONE, _ADDON),
        "reserves no attachments"),
)  # fmt: skip

_ZONE = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["us-west-2b"]}
_FEW = (
    "pools=[{name: default, families: [m7g], limits: {cpu: 16, memoryGiB: 128}}]",
    "drivers.families=[m7g]",
)
IMAGES = (
    Break("image-pull-limit", put("NodePool", "spec.limits", {"cpu": "900", "memory": "9000Gi"},
                                  _RUNG),
          "through 1 addresses", "dev", _FEW),
    Break("spark-image-multi-arch", put("NodePool", f"{_POOL}.requirements[0].values",
                                        ["amd64", "arm64"], _RUNG),
          "example.com/spark is not known to hold amd64 and arm64", "dev",
          (*_FEW, "spark.image=example.com/spark:4.0.4")),
    Break("spot-in-one-zone", put("NodePool", f"{_POOL}.requirements[4]", _ZONE, _RUNG),
          "has 12 Spot pools, all in us-west-2b"),
    Break("images-from-cache", put("Deployment", f"{_POOL}.containers[0].image",
                                   "docker.io/apache/spark:4.0.4", "spark-history-ingest"),
          "past the cache of docker.io", "prod", CACHE),
    Break("images-from-cache", put("Release", "values.grafana.image.registry", "docker.io",
                                   "prometheus-release"),
          "pulls docker.io/", "prod", (*CACHE, "observability.metrics.enabled=true")),
    Break("images-from-cache", put("Release", "values.recommender.image.repository",
                                   "registry.k8s.io/autoscaling/vpa-recommender", "vpa-release"),
          "past the cache of registry.k8s.io", "prod",
          (*CACHE, "observability={metrics: {enabled: true}, verticalAutoscaling: "
           "{enabled: true}}")),
    Break("images-from-cache", put("Policy", "policy!Statement[0].Action[1]", "ecr:TagResource",
                                   "system-node-fill-cache"),
          "may not ecr:CreateRepository", "prod", CACHE),
    Break("images-from-cache", put("Policy", "policy!Statement[0].Resource[0]",
                                   "arn:aws:ecr:us-west-2:111122223333:repository/other/*",
                                   "karpenter-memory-node-fill-cache"),
          "may not ecr:BatchImportUpstreamImage", "prod", CACHE),
)  # fmt: skip
