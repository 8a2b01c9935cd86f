"""AWS clients, and error messages for the user."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from ops.plan.errors import Failed, UserError

THREADS = 8
"""Number of parallel requests."""

_CONFIG = Config(
    connect_timeout=10,
    read_timeout=60,
    tcp_keepalive=True,
    max_pool_connections=THREADS,
    # Standard mode: 5xx, throttling and lost connections again, after 0 to 1, 2, 4, 8 s.
    retries={"mode": "standard", "total_max_attempts": 5},
)

_DENIED = {"AccessDenied", "AllAccessDisabled", "UnauthorizedAccess", "403"}
_CREDENTIALS = {
    "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId",
    "InvalidToken", "SignatureDoesNotMatch", "TokenRefreshRequired",
}  # fmt: skip
_ELSEWHERE = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"}
_SIGN_IN = "sign in so that `aws sts get-caller-identity` succeeds"


def client(service: str, region: str) -> Any:
    """A client with the credentials of the environment or the profile, as in the AWS CLI.

    Raises Failed for a profile that cannot be read.
    """
    with explained(f"using {service}"):
        return boto3.client(service, region_name=region, config=_CONFIG)


def default_region() -> str:
    """The region of the environment or the profile. Raises UserError without one."""
    with explained("reading the AWS profile"):
        region = boto3.Session().region_name
    if not region:
        raise UserError("no region is set: use --region or AWS_REGION")
    return region


def account_in(region: str) -> str:
    """The account of the credentials, from the region's STS. Raises as `explained`."""
    sts = client("sts", region)
    with explained("looking up the account with STS"):
        return sts.get_caller_identity()["Account"]


def code_of(error: ClientError) -> str:
    """The error's code, for example NoSuchKey; for an answer without a body its HTTP status."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def explained(doing: str, page: str = "docs/publish-jars.md") -> Generator[None]:
    """Turns an error of AWS, the network or the credentials into one sentence: raises Failed.

    `page` lists the permissions that are needed.
    """
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError):
        raise Failed(f"{doing}: there are no AWS credentials; {_SIGN_IN}") from None
    except (BotoCoreError, OSError) as error:
        raise Failed(f"{doing}: {error}") from None
    except ClientError as error:
        raise Failed(f"{doing}: {_meaning(error, page)}") from None


def _meaning(error: ClientError, page: str) -> str:
    code = code_of(error)
    if code in _DENIED:
        message = error.response.get("Error", {}).get("Message") or ""
        detail = f" ({message})" if "not authorized" in message else ""
        return (
            f"access denied{detail}; a permission of {page} is missing, or the bucket belongs to "
            "another account"
        )
    if code in _CREDENTIALS:
        return f"AWS rejects the credentials ({code}); {_SIGN_IN}"
    if code == "NoSuchBucket":
        return "the bucket does not exist; has the stack been deployed?"
    if code in _ELSEWHERE or code == "301":
        return f"the bucket is in another region ({code}); use --region"
    if code in ("BadDigest", "XAmzContentSHA256Mismatch", "InvalidRequest.Checksum"):
        return f"S3 received other bytes than sent ({code}), or the file changed during upload"
    return f"{code}: {error.response.get('Error', {}).get('Message', '')}"
