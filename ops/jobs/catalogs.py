"""Spark's configuration of an Iceberg catalog.

Keys: iceberg.apache.org/docs/latest/spark-configuration and /aws. A warehouse is read and written
by S3FileIO, which takes s3:// and the team's role from the environment; a Hadoop catalog needs
a file system of Hadoop, s3a://.
"""

from ops.jobs.jobfile import Catalog

_EXTENSIONS = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"
_CATALOG = "org.apache.iceberg.spark.SparkCatalog"
_FILE_IO = "org.apache.iceberg.aws.s3.S3FileIO"


def conf_of(catalog: Catalog, region: str) -> dict[str, str]:
    """Keys and values of the catalog, in the stack's region."""
    prefix = f"spark.sql.catalog.{catalog.name}"
    place = catalog.warehouse.partition("://")[2]
    on_s3 = {f"{prefix}.io-impl": _FILE_IO, f"{prefix}.client.region": region}
    of_type: dict[str, dict[str, str]] = {
        "glue": {**on_s3, f"{prefix}.warehouse": f"s3://{place}"},
        "rest": {
            **on_s3,
            f"{prefix}.warehouse": f"s3://{place}",
            f"{prefix}.uri": catalog.uri or "",
        },
        "hadoop": {f"{prefix}.warehouse": f"s3a://{place}"},
    }
    return {
        "spark.sql.extensions": _EXTENSIONS,
        prefix: _CATALOG,
        f"{prefix}.type": catalog.type,
        **of_type[catalog.type],
        **({"spark.sql.defaultCatalog": catalog.name} if catalog.default else {}),
    }
