"""What the team's network policies close: services of other namespaces, ports, and addresses."""

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from components.names import MONITORING_NAMESPACE
from ops.jobs.findings import Finding, error, unknown, warning
from ops.jobs.model import Application, Pods, Target
from ops.jobs.pods import exporter_port
from ops.jobs.spark_conf import ROLES, env_names
from ops.plan.values import at, mapping, mappings
from ops.plan.workloads import in_namespace

_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.:-]*)://(?:[^@/\s]*@)?(?P<host>[A-Za-z0-9.-]+)(?::(?P<port>[0-9]+))?"
)
_PORTS = {
    "https": 443,
    "http": 80,
    "thrift": 9083,
    "jdbc:postgresql": 5432,
    "jdbc:mysql": 3306,
    "jdbc:sqlserver": 1433,
    "jdbc:redshift": 5439,
    "jdbc:mariadb": 3306,
    "ftp": 21,
}
_BROKERS = re.compile(r"^[A-Za-z0-9.-]+:[0-9]{2,5}(,[A-Za-z0-9.-]+:[0-9]{2,5})*$")
_NOT_PLACES = ("local", "file", "s3", "s3a", "s3n", "k8s", "spark", "hdfs", "abfss", "gs")


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """Connections that hang, and ports that no client reaches."""
    policies = [
        mapping(one.inputs, "spec")
        for one in in_namespace(target.plan, "NetworkPolicy", target.team.name)
    ]
    if not any("Egress" in (one.get("policyTypes") or []) for one in policies):
        return
    yield from _destinations(app, policies, target)
    yield from _exporter(app, policies)
    yield from _user_interface(app)


def _destinations(
    app: Application, policies: Sequence[Mapping[str, Any]], target: Target
) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    for field, text, used in _texts(app):
        for host, port in _hosts(text):
            if (host, port) in seen:
                continue
            seen.add((host, port))
            yield from _destination(field, host, port, used=used, policies=policies, target=target)


def _texts(app: Application) -> Iterator[tuple[str, str, bool]]:
    """Field, text, and whether Spark or a catalog uses it for sure."""
    for section in ("sparkConf", "hadoopConf"):
        for key, value in app.given.get(section, {}).items():
            yield f"spec.{section}[{key}]", value, True
    for role in ROLES:
        for key, value in env_names(app.given.get(role, {})).items():
            yield f"spec.{role}.env.{key}", str(value or ""), False
    for number, value in enumerate(app.given.get("arguments", [])):
        yield f"spec.arguments[{number}]", value, False


def _hosts(text: str) -> Iterator[tuple[str, int]]:
    for match in _URL.finditer(text):
        scheme = match["scheme"].lower()
        if scheme in _NOT_PLACES or match["host"].lower() in ("localhost", "127.0.0.1", "0.0.0.0"):
            continue
        port = int(match["port"]) if match["port"] else _PORTS.get(scheme, 0)
        yield match["host"].lower(), port
    if _BROKERS.match(text):
        for one in text.split(","):
            host, _, port = one.partition(":")
            if "." in host:
                yield host.lower(), int(port)


def _destination(
    field: str,
    host: str,
    port: int,
    *,
    used: bool,
    policies: Sequence[Mapping[str, Any]],
    target: Target,
) -> Iterator[Finding]:
    shown = f"{host}:{port}" if port else host
    namespace = _namespace(host, target.team.name)
    if namespace:
        opened = any(_opens(one, namespace, port) for one in policies)
        own = namespace == target.team.name
        if not opened:
            yield (error if used and not own else unknown if own else warning)(
                field,
                f"the team's network policies open no way to services of namespace {namespace}: "
                "the connection hangs" + (" unless its pods are Spark's own" if own else ""),
                "spark.teams[] of the stack file, which names what a team reaches",
                shown,
            )
        return
    if not port or any(_opens_block(one, host, port) for one in policies):
        return
    by_name = any(_opens_block(one, "", port) for one in policies)
    if by_name:
        yield unknown(
            field,
            f"whether {host} is in an address block that the team may reach on "
            f"port {port} (spark.teams[].egress)",
            "",
            shown,
        )
        return
    yield (error if used else warning)(
        field,
        f"the team's network policies close port {port}: the connection hangs",
        f"spark.teams[].egress of the stack file, with port {port}",
        shown,
    )


def _namespace(host: str, own: str) -> str:
    """The namespace of a Service's name, `own` for one without; empty for any other host."""
    if re.fullmatch(r"[a-z][a-z0-9-]*", host):
        return own
    match = re.fullmatch(r"[a-z0-9.-]+\.([a-z0-9-]+)\.svc(\.cluster\.local)?\.?", host)
    return match[1] if match else ""


def _opens(policy: Mapping[str, Any], namespace: str, port: int) -> bool:
    label = "kubernetes.io/metadata.name"
    for rule in mappings(policy.get("egress")):
        for to in mappings(rule.get("to")):
            # kube-dns is opened for its own pods only.
            named = at(to, "namespaceSelector.matchLabels") or {}
            if named.get(label) == namespace and namespace != "kube-system":
                ports = [one.get("port") for one in mappings(rule.get("ports"))]
                # A Service may map its port to another one of its pods.
                return not ports or port in ports or bool(ports)
            if port == 443 and at(to, "ipBlock.cidr") == "0.0.0.0/0":
                ports = [one.get("port") for one in mappings(rule.get("ports"))]
                if 443 in ports:
                    return True
    return False


def _opens_block(policy: Mapping[str, Any], host: str, port: int) -> bool:
    """Whether a rule opens the port for this address; without a host for any."""
    for rule in mappings(policy.get("egress")):
        if port not in [one.get("port") for one in mappings(rule.get("ports"))]:
            continue
        for to in mappings(rule.get("to")):
            block = at(to, "ipBlock.cidr")
            if block and (block == "0.0.0.0/0" or not host or _within(host, str(block))):
                return True
    return False


def _within(host: str, block: str) -> bool:
    try:
        return ip_address(host) in ip_network(block)
    except ValueError:
        return False


def _exporter(app: Application, policies: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    monitoring = mapping(app.spec.get("monitoring"))
    if not mapping(monitoring.get("prometheus")):
        return
    port = exporter_port(monitoring)
    opened = {
        one.get("port")
        for policy in policies
        for rule in mappings(policy.get("ingress"))
        for one in mappings(rule.get("ports"))
    }
    if port not in opened:
        yield warning(
            "spec.monitoring.prometheus.port",
            f"the team's network policies close port {port}: Prometheus does not reach the JMX "
            f"exporter (namespace {MONITORING_NAMESPACE} reaches the driver on "
            f"{', '.join(sorted(str(one) for one in opened if one))})",
            'spark.ui.prometheus.enabled: "true", which the driver serves on 4040',
            port,
        )
    jar = mapping(monitoring["prometheus"]).get("jmxExporterJar")
    yield unknown(
        "spec.monitoring.prometheus.jmxExporterJar",
        "whether driver and executors have this file: without it their JVMs do not start",
        "",
        jar,
    )


def _user_interface(app: Application) -> Iterator[Finding]:
    port = app.conf.get("spark.ui.port")
    if port and port.strip() != "4040":
        yield warning(
            "spec.sparkConf[spark.ui.port]",
            "the network policies open 4040 for metrics of the driver",
            "4040",
            port,
        )
