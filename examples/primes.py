"""Counts primes: a first job that needs neither data nor JARs. Needs only pyspark."""

import sys

from pyspark.sql import SparkSession


def is_prime(number: int) -> bool:
    """Whether a number is prime, by trial division."""
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def main() -> None:
    """Counts the primes below the first argument."""
    below = int(sys.argv[1])
    spark = SparkSession.builder.appName("primes").getOrCreate()
    count = spark.sparkContext.range(below).filter(is_prime).count()
    print(f"primes: {count} below {below}", flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
