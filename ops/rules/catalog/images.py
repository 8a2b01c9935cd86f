"""Images: from where many nodes may pull at once, and through the cache where the stack has one."""

from collections.abc import Iterator

from ops.plan.iam import Statement, allowed
from ops.plan.iam_roles import documents_of, node_roles
from ops.plan.images import CACHE_RULE, DOCKER_HUB, Cache, cache_of, host_of, images, repository_of
from ops.plan.model import Plan
from ops.plan.node_capacity import node_capacities
from ops.plan.values import UNKNOWN
from ops.rules.catalog.pods import MULTI_ARCH
from ops.rules.rule import Severity, Violation, rule

_CACHE = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html"
_HUB_PULLS = 100
"""Pulls of one IPv4 address in six hours, without a login."""
_WITH_CREDENTIALS = ("registry-1.docker.io", "ghcr.io", "registry.gitlab.com")
_FILLS = ("ecr:BatchImportUpstreamImage", "ecr:CreateRepository")


@rule(
    severity=Severity.warning,
    reason="Docker Hub answers one address with 429 after 100 pulls in six hours, and all nodes "
    "behind a NAT gateway have one address: later nodes start no executor.",
    source="https://docs.docker.com/docker-hub/usage/pulls/",
    offline_only=True,
)
def image_pull_limit(plan: Plan) -> Iterator[Violation]:
    """Spark's image comes from a registry that answers all nodes that the pools allow."""
    image = str(plan.exports.get("sparkImage", ""))
    if not image or host_of(image) != DOCKER_HUB:
        return
    nodes = sum(
        max((one.most_nodes(of) or 0 for of in one.types), default=0)
        for one in node_capacities(plan)
        if not one.nodes.is_system
    )
    gateways = len(plan.by_type("aws:ec2/natGateway:NatGateway"))
    if gateways and nodes > _HUB_PULLS * gateways:
        text = (
            f"{nodes} nodes pull {image} through {gateways} addresses, and Docker Hub allows "
            f"{_HUB_PULLS} pulls each in six hours: set images.cache, or spark.image to one in ECR"
        )
        yield Violation(None, "sparkImage", text)


@rule(
    severity=Severity.warning,
    reason="Executors fall back from arm64 to amd64: an image of one processor fails on the other "
    "with `exec format error`.",
    source="https://docs.aws.amazon.com/eks/latest/best-practices/cost-opt-compute.html",
    offline_only=True,
)
def spark_image_multi_arch(plan: Plan) -> Iterator[Violation]:
    """Spark's default image is known to have the processors of all pools."""
    image = str(plan.exports.get("sparkImage", ""))
    processors = {
        arch
        for one in node_capacities(plan)
        if not one.nodes.is_system
        for arch in one.nodes.architectures
    }
    repository = repository_of(image, cache_of(plan))
    if len(processors) > 1 and repository not in MULTI_ARCH:
        text = (
            f"{repository} is not known to hold {' and '.join(sorted(processors))}, as the pools "
            f"have: `docker buildx imagetools inspect {image}` lists its processors"
        )
        yield Violation(None, "sparkImage", text)


@rule(
    reason="A pod that pulls from the registry itself has its limit, and starts only while it "
    "answers, although the stack pays for a cache.",
    source=_CACHE,
)
def images_from_cache(plan: Plan) -> Iterator[Violation]:
    """Where the stack caches a registry, no pod of the platform, no image that a release's values
    name, nor Spark's default image comes from the registry itself, and every node role of the stack
    may fill the cache. Images that a chart names itself are not known."""
    cache = cache_of(plan)
    if cache is None:
        return
    for resource, image in images(plan):
        if host_of(image) in cache.paths:
            yield Violation(resource, image, f"pulls {image} past the cache of {host_of(image)}")
    for role in node_roles(plan):
        own = {document.resource.urn for document in documents_of(plan, role)}
        granted = {
            action
            for document, one in allowed(plan)
            if document.resource.urn in own and _on_cache(one, cache)
            for action in one.actions
        }
        for action in _FILLS:
            if action not in granted:
                text = f"may not {action}: an image that is not in the cache yet stays out of it"
                yield Violation(role, action, text)


@rule(
    reason="ECR creates a repository for a cached image by the template of its prefix: with "
    "immutable tags it cannot follow a tag of the registry, and without a lifecycle it keeps each "
    "image. It takes images of Docker Hub and GitHub with credentials only.",
    source=_CACHE,
)
def cache_complete(plan: Plan) -> Iterator[Violation]:
    """A cache rule has its credential and a template, with mutable tags and a lifecycle."""
    templates = plan.by_type("aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate")
    by_prefix = {str(one.inputs.get("prefix")): one for one in templates}
    for one in plan.by_type(CACHE_RULE):
        upstream = str(one.inputs.get("upstreamRegistryUrl"))
        if upstream in _WITH_CREDENTIALS and not one.inputs.get("credentialArn"):
            yield Violation(one, "credential", f"has no credential for {upstream}")
        prefix = str(one.inputs.get("ecrRepositoryPrefix"))
        if not {prefix, "ROOT", UNKNOWN} & by_prefix.keys():
            yield Violation(one, "template", f"has no template of repositories in {prefix}")
    for one in templates:
        if one.inputs.get("imageTagMutability") == "IMMUTABLE":
            yield Violation(one, "tags", "makes tags immutable: a moved tag is not cached again")
        if not one.inputs.get("lifecyclePolicy"):
            yield Violation(one, "lifecycle", "keeps each cached image for ever")


def _on_cache(statement: Statement, cache: Cache) -> bool:
    """Whether a statement is on every repository of the cache."""
    prefixes = {path.rpartition("/")[0] for path in cache.paths.values()}
    return all(
        any(arn.endswith(f":repository/{prefix}/*") for arn in statement.resources)
        for prefix in prefixes
    )
