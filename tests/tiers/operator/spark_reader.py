"""Runs in Spark's own Python: tells how Spark reads a configuration, a line of JSON at a time.

A request is `{"entry": name, "value": text}`, `{"options": text}` or `{"keys": true}`; the answer
is `{"value": …}` or `{"error": …}`.
"""

import json
import sys

from pyspark.java_gateway import launch_gateway

ENTRIES = {
    "spark.executor.instances": "EXECUTOR_INSTANCES",
    "spark.dynamicAllocation.enabled": "DYN_ALLOCATION_ENABLED",
    "spark.dynamicAllocation.initialExecutors": "DYN_ALLOCATION_INITIAL_EXECUTORS",
    "spark.dynamicAllocation.maxExecutors": "DYN_ALLOCATION_MAX_EXECUTORS",
    "spark.dynamicAllocation.minExecutors": "DYN_ALLOCATION_MIN_EXECUTORS",
}


def keys_of(config) -> set:
    """The keys and prefixes of keys below `spark.kubernetes.` that this object defines."""
    getters = [one for one in config.getClass().getMethods() if not one.getParameterCount()]
    values = [
        one.invoke(config, None)
        for one in getters
        if one.getReturnType().getName().endswith(("String", "ConfigEntry"))
    ]
    found = {one if isinstance(one, str) else one.key() for one in values}
    return {one for one in found if one.startswith("spark.kubernetes.")}


def main() -> None:
    gateway = launch_gateway()
    jvm = gateway.jvm

    def singleton(name: str):
        return jvm.java.lang.Class.forName(name).getField("MODULE$").get(None)

    config = singleton("org.apache.spark.internal.config.package$")
    utils = singleton("org.apache.spark.util.Utils$")

    def answer(request: dict):
        if "keys" in request:
            return sorted(keys_of(singleton("org.apache.spark.deploy.k8s.Config$")))
        if "options" in request:
            found = utils.splitCommandString(request["options"])
            return [found.apply(number) for number in range(found.size())]
        name, conf = request["entry"], jvm.org.apache.spark.SparkConf(False)
        conf.set(name, request["value"])
        found = conf.get(getattr(config, ENTRIES[name])())
        return found.get() if hasattr(found, "isDefined") else found

    for line in sys.stdin:
        try:
            said = {"value": answer(json.loads(line))}
        except Exception as error:
            said = {"error": str(error)[:200]}
        print(json.dumps(said), flush=True)
    gateway.shutdown()


if __name__ == "__main__":
    main()
