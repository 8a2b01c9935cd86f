"""Lists the keys of Celeborn that the platform writes and a published client has:
`python -m dev.celeborn_keys 0.5.4`.

The client's class CelebornConf has the keys of masters and workers, too. 0.5.4 is the newest client
that the registries served when this was written; the image is newer, and keeps these keys.
"""

import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from components.storage.celeborn.configuration import files
from components.storage.celeborn.settings import CelebornSettings
from dev.spark_keys import constants
from ops.jobs.shuffle_service import ENDPOINTS, FIXED, MANAGER, PLUGIN
from ops.plan.celeborn import keys_of
from ops.plan.releases import Coordinate
from ops.publish.destination import ROOT
from ops.publish.maven import CENTRAL, Repository
from ops.publish.progress import reporting

PAGE = ROOT / "tests" / "unit" / "celeborn_keys.txt"

_CONF = re.compile(r"org/apache/celeborn/common/CelebornConf\$?[.]class")
_KEY = re.compile(r"celeborn([.][A-Za-z0-9<>]+)+")


def main(version: str) -> None:
    """Reads the JAR, from Maven unless it is in the cache, and writes the file."""
    wanted = Coordinate("org.apache.celeborn", "celeborn-client-spark-3-shaded_2.12", version)
    with reporting() as report:
        (jar,) = Repository(CENTRAL, ROOT / ".cache" / "jars").fetch_all([wanted], report).values()
    found = sorted({*names_of(jar)} & {*used()})
    PAGE.write_text("\n".join([f"# Keys and classes of {wanted}", *found]) + "\n", "utf-8")


def used() -> set[str]:
    """Keys that masters, workers and jobs get, and the classes that they name."""
    conf = keys_of(files(CelebornSettings())["celeborn-defaults.conf"])
    jobs = {key.removeprefix("spark.") for key in (ENDPOINTS, *FIXED) if "celeborn" in key}
    return {*(re.sub(r"node[.][0-9]+", "node.<id>", key) for key in conf), *jobs, MANAGER, PLUGIN}


def names_of(jar: Path) -> Iterator[str]:
    """The keys in the class CelebornConf, and the classes of Spark's shuffle."""
    with zipfile.ZipFile(jar) as archive:
        for name in archive.namelist():
            if name.startswith("org/apache/spark/shuffle/celeborn/"):
                yield name.removesuffix(".class").replace("/", ".")
            if _CONF.match(name):
                yield from (text for text in constants(archive.read(name)) if _KEY.fullmatch(text))


if __name__ == "__main__":
    main(*sys.argv[1:])
