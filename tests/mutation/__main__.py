"""`make mutate`: removes each guard of the program once and lists the removals that no check
detects.

Exit code 1: fewer than nine in ten are detected, an undetected one has no reason on the list, or
the list has one that a complete run detects.
"""

import argparse
import gc
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.mutation.guards import Guard, guards_of
from tests.mutation.recording import VARIANTS, recorded_once
from tests.mutation.survivors import REASONS
from tests.mutation.trial import Outcome, run_all
from tests.plans import ROOT

_NEEDED = 0.9


def main() -> int:
    """Runs it, and prints each outcome and the sum."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--only", default="", help="guards whose file or name holds this")
    parser.add_argument("--sample", type=int, default=0, help="as many guards, the same each time")
    parser.add_argument("--skip", type=int, default=0, help="as many, of a run that was stopped")
    parser.add_argument("--jobs", type=int, default=1, help="trials at a time, 0.7 GB each")
    options = parser.parse_args()
    begun = time.monotonic()
    gc.disable()  # Each trial is a process that ends soon.
    files = ["__main__.py", *map(str, sorted(Path("components").rglob("*.py")))]
    guards = [one for file in files for one in guards_of(ROOT, file) if options.only in one.place]
    # In an order that makes a run that is stopped a sample of the whole.
    guards = random.Random(0).sample(guards, min(options.sample or len(guards), len(guards)))
    guards = guards[options.skip :]
    print(f"{len(guards)} guards, {len(VARIANTS)} plans", flush=True)
    outcomes: dict[Guard, Outcome] = {}
    out = os.fdopen(os.dup(1), "w", buffering=1)

    def told(guard: Guard, outcome: Outcome) -> None:
        outcomes[guard] = outcome
        seconds = time.monotonic() - begun
        place = f"{guard.file}:{guard.line} {guard.what}"
        print(f"{seconds:6.0f} s {outcome.by:8}{place}  [{outcome.detail}]", file=out)

    with recorded_once():
        run_all(guards, told, out, options.jobs)
    whole = not options.only and not options.sample and not options.skip
    return _summary(outcomes, time.monotonic() - begun, whole)


def _summary(outcomes: Mapping[Guard, Outcome], seconds: float, whole: bool) -> int:
    counted = Counter(outcome.by for outcome in outcomes.values())
    missed = [guard for guard, outcome in outcomes.items() if outcome.by == "missed"]
    droppable = len(outcomes) - counted["refused"]
    caught, of_droppable = (1 - len(missed) / max(1, count) for count in (len(outcomes), droppable))
    print(
        f"\n{len(outcomes)} guards dropped in {seconds:.0f} s: {counted['rule']} found by a rule, "
        f"{counted['test']} by a test, {counted['refused']} refused by the program itself, "
        f"{len(missed)} missed: {caught:.1%} caught, {of_droppable:.1%} of those not refused"
    )
    unlisted = [guard.place for guard in missed if guard.place not in REASONS]
    for place in unlisted:
        print(f"missed, and not in tests/mutation/survivors.py: {place}")
    found = sorted(REASONS.keys() - {guard.place for guard in missed}) if whole else []
    for place in found:
        print(f"in tests/mutation/survivors.py, and not missed: {place}")
    return 1 if unlisted or found or of_droppable < _NEEDED else 0


if __name__ == "__main__":
    sys.exit(main())
