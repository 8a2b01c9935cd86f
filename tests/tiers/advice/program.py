"""Jobs whose faults are known, for Spark's own executors: one function each."""

import sys
import time
from collections.abc import Iterator
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

MIB = 1024 * 1024


def texts(spark: SparkSession, count: int, parts: int) -> DataFrame:
    """Rows of 200 bytes that cannot be compressed, with a key."""
    number = f.col("id").cast("string")
    text = f.concat(f.sha2(number, 512), f.sha2(f.reverse(number), 256))
    return spark.range(0, count, numPartitions=parts).select(
        f.hash("id").alias("key"), text.alias("text")
    )


def roomy(spark: SparkSession) -> None:
    """Needs little of its heap."""
    for _ in range(2):
        found = texts(spark, 800_000, 8).groupBy((f.col("key") % 100).alias("k"))
        found.agg(f.max("text")).collect()


def spill(spark: SparkSession) -> None:
    """Sorts partitions that are larger than the memory of a task."""
    ordered = texts(spark, 1_600_000, 4).repartition("key").sortWithinPartitions("text")
    # Counting would leave the sorting out.
    ordered.write.format("noop").mode("overwrite").save()


def heap(spark: SparkSession) -> None:
    """Makes texts of 300 MiB, twice each at once."""
    long = spark.range(0, 2, numPartitions=2).selectExpr(
        f"repeat('x', 300 * {MIB} + cast(id as int)) as text", "id"
    )
    sizes = long.selectExpr("length(concat(text, cast(id as string))) as size").collect()
    assert min(row["size"] for row in sizes) > 300 * MIB


def skew(spark: SparkSession) -> None:
    """Joins by a key that four of five rows have."""
    key = f.when(f.col("id") % 10 < 8, 0).otherwise(f.col("id") % 400)
    left = texts(spark, 400_000, 4).select("text", f.monotonically_increasing_id().alias("id"))
    left = left.select(key.alias("key"), "text")
    right = spark.range(0, 400).select(
        f.col("id").alias("key"), f.sha2(f.col("id").cast("string"), 256).alias("other")
    )
    joined = left.hint("shuffle_merge").join(right, "key")
    digest = f.concat("text", "other")
    for _ in range(6):
        digest = f.sha2(digest, 512)
    assert joined.filter(f.substring(digest, 1, 2) == "00").count() > 0


def python(spark: SparkSession) -> None:
    """Holds 250 MiB in each Python worker."""

    def held(rows: Iterator[Any]) -> Iterator[int]:
        kept = [bytes(MIB) for _ in range(250)]
        end = time.monotonic() + 2
        while time.monotonic() < end:
            time.sleep(0.1)
        yield len(kept) + sum(1 for _ in rows)

    assert spark.range(0, 100, numPartitions=4).rdd.mapPartitions(held).count() == 4


def short(spark: SparkSession) -> None:
    """Ends before its executors report."""
    assert spark.range(0, 1000, numPartitions=2).count() == 1000


def idle(spark: SparkSession) -> None:
    """Waits in the driver, with executors that have nothing to do."""
    for _ in range(2):
        assert len(texts(spark, 100_000, 4).filter(f.col("key") % 1000 == 0).collect()) > 0
        time.sleep(20)


def healthy(spark: SparkSession) -> None:
    """Uses its cores and its memory."""
    kept = texts(spark, 500_000, 8).cache()
    digest = f.col("text")
    for _ in range(4):
        digest = f.sha2(digest, 512)
    for _ in range(2):
        kept.groupBy((f.col("key") % 97).alias("k")).agg(f.max(digest)).collect()


if __name__ == "__main__":
    name = sys.argv[1]
    session = SparkSession.builder.appName(name).getOrCreate()
    globals()[name](session)
    session.stop()
