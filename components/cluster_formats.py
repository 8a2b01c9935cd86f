"""Formats of the cluster's settings: names, versions, principals, blocks of the public endpoint."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from components.formats import Cidr, ipv4_block, text, within
from versions import KUBERNETES_VERSIONS

_NAME_LIMIT = 30
"""EKS allows 100 characters, but bucket names contain this name, the account and the region, and
S3 allows 63: docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html."""

_NOT_PUBLIC = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
    *("127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"),
)


def _public(value: str) -> str:
    if within(ipv4_block(value), _NOT_PUBLIC):
        raise ValueError("is not a public block: no caller on the internet has such an address")
    return value


def _version(value: Any) -> Any:
    return str(value) if isinstance(value, float) else value


def _known_version(value: str) -> str:
    if value not in KUBERNETES_VERSIONS:
        raise ValueError(f"is not one of {', '.join(KUBERNETES_VERSIONS)}")
    return value


Principal = Annotated[
    str,
    text(
        r"arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/(?!aws-service-role/)([!-~]{1,510}/)?"
        r"[\w+=,.@-]{1,64}",
        "the ARN of an IAM role or user, such as arn:aws:iam::111122223333:role/admin",
    ),
]
OidcProviderArn = Annotated[
    str,
    text(
        r"arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/[\w./-]+",
        "the ARN of an IAM OIDC provider: arn:aws:iam::<account>:oidc-provider/<issuer>",
    ),
]
PublicCidr = Annotated[Cidr, AfterValidator(_public)]
ClusterName = Annotated[
    str,
    text(
        # S3 reserves the beginnings, and buckets' names begin with the cluster's.
        rf"(?!xn--|sthree-|amzn-s3-demo-)[a-z][a-z0-9-]{{0,{_NAME_LIMIT - 1}}}",
        f"a name of at most {_NAME_LIMIT} lower-case letters, digits and hyphens that begins with "
        "a letter, and not with xn--, sthree- or amzn-s3-demo-, which S3 reserves for buckets",
    ),
]
KubernetesVersion = Annotated[str, BeforeValidator(_version), AfterValidator(_known_version)]
