"""Sample trips: a parquet file with the columns of the taxi commission's that the job needs, run by
Spark's Python.

Prints how many of them have a distance and a fare: what the job counts.
"""

import random
import sys
from datetime import datetime, timedelta

import pyarrow
from pyarrow import parquet

TRIPS = 20_000


def main() -> None:
    """Writes the file named on the command line."""
    drawn = random.Random(2026)
    start = datetime(2026, 1, 1)
    distances = [round(max(0.0, drawn.gauss(3, 2)), 2) for _ in range(TRIPS)]
    fares = [round(drawn.gauss(15, 8), 2) for _ in range(TRIPS)]
    pickups = [start + timedelta(minutes=drawn.randrange(60 * 24)) for _ in range(TRIPS)]
    table = pyarrow.table(
        {
            "tpep_pickup_datetime": pyarrow.array(pickups, pyarrow.timestamp("us")),
            "PULocationID": [drawn.randrange(1, 264) for _ in range(TRIPS)],
            "trip_distance": distances,
            "fare_amount": fares,
            "tip_amount": [round(fare * 0.2, 2) for fare in fares],
            "total_amount": [round(fare * 1.2, 2) for fare in fares],
        }
    )
    parquet.write_table(table, sys.argv[1])
    real = sum(d > 0 and f > 0 for d, f in zip(distances, fares, strict=True))
    print(real)


if __name__ == "__main__":
    main()
