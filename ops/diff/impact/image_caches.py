"""Caches of image registries in ECR that go."""

from collections.abc import Iterator

from ops.diff.compare import names
from ops.diff.diff import Diff
from ops.diff.impact.model import Consequence, Kind, causes_of
from ops.diff.steps import Step
from ops.plan.images import CACHE_RULE


def rules(diff: Diff) -> Iterator[Consequence]:
    """docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html: repositories and the
    images in them stay, without the rule nothing more comes."""
    gone: list[Step] = [step for step in diff.of_type(CACHE_RULE) if step.is_deleted]
    if gone:
        prefixes = sorted(str(one.resource.inputs.get("ecrRepositoryPrefix")) for one in gone)
        text = (
            f"removes the image cache {names(prefixes)}: what it pulled stays in ECR and is no "
            "longer updated; delete the repositories yourself"
        )
        jobs = (
            "a new executor whose image has the cache's name starts only if the cache has pulled "
            "it for the node's processor"
        )
        causes = tuple(cause for step in gone for cause in causes_of(step))
        yield Consequence(Kind.removes, text, causes, jobs=jobs)
