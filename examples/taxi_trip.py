"""Aggregates taxi trips by pick-up hour and zone.

Reads the parquet files of the New York City Taxi and Limousine Commission (yellow or green), or
any with the same columns; writes trips, miles and fares as parquet. Needs only pyspark.
"""

import argparse
import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

PICKUPS = ("tpep_pickup_datetime", "lpep_pickup_datetime")
"""Pick-up columns of yellow and green cabs."""
NEEDED = ("PULocationID", "trip_distance", "fare_amount", "tip_amount", "total_amount")


def pickup_column(trips: DataFrame) -> str:
    """Name of the column with the time of pick-up. Ends the program where a column is missing."""
    found = [name for name in PICKUPS if name in trips.columns]
    missing = [name for name in NEEDED if name not in trips.columns]
    if not found or missing:
        wanted = ", ".join([*missing, *([] if found else [" or ".join(PICKUPS)])])
        sys.exit(f"taxi-trip: the input lacks {wanted}; it has {', '.join(trips.columns)}")
    return found[0]


def aggregate(trips: DataFrame) -> DataFrame:
    """Trips, miles and money by hour and zone; trips without distance or fare do not count."""
    real = trips.where((f.col("trip_distance") > 0) & (f.col("fare_amount") > 0))
    hour = f.date_trunc("hour", f.col(pickup_column(trips)))
    return real.groupBy(hour.alias("hour"), f.col("PULocationID").alias("zone")).agg(
        f.count("*").alias("trips"),
        f.sum("trip_distance").alias("miles"),
        f.avg("fare_amount").alias("fare"),
        f.avg("tip_amount").alias("tip"),
        f.sum("total_amount").alias("total"),
    )


def main() -> None:
    """Runs the job. An existing output is an error: nothing is overwritten."""
    parser = argparse.ArgumentParser(description="Aggregates taxi trips.")
    parser.add_argument("--input", required=True, help="folder of parquet files, s3a://...")
    parser.add_argument("--output", required=True, help="folder that does not exist yet")
    given = parser.parse_args()
    spark = SparkSession.builder.appName("taxi-trip").getOrCreate()
    aggregate(spark.read.parquet(given.input)).write.parquet(given.output)
    written = spark.read.parquet(given.output)
    trips, rows = written.agg(f.sum("trips"), f.count("*")).first() or (0, 0)
    print(f"taxi-trip: {trips or 0} trips in {rows} rows at {given.output}", flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
