"""The training run of a class-data archive: a program for Spark's image, not for this project's
Python. It imports nothing but the image's own modules.

    python3 train.py RELEASE IMAGE OUT

Runs a small job with a driver and an executor of their own, writes the classes that each loaded,
and has the same JVM make `OUT/spark.jsa` of them for the class path of a job: Spark's JARs by name,
then the release's in the order of its `release.json`. `OUT/archive.json` describes it.

A static archive, because the JVM detects a truncated one; for one made with
-XX:ArchiveClassesAtExit it does not, and dies of SIGBUS (seen with OpenJDK 17.0.15).
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SPARK_HOME = Path(os.environ.get("SPARK_HOME") or "/opt/spark")
JARS = Path("/mnt/s3/jars")
PROCESSORS = {"x86_64": "amd64", "aarch64": "arm64"}
NOWHERE = {
    # Nothing listens there: by then the client of S3 has loaded its classes.
    "spark.hadoop.fs.s3a.endpoint": "http://127.0.0.1:1",
    "spark.hadoop.fs.s3a.endpoint.region": "us-east-1",
    "spark.hadoop.fs.s3a.attempts.maximum": "0",
    "spark.hadoop.fs.s3a.retry.limit": "0",
    "spark.hadoop.fs.s3a.aws.credentials.provider": (
        "org.apache.hadoop.fs.s3a.AnonymousAWSCredentialsProvider"
    ),
}


def main(release: str, image: str, out: Path) -> None:
    """Makes the archive and its description. Raises SystemExit, which says why, when it cannot."""
    class_path = [*spark_jars(), *release_jars(release)]
    with tempfile.TemporaryDirectory(prefix="spark-archive-") as folder:
        classes = Path(folder, "classes")
        classes.write_text("".join(f"{line}\n" for line in train(class_path, Path(folder))))
        archive = out / "spark.jsa"
        archive.unlink(missing_ok=True)
        dump(class_path, classes, archive)
    with archive.open("rb") as file:
        whole = hashlib.sha256()
        while block := file.read(1024 * 1024):
            whole.update(block)
    description = {
        "release": release,
        "arch": PROCESSORS[platform.machine()],
        "sha256": whole.hexdigest(),
        "size": archive.stat().st_size,
        "image": image,
        "jvm": build(),
        "classPath": [str(one) for one in class_path],
        "files": [
            {"path": str(one), "size": one.stat().st_size, "modified": int(one.stat().st_mtime)}
            for one in class_path
        ],
    }
    (out / "archive.json").write_text(json.dumps(description, indent=1) + "\n")


def spark_jars() -> list[Path]:
    """Spark's own JARs by name: the order of a folder differs between file systems."""
    return sorted((SPARK_HOME / "jars").glob("*.jar"))


def release_jars(release: str) -> list[Path]:
    """The release's JARs, in the order that jobs name them."""
    listed = json.loads((JARS / release / "release.json").read_text())
    return [JARS / release / one["name"] for one in listed["jars"]]


def train(class_path: list[Path], folder: Path) -> list[str]:
    """The classes that driver and executors of the job load, in the JVM's notation."""
    joined = ":".join(map(str, class_path))
    # Without any archive: the JVM writes no list of classes that come from one.
    log = f"-Xshare:off -XX:DumpLoadedClassList={folder}"
    conf = {
        "spark.master": "local-cluster[1,2,1024]",
        "spark.driver.extraClassPath": joined,
        "spark.executor.extraClassPath": joined,
        "spark.driver.extraJavaOptions": f"{log}/driver.list",
        "spark.executor.extraJavaOptions": f"{log}/executor-%p.list",
        "spark.executor.memory": "1g",
        "spark.ui.port": "0",
        **NOWHERE,
    }
    command = [
        *(str(SPARK_HOME / "bin" / "spark-submit"), "--driver-memory", "1g"),
        *(word for key, value in conf.items() for word in ("--conf", f"{key}={value}")),
        *(__file__, "work", str(folder)),
    ]
    environment = {
        **os.environ,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder),
        "SPARK_WORKER_DIR": str(folder),
        "PYSPARK_PYTHON": sys.executable,
    }
    run(command, "the training run", environment)
    return merged(sorted(folder.glob("*.list")))


def merged(lists: list[Path]) -> list[str]:
    """One list of classes, without numbers of one JVM and without classes of other loaders."""
    lines = [line for one in lists for line in one.read_text().splitlines()]
    kept = (line for line in lines if not line.startswith("#") and " source: " not in line)
    return list(dict.fromkeys(line.partition(" id: ")[0] for line in kept))


def dump(class_path: list[Path], classes: Path, archive: Path) -> None:
    """Has the JVM make the archive. Classes of signed JARs stay out, as it warns."""
    joined = ":".join(map(str, class_path))
    options = [f"-XX:SharedClassListFile={classes}", f"-XX:SharedArchiveFile={archive}", "-Xmx1g"]
    run([java(), "-Xshare:dump", "-Xlog:cds=error", *options, "-cp", joined], "the dump")
    if not archive.is_file():
        raise SystemExit("the JVM wrote no archive")


def build() -> str:
    """The line of `java -version` that names the build."""
    done = subprocess.run([java(), "-version"], capture_output=True, text=True, check=True)
    last = done.stderr.strip().splitlines()[-1]
    return last.partition(", mixed mode")[0].rstrip(")") + ")"


def java() -> str:
    """The JVM of driver and executors, as Spark's own scripts find it."""
    home = os.environ.get("JAVA_HOME")
    found = f"{home}/bin/java" if home else shutil.which("java")
    if not found:
        raise SystemExit("there is no java: set JAVA_HOME")
    return found


def run(command: list[str], what: str, environment: "dict[str, str] | None" = None) -> None:
    """Runs a command whose output matters only if it fails."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what} failed:\n{(done.stdout + done.stderr)[-60000:]}")


def work(folder: Path) -> None:
    """What jobs do: SQL over Parquet with shuffles, joins and partitions, and a client of S3."""
    from pyspark.sql import SparkSession  # noqa: PLC0415  the image's
    from pyspark.sql import functions as f  # noqa: PLC0415

    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    rows = spark.range(0, 1000, 1, 2).withColumn("k", f.col("id") % 3)
    rows = rows.withColumn("s", f.concat(f.lit("x"), f.col("id").cast("string")))
    rows = rows.withColumn("day", f.to_date(f.lit("2026-01-01")))
    rows.write.partitionBy("k").parquet(str(folder / "rows"))
    read = spark.read.parquet(str(folder / "rows"))
    read.createOrReplaceTempView("read")
    query = "select k, count(*) n, sum(id) from read where id > 10 group by k order by n"
    spark.sql(query).collect()
    # A table this small would be sent to every executor: joined by shuffle here, too.
    spark.conf.set("spark.sql.autoBroadcastJoinThreshold", "-1")
    read.join(rows.groupBy("s").agg(f.max("id").alias("most")), "s").count()
    read.join(f.broadcast(rows.limit(5)), "s").count()
    spark.udf.register("one_more", lambda number: number + 1, "long")
    spark.sql("select sum(one_more(id)) from read").collect()
    spark.sparkContext.parallelize(range(4), 2).map(lambda x: (x % 2, x)).groupByKey().count()
    try:
        spark.read.parquet("s3a://nowhere/nothing").count()
    except Exception as error:
        print(f"no S3: {str(error)[:200]}")
    spark.stop()


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(Path(sys.argv[2]))
    else:
        main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
