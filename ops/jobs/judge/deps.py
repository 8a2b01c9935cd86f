"""Files that Spark would distribute, and the paths that Python reads.

An application's files must be local:///, because the operator's pod reads others. Spark distributes
none of these (SparkContext.addFile of Spark 4.0: "it is already available on every node"): the
driver has them in its working directory, executors do not.
"""

from collections.abc import Iterator, Sequence

from ops.jobs.findings import Finding, error, unknown, warning
from ops.jobs.model import Application, Pods, Target
from ops.jobs.spark_conf import DEPS
from ops.plan.releases import MOUNTED_JARS
from ops.plan.values import mappings

_PYTHON = "spark.pyspark.python"
_UNPACK = "make job with python: {archive: ...}, whose init container unpacks it in every pod"


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Archives, modules and files of `deps` that executors would lack, and their interpreter."""
    for name in ("archives", "pyFiles", "files"):
        listed = [one.strip() for one in app.conf.get(DEPS[name], "").split(",") if one.strip()]
        given = name in app.given.get("deps", {})
        field = f"spec.deps.{name}" if given else f"spec.sparkConf[{DEPS[name]}]"
        if listed and all(one.startswith("local://") for one in listed):
            yield _driver_only(name, field, listed)
            elsewhere = [one for one in listed if not one.startswith(f"local://{MOUNTED_JARS}/")]
            if elsewhere:
                yield unknown(
                    field, "whether the driver's image or a volume has them", "", elsewhere
                )
    yield from _interpreter(app, pods)


def _driver_only(name: str, field: str, listed: list[str]) -> Finding:
    if name == "archives":
        return warning(
            field, "Spark unpacks these in the driver only: executors lack them", _UNPACK, listed
        )
    if name == "pyFiles":
        paths = [one.removeprefix("local://") for one in listed]
        places = [
            one if one.endswith((".zip", ".whl")) else one.rpartition("/")[0] for one in paths
        ]
        keys = "spark.kubernetes.driverEnv.PYTHONPATH and spark.executorEnv.PYTHONPATH"
        return warning(
            field,
            "Spark hands these to the driver only: an import in a task of the executors fails",
            f"{keys}: {':'.join(dict.fromkeys(places))}",
            listed,
        )
    return unknown(
        field,
        "whether executors open these by SparkFiles: Spark hands them to the driver only, and a "
        "path of the image or a volume is the same in all",
        "",
        listed,
    )


def _interpreter(app: Application, pods: Sequence[Pods]) -> Iterator[Finding]:
    """An interpreter below the working directory comes of an archive, which executors lack. Their
    workers run the driver's choice (pyspark/core/context.py of Spark 4.0)."""
    variables = {
        one.get("name"): one.get("value")
        for pod in pods
        if pod.role == "driver"
        for one in mappings(pod.container.get("env"))
    }
    field, path = f"spec.sparkConf[{_PYTHON}]", app.conf.get(_PYTHON)
    if not path:
        field, path = "spec.driver.env", variables.get("PYSPARK_PYTHON")
    if app.is_python and isinstance(path, str) and "/" in path and not path.startswith("/"):
        yield error(
            field,
            "executors run the same path and have nothing there: Spark unpacks archives of the "
            "scheme local in the driver only",
            _UNPACK,
            path,
        )
