"""Images: where pods pull them from, and ECR's pull-through cache of public registries.

Source: docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import pulumi
import pulumi_aws as aws

from components.base import Problems, Settings, below
from components.cloud import Cloud, partition_of
from components.formats import RoleName, entries, text, whole
from components.identity import Statement, Text, policy_document

_PREFIX_LIMIT = 30
"""docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html."""


class Upstream(NamedTuple):
    """A public registry that ECR can cache."""

    host: str
    """As image names have it."""
    path: str
    """Part of the repositories' names."""
    url: str
    """As ECR names it."""
    credential: str = ""
    """Field of the credential that ECR requires for it."""


UPSTREAMS = (
    Upstream("public.ecr.aws", "ecr", "public.ecr.aws"),
    Upstream("registry.k8s.io", "k8s", "registry.k8s.io"),
    Upstream("quay.io", "quay", "quay.io"),
    Upstream("docker.io", "docker", "registry-1.docker.io", "docker_hub"),
    Upstream("ghcr.io", "ghcr", "ghcr.io", "github"),
)
_LONGEST_PATH = max(len(one.path) for one in UPSTREAMS) + 1

CredentialArn = Annotated[
    str,
    text(
        r"arn:aws:secretsmanager:[a-z0-9-]+:[0-9]{12}:"
        r"secret:ecr-pullthroughcache/[A-Za-z0-9/_+=.@-]{1,490}-[A-Za-z0-9]{6}",
        "the ARN of a secret whose name begins with ecr-pullthroughcache/, which ECR requires",
    ),
]
Prefix = Annotated[
    str,
    text(
        rf"(?=.{{2,{_PREFIX_LIMIT - _LONGEST_PATH}}}$)[a-z0-9]+([._/-][a-z0-9]+)*",
        f"a prefix of 2 to {_PREFIX_LIMIT - _LONGEST_PATH} lower-case letters, digits and single "
        "._-/ between them",
    ),
]


class CredentialSettings(Settings):
    """`images.cache.credentials`: registries that ECR reads with a login only. Each is a secret of
    Secrets Manager with `username` and `accessToken`; without it, pods pull from the registry
    itself."""

    docker_hub: CredentialArn | None = None
    """ARN of the secret for docker.io."""
    github: CredentialArn | None = None
    """ARN of the secret for ghcr.io."""


class CacheSettings(Settings):
    """`images.cache`: ECR's pull-through cache, in the account's own registry."""

    enabled: bool = False
    """Pull through ECR: each image leaves its registry once, and not once for each node."""
    prefix: Prefix | None = None
    """Beginning of the repositories' names; default: the cluster's name. One stack of an account
    and region can have a prefix."""
    credentials: CredentialSettings = CredentialSettings()
    """Logins for Docker Hub and GitHub."""
    expire_days: Annotated[int, whole(1, 3650)] = 180
    """Age of an image in the cache, in days, at which it is deleted; the next pull caches it
    again."""
    node_roles: Annotated[list[RoleName], entries(most=20)] = []
    """IAM roles of nodes that the stack does not create; they may then fill the cache."""

    def problems(self) -> Problems:
        if not self.enabled:
            yield from self.without_effect("without enabled: true", but=["enabled"])


class ImagesSettings(Settings):
    """`images`: where pods pull images from."""

    cache: CacheSettings = CacheSettings()
    """ECR's pull-through cache."""


@dataclass(frozen=True)
class Images:
    """Where the pods of a stack pull images from; without a cache, from where they are."""

    cached: Mapping[str, str] | None = None
    """Host to path in the cache: `docker.io` to `spark-dev/docker`."""
    registry: Text = ""
    """Host of the account's own registry."""
    node_statements: Sequence[Statement] = ()
    """Permissions of nodes that fill the cache."""

    def path(self, image: str) -> str | None:
        """The image's name in the account's registry; None where it is not cached."""
        host, rest = split(image)
        found = (self.cached or {}).get(host)
        return f"{found}/{rest}" if found else None

    def pulled(self, image: str) -> Text:
        """The image, or its repository, as pods pull it."""
        path = self.path(image)
        if path is None:
            return image
        if isinstance(self.registry, str):
            return f"{self.registry}/{path}"
        return pulumi.Output.concat(self.registry, f"/{path}")

    def chart(self, repository: str) -> dict[str, dict[str, Text]]:
        """The value `image` of a chart with this repository, empty where it is not cached."""
        if self.path(repository) is None:
            return {}
        return {"image": {"repository": self.pulled(repository)}}

    def chart_with_registry(self, repository: str) -> dict[str, dict[str, Text]]:
        """As `chart`, for a chart that names the registry apart from the repository."""
        path = self.path(repository)
        return {"image": {"registry": self.registry, "repository": path}} if path else {}


