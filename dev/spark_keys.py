"""Lists the jobs' keys that Spark and Hadoop have: `python -m dev.spark_keys 4.0.4 3.4.1`.

Read from the constants of the published JARs' classes, not from a list kept by hand.
"""

import ast
import re
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ops.plan.releases import Coordinate
from ops.publish.destination import ROOT
from ops.publish.maven import CENTRAL, Repository
from ops.publish.progress import reporting

PAGE = ROOT / "tests" / "ops" / "jobs" / "keys.txt"
JOBS = ROOT / "ops" / "jobs" / "application.py"

_SCALA = "2.13"
_CLASSES = re.compile(
    r"org/apache/spark/(internal/config/|deploy/k8s/Config|SparkConf|deploy/SparkHadoop)"
    r"|org/apache/hadoop/fs/s3a/Constants[.]class"
)
_KEY = re.compile(r"(spark|fs[.]s3a)([.][A-Za-z0-9]+)+")
_SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4}
_SIZES |= {19: 2, 20: 2}
"""Bytes after the tag of a constant: docs.oracle.com/javase/specs/jvms/se17, table 4.4-A."""


def main(version: str, hadoop: str) -> None:
    """Reads the JARs, from Maven unless they are in the cache, and writes the file."""
    wanted = [
        Coordinate("org.apache.spark", f"spark-core_{_SCALA}", version),
        Coordinate("org.apache.hadoop", "hadoop-aws", hadoop),
    ]
    with reporting() as report:
        jars = Repository(CENTRAL, ROOT / ".cache" / "jars").fetch_all(wanted, report)
    keys = sorted({key for jar in jars.values() for key in keys_of(jar)} & keys_in(JOBS))
    head = [f"# Configuration keys of {item}" for item in wanted]
    PAGE.write_text("\n".join([*head, *keys]) + "\n", encoding="utf-8")


def keys_in(source: Path) -> set[str]:
    """The texts of a Python file that look like keys."""
    nodes = ast.walk(ast.parse(source.read_text(encoding="utf-8")))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and _KEY.fullmatch(text)}


def keys_of(jar: Path) -> Iterator[str]:
    """The keys in the configuration classes of a JAR."""
    with zipfile.ZipFile(jar) as archive:
        for name in archive.namelist():
            if _CLASSES.match(name) and name.endswith(".class"):
                yield from (text for text in constants(archive.read(name)) if _KEY.fullmatch(text))


def constants(class_file: bytes) -> Iterator[str]:
    """The texts in a class file's table of constants."""
    (count,) = struct.unpack_from(">H", class_file, 8)
    at, index = 10, 1
    while index < count:
        tag = class_file[at]
        if tag == 1:
            (length,) = struct.unpack_from(">H", class_file, at + 1)
            yield class_file[at + 3 : at + 3 + length].decode("utf-8", "replace")
            at += 3 + length
        else:
            at += 1 + _SIZES[tag]
        # A long or a double takes two entries.
        index += 2 if tag in (5, 6) else 1


if __name__ == "__main__":
    main(*sys.argv[1:])
