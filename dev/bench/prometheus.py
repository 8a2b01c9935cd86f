"""Memory of Prometheus for executors that come and go, beside what `make capacity` says.

A fake exporter has the pages of 1,000 executors with time sped up; the real Prometheus reads them
with the metric relabelings of the program's own monitors. Bytes per series and the base are a
least-squares line through resident memory and series in the head. `.cache/metrics` has Prometheus:
the tier of tests/tiers/metrics builds it. About one core for the time that it runs.
"""

import re
import tempfile
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from statistics import linear_regression
from typing import Annotated, Any, NamedTuple

import typer

from components.monitoring.budget import BYTES_PER_SERIES, OWN_MIB
from components.monitoring.keep import DRIVER_EXECUTORS, KUBE_STATE, keep, keep_cadvisor
from components.monitoring.monitors import monitors
from dev.bench.plan import ROOT
from dev.bench.prometheus_pages import NAMESPACE, PER_DRIVER, Executors
from ops.capacity.prometheus import POD_CHANGES, POD_STATE, POD_USE
from tests.tiers.metrics.alerting import in_prometheus_words
from tests.tiers.metrics.programs import Server, prometheus

MIB = 2**20
READINGS = 16


class Reading(NamedTuple):
    """Prometheus at a moment: seconds since its start, series in the head, bytes of memory."""

    seconds: float
    executors: int
    """Since the start, those that have ended included."""
    series: int
    resident: int
    heap: int

    @property
    def predicted(self) -> int:
        """Bytes that `make capacity` says for so many series."""
        return self.series * BYTES_PER_SERIES + OWN_MIB * MIB


def configuration(port: int, drivers: int, every: float) -> dict[str, Any]:
    """Scrapes of the fake exporter, with labels as the operator gives them."""
    own = monitors(
        teams=[NAMESPACE], most_executors=PER_DRIVER, operator=False, families=[], yunikorn=False
    )
    page = next(one for one in own if one.name == "spark-drivers").spec()["podMetricsEndpoints"][0]

    def job(
        name: str, paths: Mapping[str, Mapping[str, str]], kept: Any, **more: Any
    ) -> dict[str, Any]:
        return {
            "job_name": name,
            "scrape_interval": f"{every * 1000:.0f}ms",
            "scrape_timeout": f"{every * 1000:.0f}ms",
            "static_configs": [
                {
                    "targets": [f"127.0.0.1:{port}"],
                    "labels": {"__metrics_path__": path, **labels},
                }
                for path, labels in paths.items()
            ],
            "metric_relabel_configs": in_prometheus_words(kept),
            **more,
        }

    spark = {
        f"/spark/{n}": {
            "namespace": NAMESPACE,
            "pod": f"daily-orders-aggregation-{n:02}-driver",
            "container": "spark-kubernetes-driver",
            "endpoint": "spark-ui",
            "instance": f"10.0.12.{n}:4040",
            "__meta_kubernetes_pod_label_sparkoperator_k8s_io_app_name": "daily-orders-aggregation",
            "__meta_kubernetes_pod_label_spark_app_selector": f"spark-{n:032x}",
        }
        for n in range(drivers)
    }
    state = {
        "namespace": "monitoring",
        "service": "kube-prometheus-stack-kube-state-metrics",
        "endpoint": "http",
        "instance": "10.0.45.67:8080",
        "container": "kube-state-metrics",
        "pod": "kube-prometheus-stack-kube-state-metrics-6c9d7f5b8-x2x7k",
    }
    nodes = {
        f"/cadvisor/{n}": {
            "namespace": "kube-system",
            "service": "kube-prometheus-stack-kubelet",
            "endpoint": "https-metrics",
            "instance": f"10.0.123.{n}:10250",
            "metrics_path": "/metrics/cadvisor",
            "node": f"ip-10-0-123-{n}.us-west-2.compute.internal",
        }
        for n in range(drivers)
    }
    kubelet = job("kubelet", nodes, keep_cadvisor(), honor_labels=True)
    return {
        "scrape_configs": [
            job(
                "spark-drivers",
                spark,
                page["metricRelabelings"],
                relabel_configs=in_prometheus_words(page["relabelings"]),
            ),
            job("kube-state-metrics", {"/state": state}, [], honor_labels=True),
            # What the list of kube-state-metrics leaves out: of some pods, and seldom.
            {
                **job("whole", {"/whole": state}, keep(*KUBE_STATE), honor_labels=True),
                "scrape_interval": "20s",
            },
            kubelet,
        ]
    }


