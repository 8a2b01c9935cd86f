"""spark-submit's classes, loaded once and kept: each run of it then takes 1.3 s of CPU, not 2.9."""

import hashlib
import os
import subprocess

from tests.tiers.operator.programs import Programs
from tests.tiers.programs import ROOT

QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Options of a JVM that does little and ends soon."""

_SECONDS = 120


def quick_submit(programs: Programs) -> str:
    """Java options for the operator's spark-submit, with an archive of its classes.

    A JVM whose class path or Java is not the archive's goes on without it, and so does one whose
    class path has a folder with files in it: a folder of configuration, for example.
    Source: openjdk.org/jeps/310.
    """
    # Nothing listens there: by then spark-submit has loaded nearly all of its classes.
    words = "--master k8s://http://127.0.0.1:9 --deploy-mode cluster --name archive --class none"
    image = "spark.kubernetes.container.image=none"
    submit = str(programs.spark_home / "bin" / "spark-submit")
    command = [submit, *words.split(), "--conf", image, "local:///none.jar"]
    installed = (programs.spark_home / "jars", programs.java_home / "bin" / "java")
    key = [*command, *(f"{one} {one.stat().st_mtime_ns}" for one in installed)]
    name = f"{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.jsa"
    archive = ROOT / ".cache" / "operator" / "classes" / name
    archive.parent.mkdir(parents=True, exist_ok=True)
    if not archive.exists():
        # Of this process alone until it is complete.
        made = archive.with_suffix(f".{os.getpid()}")
        environment = {
            **os.environ,
            **programs.environment,
            "SPARK_SUBMIT_OPTS": f"{QUICK} -XX:ArchiveClassesAtExit={made}",
        }
        subprocess.run(command, env=environment, capture_output=True, check=False, timeout=_SECONDS)
        if made.exists():
            made.rename(archive)
    # A Java that is packed without an archive of its own cannot make one.
    return f"{QUICK} -XX:SharedArchiveFile={archive}" if archive.exists() else QUICK
