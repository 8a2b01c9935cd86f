"""Every pinned chart, add-on release, machine image and container image.

To upgrade, change a value, run `make diff STACK=... BASE=HEAD` for each stack, read which node
groups roll and which NodePools drift, commit. EKS add-ons are not here: a stack file pins them, or
the default of the cluster's Kubernetes version is looked up.
"""

from typing import NamedTuple


class Chart(NamedTuple):
    """A Helm chart at one version. `repository` is None for a chart named by its OCI address."""

    chart: str
    version: str
    repository: str | None = None

    @property
    def name(self) -> str:
        """Name of the chart without its address; also the name of its release."""
        return self.chart.rpartition("/")[2]


KUBERNETES_VERSIONS = ("1.33", "1.34", "1.35", "1.36")
"""Versions that EKS offers and that Karpenter 1.14 supports (1.36 needs Karpenter >= 1.13).
Sources: docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html, Karpenter's
compatibility matrix."""

KUBERNETES_DEFAULT = "1.35"

KARPENTER = Chart("oci://public.ecr.aws/karpenter/karpenter", "1.14.1")
KARPENTER_CRD = Chart("oci://public.ecr.aws/karpenter/karpenter-crd", "1.14.1")
CLUSTER_AUTOSCALER = Chart(
    "cluster-autoscaler", "9.59.0", repository="https://kubernetes.github.io/autoscaler"
)

SPARK_OPERATOR = Chart(
    "spark-operator", "2.5.2", repository="https://kubeflow.github.io/spark-operator"
)
_PROMETHEUS_CHARTS = "https://prometheus-community.github.io/helm-charts"
KUBE_PROMETHEUS_STACK = Chart("kube-prometheus-stack", "88.5.3", repository=_PROMETHEUS_CHARTS)
"""Prometheus 3.14, its operator 0.93.1, Alertmanager, Grafana, kube-state-metrics 2.20,
node-exporter 1.12.1."""
PROMETHEUS_CRDS = Chart("prometheus-operator-crds", "31.0.1", repository=_PROMETHEUS_CHARTS)
"""Those of operator 0.93.1: github.com/prometheus-community/helm-charts/releases."""
VERTICAL_POD_AUTOSCALER = Chart(
    "vertical-pod-autoscaler", "0.11.0", repository="https://kubernetes.github.io/autoscaler"
)
YUNIKORN = Chart("yunikorn", "1.8.0", repository="https://apache.github.io/yunikorn-release")

SPARK_IMAGE = "docker.io/apache/spark:4.0.4-scala2.13-java17-python3-ubuntu"
"""Multi-arch (arm64, amd64), user 185, Python 3, Java 17; no hadoop-aws: that is a JAR of a
release. The operator of 2.5.2 submits with Spark 4.0.4 (its Dockerfile), so jobs run the same."""

AL2023_RELEASE = "v20260724"
"""Release of the EKS-optimized AL2023 image: github.com/awslabs/amazon-eks-ami/releases."""

BOTTLEROCKET_RELEASE = "v1.64.0"
"""github.com/bottlerocket-os/bottlerocket/releases, has variants for Kubernetes 1.33 to 1.36."""

MOUNT_DAEMON_IMAGE = (
    "public.ecr.aws/amazonlinux/amazonlinux:2023.12.20260918.0-minimal"
    "@sha256:68b1e82cd69ade271c092bc1959fa6fc820945d0c8dbb7a88cf6c1824a184688"
)
"""Only a shell and coreutils: the DaemonSet works through the node's own systemd."""

AWS_CLI_IMAGE = "public.ecr.aws/aws-cli/aws-cli:2.36.44"
"""Multi-arch; copies the History Server's JARs from the bucket."""

FLUENT_BIT_IMAGE = "docker.io/fluent/fluent-bit:5.1.1"
"""Multi-arch (amd64, arm64), distroless, root: github.com/fluent/fluent-bit/releases. Not pulled to
check, so its digest is not known here."""

CELEBORN_IMAGE = "docker.io/apache/celeborn:0.7.0"
"""Java 8, user 10006 (docker/Dockerfile of github.com/apache/celeborn); not pulled to check, so
neither its digest nor its architectures are known here."""
