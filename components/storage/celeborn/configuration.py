"""Celeborn's configuration files: celeborn-defaults.conf, logging and metrics.

Keys: docs/configuration of github.com/apache/celeborn, held against the class CelebornConf of a
published client (tests/unit/celeborn_keys.txt). Its security: docs/security.md there.
"""

from collections.abc import Mapping

from components.names import CELEBORN_NAMESPACE
from components.storage.celeborn.settings import GRACEFUL_SECONDS, CelebornSettings

MASTER, WORKER = "celeborn-master", "celeborn-worker"
"""Names of the StatefulSets and of their Services."""

MASTER_PORT, MASTER_HTTP_PORT = 9097, 9098
MASTER_INTERNAL_PORT, RATIS_PORT = 8097, 9872
WORKER_PORTS = {"rpc": 9091, "fetch": 9092, "push": 9093}
"""Ports of a worker that drivers and executors reach."""
REPLICATE_PORT, WORKER_INTERNAL_PORT, WORKER_HTTP_PORT = 9094, 9095, 9096
MASTER_PORTS = {
    "rpc": MASTER_PORT,
    "internal": MASTER_INTERNAL_PORT,
    "ratis": RATIS_PORT,
    "http": MASTER_HTTP_PORT,
}
ALL_WORKER_PORTS = {
    **WORKER_PORTS,
    "replicate": REPLICATE_PORT,
    "internal": WORKER_INTERNAL_PORT,
    "http": WORKER_HTTP_PORT,
}

DATA = "/mnt/celeborn"
"""Disk of a master's log, and of a worker's files."""

_LOGGING = """\
<Configuration status="WARN">
  <Appenders>
    <Console name="stdout" target="SYSTEM_OUT">
      <PatternLayout pattern="%d{ISO8601} %p [%t] %c{1}: %m%n%ex"/>
    </Console>
  </Appenders>
  <Loggers>
    <Root level="INFO"><AppenderRef ref="stdout"/></Root>
  </Loggers>
</Configuration>
"""
_METRICS = (
    "*.sink.prometheusServlet.class=org.apache.celeborn.common.metrics.sink.PrometheusServlet\n"
)


def master_hosts(masters: int) -> list[str]:
    """The masters' names in the cluster's DNS, which outlive their pods."""
    domain = f"{MASTER}.{CELEBORN_NAMESPACE}.svc.cluster.local"
    return [f"{MASTER}-{number}.{domain}" for number in range(masters)]


def endpoints(masters: int, port: int = MASTER_PORT) -> str:
    """The masters, as clients and workers take them."""
    return ",".join(f"{host}:{port}" for host in master_hosts(masters))


def files(settings: CelebornSettings) -> Mapping[str, str]:
    """The configuration folder of masters and workers, by name of the file."""
    conf = {**_common(settings), **_masters(settings), **_workers(settings)}
    lines = [f"{key} {value}\n" for key, value in sorted(conf.items())]
    return {
        "celeborn-defaults.conf": "".join(lines),
        "log4j2.xml": _LOGGING,
        "metrics.properties": _METRICS,
    }


def _common(settings: CelebornSettings) -> dict[str, str]:
    return {
        # An application reads and writes its own shuffles only. Servers then talk on ports of
        # their own, which ask for no application's secret.
        "celeborn.auth.enabled": "true",
        "celeborn.internal.port.enabled": "true",
        "celeborn.master.endpoints": endpoints(settings.masters),
        "celeborn.master.internal.endpoints": endpoints(settings.masters, MASTER_INTERNAL_PORT),
        # A pod's name outlives its address.
        "celeborn.network.bind.preferIpAddress": "false",
        # A port that is taken is an error: the next one is closed by NetworkPolicies.
        "celeborn.port.maxRetries": "0",
    }


def _masters(settings: CelebornSettings) -> dict[str, str]:
    conf = {
        "celeborn.master.port": str(MASTER_PORT),
        "celeborn.master.http.port": str(MASTER_HTTP_PORT),
        "celeborn.master.internal.port": str(MASTER_INTERNAL_PORT),
    }
    if settings.masters == 1:
        return conf
    conf["celeborn.master.ha.enabled"] = "true"
    conf["celeborn.master.ha.ratis.raft.server.storage.dir"] = DATA
    for number, host in enumerate(master_hosts(settings.masters)):
        node = f"celeborn.master.ha.node.{number}"
        conf |= {
            f"{node}.host": host,
            f"{node}.port": str(MASTER_PORT),
            f"{node}.ratis.port": str(RATIS_PORT),
            f"{node}.internal.port": str(MASTER_INTERNAL_PORT),
        }
    return conf


def _workers(settings: CelebornSettings) -> dict[str, str]:
    return {
        # Their default is any free port.
        **{f"celeborn.worker.{name}.port": str(port) for name, port in ALL_WORKER_PORTS.items()},
        "celeborn.worker.storage.dirs": f"{DATA}:disktype=SSD:capacity={settings.disk_gib}Gi",
        "celeborn.worker.monitor.disk.enabled": "true",
        "celeborn.worker.decommission.forceExitTimeout": f"{settings.drain_minutes}m",
        # A container that restarts in its pod finds the files of before.
        "celeborn.worker.graceful.shutdown.enabled": "true",
        "celeborn.worker.graceful.shutdown.timeout": f"{GRACEFUL_SECONDS}s",
        "celeborn.worker.graceful.shutdown.recoverPath": f"{DATA}/recover",
    }