def served(executors: Executors) -> ThreadingHTTPServer:
    """The exporter, which runs in threads of this process until it is shut down."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content = executors.page(self.path).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def reading(server: Server, since: float, executors: int) -> Reading:
    """What Prometheus says of itself."""
    text = server.metrics()

    def value(name: str) -> int:
        (found,) = re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)
        return int(float(found))

    return Reading(
        time.monotonic() - since,
        executors,
        value("prometheus_tsdb_head_series"),
        value("process_resident_memory_bytes"),
        value("go_memstats_heap_inuse_bytes"),
    )


def samples(server: Server, job: str, name: str) -> float:
    """Samples of one scrape of all targets of a job. Raises RuntimeError when a scrape fails."""
    ((_, up),) = server.query(f'min(up{{job="{job}"}})')
    ((_, found),) = server.query(f'sum({name}{{job="{job}"}})')
    if not up:
        raise RuntimeError(f"a scrape of {job} failed: {server.targets()[0]['lastError']}")
    return found


def main(
    executors: Annotated[int, typer.Option(help="Executors at once.")] = 1000,
    life: Annotated[float, typer.Option(help="Seconds that one lives.")] = 30,
    every: Annotated[float, typer.Option(help="Seconds between two scrapes.")] = 2,
    seconds: Annotated[float, typer.Option(help="Seconds of the measurement.")] = 240,
    block: Annotated[
        str, typer.Option(help="Length of a block; the head is written at 1.5 of it.")
    ] = "2h",
) -> None:
    """Prints Markdown tables."""
    fake = Executors(executors, life, every)
    exporter = served(fake)
    config = configuration(exporter.server_port, fake.drivers, every)
    tools = ROOT / ".cache" / "metrics"
    with (
        tempfile.TemporaryDirectory() as folder,
        prometheus(
            tools,
            config,
            Path(folder),
            f"--storage.tsdb.min-block-duration={block}",
            f"--storage.tsdb.max-block-duration={block}",
        ) as server,
    ):
        start, found = time.monotonic(), []
        print("| s | series | resident MiB | heap MiB | predicted MiB | measured / predicted |")
        print("|--:|--:|--:|--:|--:|--:|")
        for n in range(READINGS):
            time.sleep(max(0.0, start + seconds * (n + 1) / READINGS - time.monotonic()))
            one = reading(server, start, fake.born)
            found.append(one)
            sizes = (one.resident, one.heap, one.predicted)
            cells = " | ".join(f"{size / MIB:,.0f}" for size in sizes)
            ratio = one.resident / one.predicted
            print(f"| {one.seconds:.0f} | {one.series:,} | {cells} | {ratio:.2f} |", flush=True)
        (peak,) = re.findall(
            r"VmHWM:\s+(\d+) kB", Path(f"/proc/{server.child.process.pid}/status").read_text()
        )
        print("\n| scrape | samples | kept |\n|---|--:|--:|")
        for job in ("spark-drivers", "kubelet", "kube-state-metrics", "whole"):
            given, kept = (
                samples(server, job, f"scrape_samples_{which}")
                for which in ("scraped", "post_metric_relabeling")
            )
            print(f"| {job} | {given:,.0f} | {kept:,.0f} |")
    exporter.shutdown()
    most = max(found, key=lambda one: one.series)
    print(
        f"\nhighest resident memory: {int(peak) / 1024:,.0f} MiB, at most {most.series:,} series;"
        f" {int(peak) * 1024 / most.predicted:.2f} of what is predicted"
    )
    # Before, not all executors that run have been seen from their start; later, the head is
    # written to a block.
    falls = (b.seconds for a, b in pairwise(found) if b.series < a.series)
    until = next(falls, found[-1].seconds + 1)
    later = [one for one in found if life <= one.seconds < until]
    series = [one.series for one in later]
    each, _ = linear_regression([one.executors for one in later], series)
    counted = len(DRIVER_EXECUTORS) + POD_STATE + POD_USE + POD_CHANGES
    print(f"series of an executor in its life: {each:.1f}; `make capacity` counts {counted}")
    for name, sizes in (
        ("resident memory", [one.resident for one in later]),
        ("heap in use", [one.heap for one in later]),
    ):
        slope, base = linear_regression(series, sizes)
        print(f"{name}: {slope:,.0f} bytes a series, {base / MIB:,.0f} MiB without any")


if __name__ == "__main__":
    typer.run(main)
