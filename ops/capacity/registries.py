"""Limits of the registry that the Spark image comes from, for nodes that pull at the same moment.

A node pulls an image once: kubelet's pull policy in jobs is IfNotPresent.
"""

from collections.abc import Mapping
from enum import StrEnum

from ops.capacity import quotas
from ops.capacity.quotas import Quota
from ops.plan.images import DOCKER_HUB, host_of

IMAGE_REQUESTS = 2
"""BatchGetImage of one pull: the index of a multi-architecture image, and the image."""


class Registry(StrEnum):
    """Where an image is."""

    docker_hub = "Docker Hub"
    ecr = "ECR"
    ecr_public = "ECR Public"
    other = "another registry"


def registry_of(image: str) -> Registry:
    """The registry of an image. One that pods pull through a cache is ECR's: of such a cache its
    registry sees one pull of each image a day (docs.aws.amazon.com/AmazonECR/latest/userguide/
    pull-through-cache.html)."""
    host = host_of(image)
    if host == DOCKER_HUB:
        return Registry.docker_hub
    if ".dkr.ecr" in host:
        return Registry.ecr
    return Registry.ecr_public if host == "public.ecr.aws" else Registry.other


def pull_figures(nodes: int, registry: Registry, nat: int, layers_at_once: int) -> dict[str, float]:
    """What so many nodes ask of a registry in the second in which they start, by the key of its
    formula. Nothing for an unknown registry, and for Docker Hub without the plan's gateways: the
    addresses are unknown."""
    if registry is Registry.ecr:
        return {"ecr-images": nodes * IMAGE_REQUESTS, "ecr-layers": nodes * layers_at_once}
    if registry is Registry.ecr_public:
        return {"ecr-public-pulls": nodes}
    if registry is Registry.docker_hub and nat:
        return {"docker-pulls": -(-nodes // nat)}
    return {}


PULL_LIMITS: Mapping[str, tuple[Quota, str]] = {
    "docker-pulls": (
        quotas.DOCKER_PULLS,
        "429 from here on; set images.cache, or take an image in ECR",
    ),
    "ecr-images": (quotas.ECR_IMAGES, "all nodes in one second; then throttled and tried again"),
    "ecr-layers": (quotas.ECR_LAYERS, "all nodes in one second; then throttled and tried again"),
    "ecr-public-pulls": (
        quotas.ECR_PUBLIC_PULLS,
        "all nodes in one second; then throttled and tried again",
    ),
}
"""The limit of each figure, and what happens beyond it."""
