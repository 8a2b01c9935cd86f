"""A report as text, Markdown and JSON."""

import io
import json
import math
from dataclasses import asdict
from operator import itemgetter
from typing import IO, Any

from ops.capacity import logs, prometheus, system
from ops.capacity.formulas import FORMULAS
from ops.capacity.limits import LimitCheck, most_addresses, sizes
from ops.capacity.report import Report
from ops.capacity.start import free_attachments
from ops.plan.command import headed
from ops.plan.instances import source
from ops.plan.text import columns, number


def render(report: Report, stream: IO[str]) -> None:
    request, nat = report.request, report.scenario.platform.nat
    parts = [[f"spark-on-eks/{report.stack}: capacity"]]
    if report.scenario.nodes:
        parts.append(columns(_nodes(report), right=(2, 4)))
    if report.scenario.subnets:
        parts.append(columns(_subnets(report), right=(2, 3)))
    if report.plan_limits:
        rows = columns(_plan_limits(report), right=(2, 3))
        parts.append(["all nodes that the limits allow", *rows])
    parts += [system.lines(one) for one in system.smallest(report.system)]
    if report.fits:
        size = f"{number(request.executor.cpu)} vCPU and {number(request.executor.memory_gib)} GiB"
        title = f"{request.executors:,} executors of {size} at once, pool {report.pool}"
        parts.append([title, *columns(_figures(report), right=(1, 2))])
        rows = columns(_limits(report), right=(1, 2))
        parts.append(["limits, the first to be exceeded first", *rows])
    if report.metrics is not None:
        title = f"metrics of {request.executors:,} executors"
        parts.append([title, *columns(prometheus.rows(report.metrics), right=(2,))])
    if report.logs is not None:
        title = f"logs of {request.executors:,} executors that write all the time"
        parts.append([title, *columns(logs.rows(report.logs), right=(2,))])
    if nat:
        direct = ", ".join(report.endpoints) or "none"
        parts.append([f"NAT gateways: {nat}; AWS services with an endpoint of their own: {direct}"])
    if report.first is not None:
        parts.append([f"first limit: {_first(report.first)}"])
    if report.unknown:
        parts.append(["not known", *(f"  {line}" for line in report.unknown)])
    stream.write("\n\n".join("\n".join(part) for part in parts) + "\n")


def markdown(report: Report) -> str:
    """Returns the report as text in a code block, under a heading."""
    stream = io.StringIO()
    render(report, stream)
    return headed(stream.getvalue())


def to_json(report: Report) -> str:
    """Returns the report as JSON, the same bytes for the same report."""
    request, method = report.request, report.scenario.platform.method
    content = {
        "stack": report.stack,
        "executors": request.executors,
        "executor": {"cpu": request.executor.cpu, "memoryGiB": request.executor.memory_gib},
        "pool": report.pool,
        "prefixDelegation": report.scenario.platform.networking.prefixes,
        "jarMethod": method.key if method else None,
        "instanceTypes": source(),
        "natGateways": report.scenario.platform.nat,
        "withoutNat": list(report.endpoints),
        "nodeSets": [
            {
                "name": one.name,
                "pool": one.pool,
                "spot": one.is_spot,
                "types": [
                    {"type": name, "mostNodes": nodes, "addressesPerNode": addresses}
                    for name, nodes, addresses in sizes(one, report.scenario)
                ],
                "missing": list(one.missing),
            }
            for one in report.scenario.nodes
        ],
        "subnets": [asdict(one) for one in report.scenario.subnets],
        "mostExecutors": dict(report.most_executors),
        "starts": [
            {
                "type": fit.name,
                "executorsPerNode": fit.per_node,
                "freeAttachmentsPerNode": free_attachments(fit, report.scenario.platform),
                "figures": dict(figures),
            }
            for fit, figures in zip(report.fits, report.figures, strict=True)
        ],
        "systemNodes": [system.as_json(one) for one in report.system],
        "metrics": prometheus.as_json(report.metrics),
        "logs": logs.as_json(report.logs),
        "limits": [_as_json(one) for one in report.limits],
        "planLimits": [_as_json(one) for one in report.plan_limits],
        "firstLimit": report.first.quota.key if report.first else None,
        "unknown": list(report.unknown),
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def _nodes(report: Report) -> list[list[str]]:
    rows = [["NodePool or node group", "types, most nodes of one", "", "to", ""]]
    for one in report.scenario.nodes:
        known = sizes(one, report.scenario)
        if not known:
            rows.append([one.name, "no type with figures", "", "", ""])
            continue
        most, least = max(known, key=itemgetter(1)), min(known, key=itemgetter(1))
        ends = [least[0], number(least[1])] if least[1] != most[1] else ["", ""]
        rows.append([one.name, most[0], number(most[1]), *ends])
    return rows


def _subnets(report: Report) -> list[list[str]]:
    way = "prefixes of 16" if report.scenario.platform.networking.prefixes else "single addresses"
    spread = sum(most_addresses(one, report.scenario) for one in report.scenario.nodes)
    each = math.ceil(spread / len(report.scenario.subnets))
    rows = [["private subnet", "zone", "addresses", "all nodes, spread evenly", f"by {way}"]]
    for one in report.scenario.subnets:
        rows.append([one.name, one.zone, number(one.usable), number(each), ""])
    return rows


def _plan_limits(report: Report) -> list[list[str]]:
    rows = [["", "", "needed", "allowed", ""]]
    for one in report.plan_limits:
        code = [] if one.quota.default == 0 else [one.quota.key]
        title = " ".join([*code, one.quota.name])
        rows.append([one.severity, title, number(one.needed), number(one.allowed), one.note])
    rows += [
        ["", f"executors of pool {name}, at most", number(most), "", ""]
        for name, most in report.most_executors.items()
    ]
    return rows


def _figures(report: Report) -> list[list[str]]:
    rows = [["", *(f"{fit.name} ({fit.per_node} a node)" for fit in report.fits)]]
    for key, formula in FORMULAS.items():
        if any(key in figures for figures in report.figures):
            title = f"{formula.title}, {formula.unit}" if formula.unit else formula.title
            rows.append([title, *(number(figures[key]) for figures in report.figures)])
    free = [number(free_attachments(fit, report.scenario.platform)) for fit in report.fits]
    rows.append(["volumes that a node can still attach", *free])
    return rows


def _limits(report: Report) -> list[list[str]]:
    rows = [["", "from", "limit", "", ""]]
    for one in report.limits:
        at = "never" if one.exceeded_at is None else number(one.exceeded_at)
        code = f"{one.quota.key} {one.quota.name}"
        rows.append([one.severity, at, number(one.allowed), code, one.note])
    return rows


def _first(one: LimitCheck) -> str:
    when = f"with {one.exceeded_at:,} executors"
    if one.exceeded_at == 0:
        when = "exceeded without any executor"
    unit = f" {one.quota.unit}" if one.quota.unit else ""
    return f"{one.quota.name} ({one.quota.key}), {number(one.allowed)}{unit}, {when}"


def _as_json(one: LimitCheck) -> dict[str, Any]:
    return {
        "key": one.quota.key,
        "name": one.quota.name,
        "source": one.quota.source,
        "asked": one.needed,
        "allowed": one.allowed,
        "severity": one.severity,
        "metAtExecutors": one.exceeded_at,
        "note": one.note,
    }
