"""Tags of a stack: what AWS, EKS and Karpenter allow."""

import unicodedata
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from components.base import Problems
from components.formats import Text

_MOST = 50
"""Tags of one resource: docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.
html. Tags with the prefix `aws:` do not count."""
_OF_NODES = (
    "Name",
    "eks:eks-cluster-name",
    "karpenter.k8s.aws/ec2nodeclass",
    "karpenter.sh/nodeclaim",
    "karpenter.sh/nodepool",
    "kubernetes.io/cluster/<cluster>",
)
"""What Karpenter adds to an instance; a subnet and an instance of a node group have fewer."""
_RESERVED = ("aws:", "eks:", "k8s.io/", "karpenter.", "kubernetes.io/")
"""Beginnings of keys that AWS refuses, that EKS or Karpenter set, or that the rules of Karpenter's
EC2NodeClass refuse."""
_MARKS = "_.:/=+-@"


def _characters(value: str) -> None:
    for character in value:
        # IAM's pattern: letters, numbers and separators of any script.
        if character not in _MARKS and unicodedata.category(character)[0] not in "LNZ":
            raise ValueError(
                f"contains {character!r}; AWS allows letters, numbers, spaces and {_MARKS}"
            )


def _key(value: str) -> str:
    if not 1 <= len(value) <= 128:
        raise ValueError(f"is a tag key of {len(value)} characters; AWS allows 1 to 128")
    _characters(value)
    if value.lower().startswith(_RESERVED):
        raise ValueError("is a reserved tag key: AWS, EKS or Karpenter set it")
    return value


def _value(value: str) -> str:
    if len(value) > 256:
        raise ValueError(f"has {len(value)} characters; AWS allows 256")
    if value.lower().startswith("aws:"):
        raise ValueError("begins with aws:, which AWS reserves for itself")
    _characters(value)
    return value


TagKey = Annotated[str, AfterValidator(_key)]
TagValue = Annotated[Text, AfterValidator(_value)]


def check_tags(tags: Mapping[str, str], own: Mapping[str, str]) -> Problems:
    """Tags beside the stack's own: none twice, and not too many.

    IAM does not tell keys apart by case: docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html.
    """
    ours = {key.lower(): key for key in (*own, "Name")}
    seen: dict[str, str] = {}
    for key in tags:
        other = seen.setdefault(key.lower(), key)
        if key.lower() in ours:
            yield f"tags.{key}", f"'{key}' is a tag that the stack sets itself: {ours[key.lower()]}"
        elif other != key:
            yield f"tags.{key}", f"'{key}' is the same key as '{other}' to IAM"
    added = len(own) + len(_OF_NODES)
    if len(tags) + added > _MOST:
        yield (
            "tags",
            f"has {len(tags)} tags; at most {_MOST - added} are allowed: AWS takes {_MOST}, and "
            f"{added} are the stack's own and Karpenter's",
        )
