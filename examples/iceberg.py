"""Writes, updates and reads an Iceberg table of the default catalog. Needs only pyspark."""

import argparse

from pyspark.sql import SparkSession


def main() -> None:
    """Makes the table that is named, or fills it anew, and corrects some of its rows."""
    options = argparse.ArgumentParser()
    options.add_argument("--table", required=True, help="<database>.<table>")
    options.add_argument("--rows", type=int, default=1000)
    given = options.parse_args()
    spark = SparkSession.builder.appName("iceberg").getOrCreate()
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {given.table.partition('.')[0]}")
    orders = spark.range(given.rows).selectExpr(
        "id", "id % 7 AS day", "CAST(id AS DOUBLE) AS price"
    )
    orders.writeTo(given.table).using("iceberg").partitionedBy("day").createOrReplace()
    # One commit: a reader sees all corrected rows or none.
    spark.sql(f"UPDATE {given.table} SET price = 0 WHERE day = 0")
    count, total = spark.table(given.table).selectExpr("count(*)", "sum(price)").first()
    commits = spark.table(f"{given.table}.snapshots").count()
    print(f"iceberg: {count} rows, {total:.0f} in all, {commits} commits", flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
