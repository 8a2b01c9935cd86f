"""Whether Spark jobs that run during the update notice it."""

from collections.abc import Sequence

from ops.diff.impact.model import Consequence, Kind


def verdict(found: Sequence[Consequence]) -> list[Consequence]:
    """Returns one line, drawn from what the other consequences say of jobs."""
    effects = dict.fromkeys(one.jobs for one in found if one.jobs)
    if not effects:
        return [Consequence(Kind.jobs_unaffected, "jobs that run now are not affected")]
    # The causes are told with the consequences that these words are of.
    return [Consequence(Kind.jobs_affected, "jobs that run now are affected", (), tuple(effects))]
