"""What an update does to the Spark jobs that run during it."""

from collections.abc import Sequence

from ops.diff.impact.model import Consequence, Kind


def verdict(found: Sequence[Consequence]) -> list[Consequence]:
    """Returns one consequence that summarizes the effects of the others on jobs."""
    effects = dict.fromkeys(one.jobs for one in found if one.jobs)
    if not effects:
        return [Consequence(Kind.jobs_unaffected, "jobs that run now are not affected")]
    # The causes are listed with the consequences that these lines come from.
    return [Consequence(Kind.jobs_affected, "jobs that run now are affected", (), tuple(effects))]
