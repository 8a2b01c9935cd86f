"""`make dashboards`: prints the dashboards, or writes each into a folder.

Exit code 2: the folder cannot be written.
"""

import argparse
import sys
from pathlib import Path

from dev.dashboards.build import to_json
from dev.dashboards.jobs import JOB, TEAMS
from dev.dashboards.platform import API_SERVER, JAR_MOUNT, PLATFORM

ALL = (PLATFORM, TEAMS, JOB, API_SERVER, JAR_MOUNT)


def main() -> int:
    """Prints or writes them."""
    parser = argparse.ArgumentParser(prog="python -m dev.dashboards", description=__doc__)
    parser.add_argument("--out", default="", help="folder; default: print")
    out = parser.parse_args().out
    for one in ALL:
        if not out:
            sys.stdout.write(to_json(one))
            continue
        try:
            folder = Path(out)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{one.name}.json").write_text(to_json(one), encoding="utf-8")
        except OSError as error:
            sys.stderr.write(f"error: --out {out}: {error.strerror}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
