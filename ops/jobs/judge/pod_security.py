"""Pod Security of the team's namespace: the levels `baseline` and `restricted`.

Source: kubernetes.io/docs/concepts/security/pod-security-standards.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ops.jobs.findings import ABSENT, Change, Finding, Path, error
from ops.jobs.model import Application, Pods, Target
from ops.jobs.spark_conf import LOCAL_DIR
from ops.plan.values import at, mapping, mappings, sequence
from ops.plan.workloads import team_namespaces

SPARK_USER = 185
"""The user of Spark's images."""
_LEVEL = "pod-security.kubernetes.io/enforce"
_VOLUMES = (
    *("configMap", "csi", "downwardAPI", "emptyDir"),
    *("ephemeral", "persistentVolumeClaim", "projected", "secret", "name"),
)
_ADDED = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
    *("NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
_PROFILES = ("RuntimeDefault", "Localhost")
_SYSCTLS = {
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_"),
    *(
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
    ),
    *("net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time"),
    *("net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"),
}
_SELINUX = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_OWNER = re.compile(r"\b(chown|chgrp|sysctl|mount)\b")


def findings(app: Application, pods: Sequence[Pods], target: Target) -> Iterator[Finding]:
    """What the namespace's level refuses; with YuniKorn a policy adds the rest of `restricted`."""
    (namespace,) = [
        one for one in team_namespaces(target.plan) if one.object_name == target.team.name
    ]
    level = mapping(namespace.inputs, "metadata.labels").get(_LEVEL)
    for one in pods:
        if level in ("baseline", "restricted"):
            yield from _pod(one, app)
        # `restricted` is required in any case: by the level, or by the policy beside it.
        for number, container in enumerate(one.containers):
            yield from _container(one, container, number, app)
        yield from _needs_root(one, app)


def _pod(pods: Pods, app: Application) -> Iterator[Finding]:
    role, spec = pods.role, pods.spec
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            change = [Change(("spec", role, key))] if key == "hostNetwork" else []
            yield error(
                _field(pods, app, key), _says("the node's namespaces"), "false", True, change
            )
    for volume in spec.get("volumes", []):
        kinds = [kind for kind in volume if kind not in _VOLUMES]
        if kinds:
            yield _volume(pods, app, volume, kinds[0])
    context = mapping(spec.get("securityContext"))
    for one in mappings(context.get("sysctls")):
        if one.get("name") not in _SYSCTLS:
            yield error(f"spec.{role}.podSecurityContext.sysctls", _says("this sysctl"), "", one)


def _volume(pods: Pods, app: Application, volume: Mapping[str, Any], kind: str) -> Finding:
    name = str(volume.get("name"))
    role = pods.role
    key = f"spark.kubernetes.{role}.volumes.{kind}.{name}"
    why = _says(f"a volume of kind {kind}")
    is_scratch = name.startswith(LOCAL_DIR) or re.match(
        r"/(mnt/(k8s-disks|nvme|disks|local)|local|tmp|scratch|data)",
        str(at(volume, "hostPath.path")),
    )
    instead = "emptyDir with a sizeLimit: on NVMe where the node has it" if is_scratch else ""
    path = f"{key}.mount.path"
    if path in app.conf and path in app.given.get("sparkConf", {}):
        keys = [one for one in app.given["sparkConf"] if one.startswith(f"{key}.")]
        changes = [Change(("spec", "sparkConf", one)) for one in keys]
        new = f"spark.kubernetes.{role}.volumes.emptyDir.{name}"
        limit = disk_of(role)
        changes += [
            Change(("spec", "sparkConf", f"{new}.mount.path"), app.conf[path]),
            Change(("spec", "sparkConf", f"{new}.options.sizeLimit"), limit),
        ]
        return error(
            f"spec.sparkConf[{path}]", why, instead, app.conf[path], changes if is_scratch else []
        )
    for number, one in enumerate(app.given.get("volumes", [])):
        if one.get("name") == name:
            new = {"name": name, "emptyDir": {"sizeLimit": disk_of(role)}}
            change = [Change(("spec", "volumes", number), new)] if is_scratch else []
            return error(f"spec.volumes[{number}].{kind}", why, instead, one.get(kind), change)
    return error(_field(pods, app, "volumes"), why, instead, volume)


def disk_of(role: str) -> str:
    """A limit of local disk that fits where the stack's own jobs do."""
    return "10Gi" if role == "driver" else "5Gi"


def _container(
    pods: Pods, container: Mapping[str, Any], number: int, app: Application
) -> Iterator[Finding]:
    context = mapping(container.get("securityContext"))
    pod = mapping(pods.spec.get("securityContext"))
    wrong = list(_wrong(context, pod))
    if wrong:
        path = _path(pods, number, app)
        new = {**context, **_restricted(context, spark=number == 0)}
        fix = [Change((*path, "securityContext"), new)]
        if pod.get("runAsUser") == 0 or pod.get("runAsNonRoot") is False:
            safe = {**pod, "runAsNonRoot": True, "runAsUser": SPARK_USER}
            fix.append(Change(("spec", pods.role, "podSecurityContext"), safe))
        yield error(
            f"{_shown(path)}.securityContext",
            f"{_says(', '.join(wrong))} (container {container.get('name')})",
            "runAsNonRoot, runAsUser, no privilege escalation, all capabilities dropped, seccomp "
            "RuntimeDefault",
            context or ABSENT,
            fix,
        )
    for one in mappings(container.get("ports")):
        if one.get("hostPort"):
            yield error(f"{_shown(_path(pods, number, app))}.ports", _says("a hostPort"), "", one)


def _wrong(context: Mapping[str, Any], pod: Mapping[str, Any]) -> Iterator[str]:
    """The settings that `restricted` refuses."""
    capabilities = mapping(context.get("capabilities"))
    if context.get("privileged"):
        yield "privileged"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    if "ALL" not in sequence(capabilities.get("drop")) or {*sequence(capabilities.get("add"))} - {
        "NET_BIND_SERVICE"
    }:
        yield "capabilities"
    if context.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield "runAsNonRoot"
    if 0 in (context.get("runAsUser", 1), pod.get("runAsUser", 1)):
        yield "runAsUser 0"
    profiles = [at(one, "seccompProfile.type") for one in (context, pod)]
    given = [one for one in profiles if one is not None]
    if not given or any(one not in _PROFILES for one in given):
        yield "seccompProfile"
    if context.get("procMount") not in (None, "Default"):
        yield "procMount"
    for one in (context, pod):
        yield from _wrong_modules(one)


def _wrong_modules(context: Mapping[str, Any]) -> Iterator[str]:
    """SELinux, AppArmor and Windows."""
    options = mapping(context.get("seLinuxOptions"))
    if options.get("type", "") not in _SELINUX or options.get("user") or options.get("role"):
        yield "seLinuxOptions"
    if at(context, "windowsOptions.hostProcess"):
        yield "hostProcess"
    if at(context, "appArmorProfile.type") not in (None, *_PROFILES):
        yield "appArmorProfile"


def _restricted(context: Mapping[str, Any], *, spark: bool) -> dict[str, Any]:
    """What the level requires, with the user that the container had if it was not root."""
    user = context.get("runAsUser") or SPARK_USER
    made: dict[str, Any] = {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": context.get("runAsGroup") or user,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if context.get("privileged"):
        made["privileged"] = False
    if context.get("procMount"):
        made["procMount"] = "Default"
    return made


def _needs_root(pods: Pods, app: Application) -> Iterator[Finding]:
    """An init container that changes owners needs root; fsGroup does its work."""
    listed = app.given.get(pods.role, {}).get("initContainers", [])
    for number, one in enumerate(listed):
        command = " ".join(map(str, [*one.get("command", []), *one.get("args", [])]))
        if found := _OWNER.search(command):
            context = mapping(pods.spec.get("securityContext"))
            group = {**context, "fsGroup": context.get("fsGroup") or SPARK_USER}
            yield error(
                f"spec.{pods.role}.initContainers[{number}]",
                f"{found[1]} needs root, which the namespace's level restricted refuses",
                f"no init container; podSecurityContext.fsGroup: {SPARK_USER} gives the volumes' "
                "group to Spark",
                one.get("name"),
                [
                    Change(("spec", pods.role, "initContainers", number)),
                    Change(("spec", pods.role, "podSecurityContext"), group),
                ],
            )
            return


def _says(what: str) -> str:
    return f"the namespace's level restricted refuses {what}"


def _path(pods: Pods, number: int, app: Application) -> Path:
    """The path of a container of the pod in the application: Spark's own is set by the role's
    fields, with a template, too."""
    fields = app.given.get(pods.role, {})
    if number == 0:
        return ("spec", pods.role)
    container = pods.containers[number]
    for key in ("sidecars", "initContainers"):
        for index, one in enumerate(fields.get(key, [])):
            if one is container:
                return ("spec", pods.role, key, index)
    template = mapping(fields.get("template"))
    for key in ("containers", "initContainers"):
        for index, one in enumerate(sequence(at(template, f"spec.{key}"))):
            if one is container:
                return ("spec", pods.role, "template", "spec", key, index)
    return ("spec", pods.role)


def _field(pods: Pods, app: Application, key: str) -> str:
    own = mapping(mapping(app.given.get(pods.role, {}).get("template")), "spec")
    return f"spec.{pods.role}.template.spec.{key}" if key in own else f"spec.{pods.role}.{key}"


def _shown(path: Path) -> str:
    return "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in path)[1:]
