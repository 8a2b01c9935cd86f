"""Executors' shuffle files in Celeborn: what a job's configuration needs to use the service.

Sources: docs/deploy.md, docs/security.md and docs/configuration/client.md of
github.com/apache/celeborn, its issue CELEBORN-2451 (a shuffle that falls back to local disks).
"""

from typing import Any

from ops.jobs.jobfile import Job
from ops.plan.celeborn import configurations
from ops.plan.errors import UserError
from ops.plan.model import Plan

CELEBORN = "celeborn"
CLIENT = "celeborn-client-spark"
"""Beginning of the client JAR's name: celeborn-client-spark-4-shaded_2.13 for Spark 4."""
MANAGER_KEY, MANAGER = (
    "spark.shuffle.manager",
    "org.apache.spark.shuffle.celeborn.SparkShuffleManager",
)
PLUGIN_KEY, PLUGIN = (
    "spark.shuffle.sort.io.plugin.class",
    "org.apache.spark.shuffle.celeborn.CelebornShuffleDataIO",
)
"""Tells Spark that shuffle files do not end with their executor."""
ENDPOINTS = "spark.celeborn.master.endpoints"
FALLBACK = "spark.celeborn.client.spark.shuffle.fallback.policy"
FIXED = {
    MANAGER_KEY: MANAGER,
    PLUGIN_KEY: PLUGIN,
    # Celeborn's files cannot be read in the order that Java's serializer needs.
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
    "spark.celeborn.auth.enabled": "true",
    # A lost worker's files are on a second one.
    "spark.celeborn.client.push.replicate.enabled": "true",
    # A shuffle on executors' disks would be lost with an executor that is given up.
    FALLBACK: "NEVER",
    # Its reader expects files on executors.
    "spark.sql.adaptive.localShuffleReader.enabled": "false",
    "spark.storage.decommission.shuffleBlocks.enabled": "false",
}
"""Keys that each job needs, beside the masters' addresses."""


def endpoints_of(plan: Plan) -> str | None:
    """The addresses of the stack's masters; None without Celeborn."""
    found = (keys.get("celeborn.master.endpoints") for _, keys in configurations(plan))
    return next(found, None)


def add(spec: dict[str, Any], job: Job, endpoints: str | None, jars: list[str]) -> None:
    """Makes an application use Celeborn; what the job itself configures stays.

    Raises UserError without the client among its JARs, or where its team may not reach the service.
    """
    if endpoints is None:
        raise UserError(
            f"shuffle: celeborn of {job.name}: the service is closed to the team; set shuffle: "
            "celeborn of the team in spark.teams of the stack file"
        )
    major = str(spec["sparkVersion"]).partition(".")[0]
    if not any(name.startswith(f"{CLIENT}-{major}") for name in jars):
        raise UserError(
            f"shuffle: celeborn of {job.name} needs the client in jars of the job's file, with a "
            f"name that begins with {CLIENT}-{major}, such as "
            f"org.apache.celeborn:{CLIENT}-4-shaded_2.13:0.7.0"
        )
    ours = {**FIXED, ENDPOINTS: endpoints}
    spec["sparkConf"] = dict(sorted({**spec["sparkConf"], **ours, **job.conf}.items()))
    if "dynamicAllocation" in spec:
        # Executors go when they are idle: their shuffle files are not on them.
        spec["dynamicAllocation"] |= {"shuffleTrackingEnabled": False}
        spec["dynamicAllocation"].pop("shuffleTrackingTimeout", None)
