"""How long an executor takes to start, with and without a class-data archive:

    python -m dev.bench.start [--rounds 3] [--executors 1,8] [--levers] [--archive FOLDER]

Real executors (CoarseGrainedExecutorBackend) and a real driver, in a container of Spark's image
that has the release on a disk in memory. Cases alternate in one run; trust ratios, not seconds.
Needs root, Java 17 and Spark, as `make test-operator` does.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ops.jobs.archive import OPTIONS
from ops.plan.archives import ARCHIVE, DESCRIPTION, Archive
from ops.publish import train
from tests.tiers.operator.container import Container
from tests.tiers.operator.pod_host import PodHost
from tests.tiers.operator.programs import spark_alone
from tests.tiers.programs import ROOT

RELEASE, IMAGE = "bench", f"spark:bench@sha256:{'0' * 64}"
_JARS = ("hadoop-aws-3.4.1.jar", "bundle-2.24.6.jar")
_TIME = 1_767_225_600
"""Of the JARs: an archive of an earlier run fits, too."""
_MEASURES = ("knownCpu", "knownSeconds", "taskCpu", "taskSeconds", "pssMiB")
_LEVERS = {
    "not verified": ["-XX:-VerifySharedSpaces"],
    "at a random address": ["-XX:ArchiveRelocationMode=1"],
    "C1 only": ["-XX:TieredStopAtLevel=1"],
    "serial GC": ["-XX:+UseSerialGC"],
    "IPv4 only": ["-Djava.net.preferIPv4Stack=true"],
}


def main() -> None:
    """Prints a table: medians of each case, and each as a ratio to the first."""
    parser = argparse.ArgumentParser(prog="python -m dev.bench.start")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--executors", default="1,8", help="how many at once, by comma")
    parser.add_argument("--levers", action="store_true", help="other options, too")
    parser.add_argument("--archive", type=Path, help="a folder that an earlier run left")
    given = parser.parse_args()
    host, programs = PodHost(), spark_alone()
    try:
        folder = host.folder / "mounted"
        _release(host.seen(folder) / "jars" / RELEASE)
        container = Container(host, programs, folder, "bench")
        archive = _archive(container, str(programs.python), given.archive)
        shutil.copy(Path(__file__).with_name("start_driver.py"), container.given / "driver.py")
        at_once = [int(one) for one in given.executors.split(",")]
        cases = [case for number in at_once for case in _cases(number, levers=given.levers)]
        class_path = ":".join(archive.class_path)
        words = [json.dumps(cases), class_path, str(given.rounds)]
        done = container.run(str(programs.python), "/given/driver.py", *words, seconds=7200)
        if done.returncode:
            sys.exit(done.stdout[-5000:])
        measured = (container.given / "measured").read_text().splitlines()
        _print([json.loads(line) for line in measured], at_once)
    finally:
        host.close()


def _release(folder: Path) -> None:
    folder.mkdir(parents=True)
    jars = [next((ROOT / ".cache" / "jars").rglob(name), None) for name in _JARS]
    missing = [name for name, jar in zip(_JARS, jars, strict=True) if jar is None]
    if missing:
        sys.exit(f"{', '.join(missing)}: not in .cache/jars; make publish-jars downloads them")
    for jar in filter(None, jars):
        shutil.copy(jar, folder)
        os.utime(folder / jar.name, (_TIME, _TIME))
    listed = {"release": RELEASE, "jars": [{"name": name} for name in _JARS]}
    (folder / "release.json").write_text(json.dumps(listed))


def _archive(container: Container, python: str, left: Path | None) -> Archive:
    if left and (left / DESCRIPTION).is_file():
        for name in (ARCHIVE, DESCRIPTION):
            shutil.copy(left / name, container.given)
    else:
        shutil.copy(Path(train.__file__), container.given)
        done = container.run(python, "/given/train.py", RELEASE, IMAGE, "/given", seconds=3600)
        if done.returncode:
            sys.exit(done.stdout[-5000:])
        if left:
            left.mkdir(parents=True, exist_ok=True)
            for name in (ARCHIVE, DESCRIPTION):
                shutil.copy(container.given / name, left)
    text = (container.given / DESCRIPTION).read_bytes()
    return Archive.from_json(text, DESCRIPTION)


def _cases(executors: int, *, levers: bool) -> Iterable[tuple[str, list[str], int]]:
    with_archive = [f"-XX:SharedArchiveFile=/given/{ARCHIVE}", *OPTIONS]
    yield "no archive", [], executors
    yield "archive", with_archive, executors
    if levers:
        for name, options in _LEVERS.items():
            yield f"archive, {name}", [*with_archive, *options], executors


def _print(measured: list[dict[str, Any]], at_once: list[int]) -> None:
    for executors in at_once:
        rows = [one for one in measured if one["executors"] == executors]
        names = dict.fromkeys(one["name"] for one in rows)
        medians = {
            name: [statistics.median(r[m] for r in rows if r["name"] == name) for m in _MEASURES]
            for name in names
        }
        first = next(iter(medians.values()))
        sys.stdout.write(f"\n{executors} at once: | {' | '.join(_MEASURES)}\n")
        for name, values in medians.items():
            cells = [f"{v:.2f} ({v / f:.2f})" for v, f in zip(values, first, strict=True)]
            sys.stdout.write(f"{name} | {' | '.join(cells)}\n")


if __name__ == "__main__":
    main()
