"""What to write instead of what an admission policy refuses, with changes where that is clear."""

import re
from collections.abc import Callable, Iterator, Sequence

from ops.jobs.findings import ABSENT, Change, Path
from ops.jobs.model import Application, Target
from ops.plan.values import at, mapping

Fix = tuple[str, Sequence[Change]]

_DYNAMIC = "spark.dynamicAllocation"
_DYNAMIC_FIELDS = ("initialExecutors", "minExecutors", "maxExecutors")
_NOT_NEEDED = re.compile(
    r"spark\.(master|remote|submit\.deployMode|kubernetes\.(context|trust\.certificates|file\.upload\..*"
    r"|submission\..*|submitInDriver|authenticate\.submission\..*))$"
)
"""Keys of a spark-submit that the operator's replaces."""
_LISTS = ("jars", "files", "pyFiles", "archives")


def of(field: str, message: str, app: Application, target: Target) -> Fix:
    """Words, and changes of the application."""
    if message.startswith("spec.sparkConf has keys"):
        return _keys(message, app)
    if message.startswith("spec.sparkConf enables dynamic"):
        return _dynamic(app, target)
    if message.startswith("JVM options"):
        return "the key in spec.sparkConf", ()
    found = _BY_FIELD.get(field)
    return found(app, target) if found else ("", ())


def _keys(message: str, app: Application) -> Fix:
    """Keys of another spark-submit go; those of Hadoop and Hive get Spark's prefix."""
    denied = {one.strip() for one in message.partition(": ")[2].split(",")}
    changes: list[Change] = []
    for key, value in app.given.get("sparkConf", {}).items():
        if key.strip() not in denied or "=" in key:
            continue
        path: Path = ("spec", "sparkConf", key)
        if re.fullmatch(r"[a-z][A-Za-z0-9_.-]*", key) and not key.startswith("spark."):
            changes += [Change(path), Change(("spec", "sparkConf", f"spark.hadoop.{key}"), value)]
        elif _NOT_NEEDED.match(key):
            changes.append(Change(path))
    return "nothing, or the application's field; spark.hadoop. before keys of Hadoop", changes


def _dynamic(app: Application, target: Target) -> Fix:
    conf = app.given.get("sparkConf", {})
    made: dict[str, object] = {**app.given.get("dynamicAllocation", {}), "enabled": True}
    for field in _DYNAMIC_FIELDS:
        text = conf.get(f"{_DYNAMIC}.{field}", "").strip()
        if text.isdecimal() and text.isascii():
            made.setdefault(field, int(text))
    made.setdefault("maxExecutors", target.team.max_executors)
    keys = [f"{_DYNAMIC}.{field}" for field in (*_DYNAMIC_FIELDS, "enabled")]
    changes = [Change(("spec", "dynamicAllocation"), made)]
    changes += [Change(("spec", "sparkConf", key)) for key in keys if key in conf]
    if conf.get(f"{_DYNAMIC}.enabled", "").strip().lower() != "true":
        changes = []
    return "spec.dynamicAllocation, with maxExecutors", changes


def _bounds(app: Application, target: Target) -> Fix:
    words = "fewer executors (EXECUTORS=), or a larger spark.teams[].maxExecutors in the stack file"
    dynamic = app.given.get("dynamicAllocation", {})
    if dynamic.get("enabled") and "maxExecutors" not in dynamic:
        most = target.team.max_executors
        return f"maxExecutors: {most}", [
            Change(("spec", "dynamicAllocation", "maxExecutors"), most)
        ]
    return words, ()


def _executors(app: Application, target: Target) -> Fix:
    return _bounds(app, target)[0], ()


def _main(app: Application, target: Target) -> Fix:
    new = _local(app.given.get("mainApplicationFile") or "")
    words = "local:///... in the image, the claim or a ConfigMap, or s3a://..."
    return (new, [Change(("spec", "mainApplicationFile"), new)]) if new else (words, ())


def _local(file: str) -> str:
    """The URI of a file in the pod, empty if it is none."""
    match = re.fullmatch(r"(?:file://)?(/[A-Za-z0-9_][A-Za-z0-9_./+=-]*)", file)
    return f"local://{match[1]}" if match and ".." not in match[1] else ""


def _deps(app: Application, target: Target) -> Fix:
    deps = app.given.get("deps", {})
    changes = [
        Change(("spec", "deps", field), [_local(one) or one for one in deps[field]])
        for field in _LISTS
        if any(_local(one) for one in deps.get(field, []))
    ]
    words = "local:///...; JARs of a bucket or of HTTP: publish a release, and extraClassPath"
    return words, changes


def _removed(*fields: str, words: str = "nothing") -> Callable[[Application, Target], Fix]:
    def fix(app: Application, target: Target) -> Fix:
        present = [one for one in fields if at({"spec": app.given}, one) is not None]
        return words, [Change(tuple(one.split(".")), ABSENT) for one in present]

    return fix


def _constant(words: str) -> Callable[[Application, Target], Fix]:
    return lambda app, target: (words, ())


def _config_map(app: Application, target: Target) -> Fix:
    """The keys of a ConfigMap of the same file, if it holds nothing but them."""
    words = "its keys in spec.sparkConf"
    name = app.given.get("sparkConfigMap")
    for one in app.beside:
        data = mapping(one.get("data"))
        text = data.get("spark-defaults.conf")
        own = one.get("kind") == "ConfigMap" and at(one, "metadata.name") == name
        if own and len(data) == 1 and isinstance(text, str):
            conf = {**dict(_properties(text)), **app.given.get("sparkConf", {})}
            return words, [Change(("spec", "sparkConfigMap")), Change(("spec", "sparkConf"), conf)]
    return words, ()


def _properties(text: str) -> Iterator[tuple[str, str]]:
    """Keys and values of a spark-defaults.conf."""
    for line in text.splitlines():
        match = re.match(r"\s*([^#\s=:][^\s=:]*)\s*[=:\s]\s*(.*?)\s*$", line)
        if match:
            yield match[1], match[2]


_BY_FIELD: dict[str, Callable[[Application, Target], Fix]] = {
    "spec.mode": lambda app, target: ("cluster", [Change(("spec", "mode"), "cluster")]),
    "spec.mainApplicationFile": _main,
    "spec.deps": _deps,
    "spec.deps.packages": _constant("a release: make publish-jars, then extraClassPath"),
    "spec.sparkConfigMap": _config_map,
    "spec.driver.kubernetesMaster": _removed("spec.driver.kubernetesMaster"),
    "spec.proxyUser": _removed(
        "spec.proxyUser", words="nothing: the job has the rights of its service account"
    ),
    "spec.driverIngressOptions": _removed(
        "spec.driverIngressOptions",
        "spec.sparkUIOptions",
        words="nothing; kubectl port-forward shows the driver's page",
    ),
    "spec.executor.instances": _executors,
    "spec.sparkConf": _executors,
    "spec.dynamicAllocation.maxExecutors": _bounds,
    "spec.dynamicAllocation.initialExecutors": _executors,
}
