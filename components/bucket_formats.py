"""Names of buckets, and ARNs of KMS keys, as a stack file has them."""

import re
from typing import Annotated

from pydantic import AfterValidator

from components.formats import Text, text

_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def check_bucket_name(value: str) -> str:
    """A bucket's name. Raises ValueError if S3 does not allow it."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value, re.ASCII):
        raise ValueError(
            "is not the name of a bucket: 3 to 63 lower-case letters, digits, hyphens and dots"
        )
    if ".." in value or re.fullmatch(r"[0-9]+(\.[0-9]+){3}", value, re.ASCII):
        raise ValueError("is not the name of a bucket: two dots together, or an IP address")
    if value.startswith(_RESERVED_STARTS) or value.endswith(_RESERVED_ENDS):
        raise ValueError("begins or ends as only S3's own names do")
    return value


BucketName = Annotated[Text, AfterValidator(check_bucket_name)]
KeyArn = Annotated[
    str,
    text(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+",
        "the ARN of a KMS key: arn:aws:kms:<region>:<account>:key/<id>",
    ),
]
