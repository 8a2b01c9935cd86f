"""A mount that is dead for good, and a service that is, are alerts: from the file that the node
writes, through node-exporter, Prometheus with a stack's own rules, and Alertmanager."""

from pathlib import Path

from tests.metrics.expressions import tools
from tests.plans import NODE, plan_of
from tests.tiers.metrics.alerting import alerting, rules_of, static
from tests.tiers.metrics.programs import node_exporter
from tests.tiers.node.conftest import METRICS, metric
from tests.tiers.node.node import Node, wait_for
from tests.tiers.node.s3_server import S3Server
from tests.tiers.programs import or_skip

_RULES = rules_of(plan_of("dev", *NODE, "observability.metrics.enabled=true"))


def test_a_mount_that_is_killed_for_good_and_a_service_that_dies_are_alerts(
    booted: Node, s3: S3Server, tmp_path: Path
) -> None:
    programs = or_skip(tools)
    wait_for("up", lambda: metric(booted, "spark_jars_up") == 1)
    # The folder of the running node itself.
    textfiles = booted.live(METRICS).parent
    with node_exporter(programs, textfiles, tmp_path / "exporter") as exporter:
        scraped = [static("node-exporter", exporter.url)]
        with alerting(programs, _RULES, scraped, tmp_path) as watched:
            server = watched.prometheus
            server.wait(lambda: server.query("spark_jars_up == 1"), "the mount is seen")
            assert not {"JarMountDown", "JarMountStale"} & set(watched.received())

            with s3.down():
                booted.kill()
                said = watched.wait_for("JarMountDown")
            assert said["severity"] == "critical"
            assert said["instance"] == exporter.url.partition("://")[2]
            # S3 is back, and so is the mount.
            watched.wait_for("JarMountDown", "resolved")

            assert "JarMountStale" not in watched.received()
            booted.run("systemctl", "stop", "spark-jars-watch.service")
            # In place of two minutes of silence.
            booted.run("touch", "--date=-3 minutes", METRICS)
            assert watched.wait_for("JarMountStale")["severity"] == "critical"
