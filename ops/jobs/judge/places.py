"""The places in S3 that an application names."""

import re
from collections.abc import Iterator
from typing import Any

from ops.jobs.model import Application
from ops.jobs.spark_conf import ROLES, boolean, env_names

EVENT_LOG, EVENT_DIR = "spark.eventLog.enabled", "spark.eventLog.dir"
_URL = re.compile(r"\b(s3[an]?)://([^/\s,;#?\"']+)(/[^\s,;#?\"']*)?")


def uses_s3(app: Application) -> bool:
    """Whether something of the application names a place in S3."""
    return any(url for _, url in places(app))


def places(app: Application) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Paths of fields and the places in S3 in them; of `spark.eventLog.dir` only if it is used."""
    texts: list[tuple[tuple[Any, ...], str]] = [
        (("spec", "mainApplicationFile"), app.given.get("mainApplicationFile") or "")
    ]
    texts += [(("spec", "arguments", i), x) for i, x in enumerate(app.given.get("arguments", []))]
    for section in ("sparkConf", "hadoopConf"):
        texts += [
            (("spec", section, key), value)
            for key, value in app.given.get(section, {}).items()
            if key != EVENT_DIR or boolean(app.conf, EVENT_LOG)
        ]
    for role in ROLES:
        for key, value in env_names(app.given.get(role, {})).items():
            texts.append((("spec", role, "env", key), str(value or "")))
    for path, text in texts:
        for match in _URL.finditer(text):
            yield path, match[0]
