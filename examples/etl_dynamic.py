"""Cleans taxi trips, writes them by day, and sums up the days.

Three stages need different numbers of executors: a wide read, a wide shuffle, and a few tasks at
the end, when dynamic allocation removes idle executors. Needs only pyspark.
"""

import argparse
import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

TIMES = (
    ("tpep_pickup_datetime", "tpep_dropoff_datetime"),
    ("lpep_pickup_datetime", "lpep_dropoff_datetime"),
)
"""Pick-up and drop-off columns of yellow and green cabs."""


def clean(trips: DataFrame) -> DataFrame:
    """Plausible trips without duplicates, with day and minutes. Exits if the input lacks columns of
    pick-up and drop-off times."""
    found = [pair for pair in TIMES if set(pair) <= set(trips.columns)]
    if not found:
        sys.exit(f"etl-dynamic: the input lacks {' and '.join(TIMES[0])}")
    pickup, dropoff = found[0]
    minutes = (f.unix_timestamp(f.col(dropoff)) - f.unix_timestamp(f.col(pickup))) / 60
    timed = trips.withColumn("day", f.to_date(f.col(pickup))).withColumn("minutes", minutes)
    return timed.where("minutes > 0 and minutes < 1440 and trip_distance > 0").dropDuplicates()


def main() -> None:
    """Runs the job. An existing output is an error: nothing is overwritten."""
    parser = argparse.ArgumentParser(description="Cleans taxi trips and writes them by day.")
    parser.add_argument("--input", required=True, help="folder of parquet files, s3a://...")
    parser.add_argument("--output", required=True, help="folder that does not exist yet")
    given = parser.parse_args()
    spark = SparkSession.builder.appName("etl-dynamic").getOrCreate()
    trips, days = f"{given.output.rstrip('/')}/trips", f"{given.output.rstrip('/')}/days"
    clean(spark.read.parquet(given.input)).repartition("day").write.partitionBy("day").parquet(
        trips
    )
    by_day = (
        spark.read.parquet(trips)
        .groupBy("day")
        .agg(f.count("*").alias("trips"), f.avg("minutes").alias("minutes"))
    )
    by_day.coalesce(1).write.parquet(days)
    total = spark.read.parquet(days).agg(f.sum("trips"), f.count("*")).first() or (0, 0)
    print(f"etl-dynamic: {total[0] or 0} trips of {total[1]} days at {given.output}", flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