def split(image: str) -> tuple[str, str]:
    """Host and path of an image. A name without a host is Docker Hub's, of one word its library:
    github.com/distribution/reference, normalize.go."""
    host, slash, rest = image.partition("/")
    if not slash or not ({".", ":"} & set(host) or host == "localhost"):
        host, rest = "docker.io", image
    if host in ("docker.io", "index.docker.io"):
        return "docker.io", rest if "/" in rest else f"library/{rest}"
    return host, rest


def create_images(
    name: str,
    settings: CacheSettings,
    *,
    cloud: Cloud,
    cluster_name: str,
    opts: pulumi.ResourceOptions,
) -> tuple[Images, list[pulumi.Resource]]:
    """Where pods pull images from, and what must exist before they do."""
    if not settings.enabled:
        return Images(), []
    prefix = settings.prefix or cluster_name
    repositories = cloud.arn("ecr", f"repository/{prefix}/*")
    images = Images(
        cached={one.host: f"{prefix}/{one.path}" for one in _cached(settings)},
        registry=_registry(cloud),
        node_statements=[
            Statement(
                "FillCache",
                ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
                [repositories],
            )
        ],
    )
    return images, [ImageCache(name, settings, images, opts)]


class ImageCache(pulumi.ComponentResource):
    """A pull-through cache rule for each registry, and how its repositories are created."""

    def __init__(
        self,
        name: str,
        settings: CacheSettings,
        images: Images,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("spark-on-eks:images:ImageCache", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        for one in _cached(settings):
            prefix = (images.cached or {})[one.host]
            # Without a template ECR keeps all images for ever.
            template = aws.ecr.RepositoryCreationTemplate(
                f"{name}-{one.path}",
                prefix=prefix,
                description=f"Cache of {one.host}",
                applied_fors=["PULL_THROUGH_CACHE"],
                # A key of one's own and tags need a role that ECR assumes (userguide/
                # repository-creation-templates-create.html).
                encryption_configurations=[{"encryption_type": "AES256"}],
                # A tag that moves upstream moves here, too.
                image_tag_mutability="MUTABLE",
                lifecycle_policy=_lifecycle(settings.expire_days),
                opts=own,
            )
            aws.ecr.PullThroughCacheRule(
                f"{name}-{one.path}",
                ecr_repository_prefix=prefix,
                upstream_registry_url=one.url,
                credential_arn=_credential(settings, one),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[template]),
            )
        for role in settings.node_roles:
            aws.iam.RolePolicy(
                f"{name}-{role}-fill-cache",
                role=role,
                policy=policy_document(images.node_statements),
                opts=own,
            )
        self.register_outputs({"registry": images.registry, "cached": dict(images.cached or {})})


def _lifecycle(days: int) -> str:
    """ECR keeps what an index refers to until the index is deleted."""
    selection = {
        "tagStatus": "any",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": days,
    }
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    return json.dumps({"rules": [rule]})


def _registry(cloud: Cloud) -> Text:
    host = f"dkr.ecr.{cloud.region}.{cloud.dns_suffix}"
    if isinstance(cloud.account, str):
        return f"{cloud.account}.{host}"
    return pulumi.Output.concat(cloud.account, f".{host}")


def _cached(settings: CacheSettings) -> Iterator[Upstream]:
    """The registries that the cache can read."""
    return (one for one in UPSTREAMS if not one.credential or _credential(settings, one))


def _credential(settings: CacheSettings, upstream: Upstream) -> str | None:
    return getattr(settings.credentials, upstream.credential) if upstream.credential else None


def check_images(
    images: ImagesSettings,
    *,
    region: str,
    cluster_name: str,
    spark_image: str,
    nodes_given: bool,
) -> Problems:
    """A cache that ECR has, that nodes may fill, and that holds Spark's image. With `nodes_given`
    some nodes are not the stack's."""
    if images.cache.enabled:
        found = _check_cache(images.cache, region, cluster_name, spark_image, nodes_given)
        yield from below("images.cache", found)


def _check_cache(
    cache: CacheSettings, region: str, cluster_name: str, spark_image: str, nodes_given: bool
) -> Problems:
    if partition_of(region) != "aws":
        yield "enabled", f"true has no cache in {region}: ECR has creation templates in aws only"
    limit = _PREFIX_LIMIT - _LONGEST_PATH
    if cache.prefix is None and len(cluster_name) > limit:
        yield "prefix", f"is not set, and '{cluster_name}' is longer than {limit} characters"
    if nodes_given and not cache.node_roles:
        text = "is empty: the roles of the nodes that the stack does not create may not fill the"
        yield "nodeRoles", f"{text} cache, and no pod of theirs would start; list them"
    host, _ = split(spark_image)
    for one in UPSTREAMS:
        if one.host == host and one.credential and not _credential(cache, one):
            key = CredentialSettings.model_fields[one.credential].alias
            text = f"is not set, and spark.image is from {host}, which ECR reads with a login only"
            yield f"credentials.{key}", text
