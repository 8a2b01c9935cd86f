"""What the scraped driver runs: a job with a shuffle, then nothing until its JVM ends, which holds
the other end of its input."""

import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
keys = spark.range(0, 10_000, numPartitions=4).selectExpr("id % 10 AS key")
assert keys.groupBy("key").count().count() == 10
print(spark.sparkContext.applicationId, flush=True)
sys.stdin.read()
