"""`make mutate`: removes each guard of the program once and lists the removals that no check
detects.

Exit code 1: fewer than nine in ten are detected, an undetected one has no reason on the list, or
the list has one that a complete run detects.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.mutation.guards import Guard, guards_of
from tests.mutation.recording import VARIANTS, forget_program, lines_run, recorded_once
from tests.mutation.survivors import REASONS
from tests.mutation.trial import Outcome, Trial, collected, forked, in_forks, places, untouched
from tests.plans import ROOT

_NEEDED = 0.9


def trials(only: str) -> tuple[list[Trial], list[Guard]]:
    """What to try, and the guards on lines that no variant runs."""
    files = ["__main__.py", *map(str, sorted(Path("components").rglob("*.py")))]
    guards = [guard for file in files for guard in guards_of(ROOT, file) if only in guard.place]
    with recorded_once():
        ran = {variant: lines_run(variant) for variant in VARIANTS}
        before = {variant: places(variant) for variant in VARIANTS}
    forget_program()
    found, idle = [], []
    for guard in guards:
        lines = set(range(guard.line, guard.end + 1))
        variants = tuple(one for one in VARIANTS if lines & ran[one].get(guard.file, set()))
        if variants:
            found.append(Trial(guard, variants, before))
        else:
            idle.append(guard)
    return found, idle


def main() -> int:
    """Runs it, and prints each outcome and the sum."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--only", default="", help="guards whose file or name holds this")
    only = parser.parse_args().only
    begun = time.monotonic()
    wanted, idle = trials(only)
    print(f"{len(wanted)} guards, {len(VARIANTS)} plans, {time.monotonic() - begun:.0f} s to begin")
    outcomes = {guard: Outcome("missed", "no plan runs it") for guard in idle}

    def told(trial: Trial, outcome: Outcome) -> None:
        outcomes[trial.guard] = outcome
        place = f"{trial.guard.file}:{trial.guard.line} {trial.guard.what}"
        print(f"{outcome.by:8}{place}  [{outcome.detail}]", flush=True)

    in_forks(wanted, told)
    left_out = tuple(collected(*forked(untouched)).detail.splitlines())
    for test in left_out:
        print(f"left out, because it fails without a mutant: {test}")
    missed = [one for one in wanted if outcomes[one.guard].by == "missed"]
    print(f"{len(missed)} are not found by a rule; now the tests", flush=True)
    in_forks([one._replace(tests=True, left_out=left_out) for one in missed], told)
    return _summary(outcomes, time.monotonic() - begun, whole=not only)


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
