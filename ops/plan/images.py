"""Images in a plan: their registries, and the cache that pods pull them from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ops.plan.model import Plan, Resource
from ops.plan.packages import RELEASE, registered
from ops.plan.values import mapping
from ops.plan.workloads import pods

DOCKER_HUB = "docker.io"
CACHE_RULE = "aws:ecr/pullThroughCacheRule:PullThroughCacheRule"


def host_of(image: str) -> str:
    """The registry's host. A name without a host is Docker Hub's:
    github.com/distribution/reference, normalize.go."""
    host, slash, _ = image.partition("/")
    if (
        not slash
        or host == "index.docker.io"
        or not ({".", ":"} & set(host) or host == "localhost")
    ):
        return DOCKER_HUB
    return host


@dataclass(frozen=True)
class Cache:
    """A pull-through cache that the stack creates."""

    component: Resource
    registry: str
    """Host of the account's own registry."""
    paths: Mapping[str, str]
    """Host of a cached registry to the beginning of its repositories."""

    def original(self, image: str) -> str:
        """The image in its own registry, if it is pulled from the cache; else as it is."""
        for host, path in self.paths.items():
            if image.startswith(f"{self.registry}/{path}/"):
                return image.replace(f"{self.registry}/{path}", host, 1)
        return image


def repository_of(image: str, cache: Cache | None) -> str:
    """The image's repository in its own registry, without tag and digest."""
    repository = (cache.original(image) if cache else image).partition("@")[0]
    if ":" in repository.rpartition("/")[2]:
        repository = repository.rpartition(":")[0]
    return repository


def cache_of(plan: Plan) -> Cache | None:
    """The stack's pull-through cache, None without one."""
    for one, cached in registered(plan, "cached"):
        return Cache(one, str(one.outputs.get("registry")), dict(cached))
    return None


def images(plan: Plan) -> Iterator[tuple[Resource | None, str]]:
    """The images of the plan's own pods and those that the values of Helm releases name, with their
    objects, and that of Spark's jobs. What a chart names itself is not in a plan."""
    for pod in pods(plan):
        for container in pod.containers:
            yield pod.resource, str(container.get("image"))
    for release in plan.by_type(RELEASE):
        for image in _named(release.inputs.get("values")):
            yield release, image
    if spark := plan.exports.get("sparkImage"):
        yield None, str(spark)


def _named(values: Any) -> Iterator[str]:
    """Images in a chart's values: registry and repository, or a repository with its registry in it.
    The registry of one without is the chart's default, which is not known."""
    for key, value in mapping(values).items():
        if key != "image" or not isinstance(value, Mapping):
            yield from _named(value)
            continue
        registry, repository = value.get("registry"), value.get("repository")
        if not isinstance(repository, str) or not repository:
            continue
        if isinstance(registry, str) and registry:
            yield f"{registry}/{repository}"
        elif host_of(repository) != DOCKER_HUB or repository.startswith(f"{DOCKER_HUB}/"):
            yield repository
