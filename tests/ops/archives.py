"""An archive's description, as a training run writes it."""

import json
from typing import Any

SPARK = ("/opt/spark/jars/a-1.jar", "/opt/spark/jars/b-2.jar")


def description(release: str, jars: dict[str, tuple[int, int]], **changed: Any) -> bytes:
    """The text of an `archive.json` for JARs of a release: name to size and time."""
    files = [{"path": one, "size": 10, "modified": 1} for one in SPARK]
    files += [
        {"path": f"/mnt/s3/jars/{release}/{name}", "size": size, "modified": modified}
        for name, (size, modified) in jars.items()
    ]
    content = {
        "release": release,
        "arch": "arm64",
        "sha256": "ab" * 32,
        "size": 100,
        "image": f"docker.io/apache/spark:4.0.4-scala2.13-java17-python3-ubuntu@sha256:{'1' * 64}",
        "jvm": "OpenJDK 64-Bit Server VM (build 17.0.15+6)",
        "classPath": [one["path"] for one in files],
        "files": files,
        **changed,
    }
    return json.dumps(content).encode()
