"""Fluent Bit's configuration, as data and as text.

What each key does, and where that was read: docs/logs.md, Verified how. Names of keys and units of
values are held against the pinned version's by tests/unit/fluent_bit.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.logs.layout import DRIVER, PODS, SPARK, STREAM, TAG
from components.names import LOG_AGENT, LOG_AGENT_PORT, LOG_AGENTS_NAMESPACE

STATE = "/var/lib/fluent-bit"
"""Folder of the node, and of the container, with positions in files and logs that wait."""
CONTAINER_LOGS = "/var/log/containers"
"""Links to the files of containers; the name has pod, namespace and container."""
POD_LOGS = "/var/log/pods"
"""The files."""
NODE_IP, NODE_NAME = "NODE_IP", "NODE_NAME"
"""Environment variables of the container."""

_NAME = r"(?<namespace>[^_]+)_(?<container>[^_]+)-(?<id>[a-z0-9]{64})\.log$"
_POD = r"[a-z0-9][a-z0-9.-]*"
_EXECUTORS, _DRIVERS = "spark-kubernetes-executor", "spark-kubernetes-driver"
"""Spark's own names of containers (Constants.scala of Spark 4.0.4)."""
_TAG_PARSER = "kubernetes-tag"
_LINE, _STREAM, _NODE = "line", "log_stream", "log_node"
TIME, TEXT = "log_time", "log"
"""Keys of a record: when the runtime wrote the line, and a line that is no JSON object."""
RETRIES = 1440
"""Of one upload, at ten seconds each: four hours."""

Config = Mapping[str, Any]


def config(outputs: Sequence[Config], *, verify_kubelet: bool) -> dict[str, Any]:
    """The configuration with these outputs."""
    return {
        "service": {
            "flush": 1,
            "grace": 30,
            "log_level": "info",
            "http_server": True,
            "http_listen": "0.0.0.0",
            "http_port": LOG_AGENT_PORT,
            "health_check": True,
            # Not by a request to the port of metrics.
            "hot_reload": False,
            "storage.path": f"{STATE}/chunks",
            "storage.sync": "normal",
            # Of 2 MB each: what the container's memory limit is for.
            "storage.max_chunks_up": 32,
            "storage.backlog.mem_limit": "16M",
            "storage.metrics": True,
        },
        "parsers": [
            {
                "name": _TAG_PARSER,
                "format": "regex",
                "regex": (
                    r"^[a-z]+\.(?<namespace_name>[^.]+)\.[^.]+\.(?<pod_name>.+)"
                    r"\.(?<container_name>[^.]+)\.(?<docker_id>[a-z0-9]{64})$"
                ),
            }
        ],
        "pipeline": {
            "inputs": list(_inputs()),
            "filters": list(_filters(verify_kubelet)),
            "outputs": [dict(one) for one in outputs],
        },
    }


def text(data: Config) -> str:
    """The configuration as YAML, each string in quotes."""
    return "\n".join(_lines(data, "")) + "\n"


def s3_output(bucket: Any, region: str, key_format: str, seconds: int, mib: int) -> dict[str, Any]:
    """Objects of one bucket: one for each log and `seconds`, of at most 20 MB before gzip."""
    return {
        "name": "s3",
        "alias": "s3",
        "match": f"{TAG}.*",
        "bucket": bucket,
        "region": region,
        "use_put_object": True,
        "total_file_size": "20M",
        "upload_timeout": f"{seconds}s",
        "compression": "gzip",
        "content_type": "application/x-ndjson",
        "s3_key_format": key_format,
        "s3_key_format_tag_delimiters": ".",
        "json_date_key": TIME,
        "json_date_format": "iso8601",
        "store_dir": f"{STATE}/s3",
        # A full folder asks the engine to try again: logs then wait in storage.path, from which
        # the oldest are dropped, and counted.
        "store_dir_limit_size": f"{mib}M",
        "storage.total_limit_size": f"{mib}M",
        # Else a refused upload counts as lines that are given up, though they wait and arrive
        # later (cb_s3_flush of s3.c).
        "preserve_data_ordering": False,
        # By default five: an outage of a minute would lose logs.
        "retry_limit": RETRIES,
        # The other action keeps them in a folder without a limit that nothing reads.
        "retry_exhausted_action": "delete",
    }


def cloudwatch_output(
    match_regex: str, group: str, *, template: str | None = None, region: str, mib: int
) -> dict[str, Any]:
    """Streams of log groups: `template` has the group from the tag, `group` is that without one."""
    return {
        "name": "cloudwatch_logs",
        "alias": "cloudwatch-teams" if template else "cloudwatch",
        "match_regex": match_regex,
        "region": region,
        "log_group_name": group,
        **({"log_group_template": template} if template else {}),
        "log_stream_prefix": STREAM,
        # The stack creates the groups, with retention and key.
        "auto_create_group": False,
        "storage.total_limit_size": f"{mib}M",
        "retry_limit": RETRIES,
    }


def _inputs() -> Iterator[dict[str, Any]]:
    """Every container's file, by what its name says. Labels say less: in the kubelet's list Fluent
    Bit takes the first pod whose name begins with the one it asks for, so that executor 1 may get
    the labels of executor 10 (search_podname_and_namespace, kube_meta.c of 5.1)."""
    spark = "kube.spark.<namespace>.{}.<pod>.<container>.<id>"
    pods = f"{CONTAINER_LOGS}/*.log"
    of_executors, of_drivers = (f"{CONTAINER_LOGS}/*_{one}-*.log" for one in (_EXECUTORS, _DRIVERS))
    own = f"{CONTAINER_LOGS}/*_{LOG_AGENTS_NAMESPACE}_{LOG_AGENT}-*.log"
    yield _tail(
        "executors",
        of_executors,
        spark.format("<executor>"),
        rf"^{CONTAINER_LOGS}/(?<pod>{_POD}-exec-(?<executor>[0-9]+))_{_NAME}",
    )
    yield _tail(
        "drivers", of_drivers, spark.format(DRIVER), rf"^{CONTAINER_LOGS}/(?<pod>{_POD})_{_NAME}"
    )
    yield {
        **_tail(
            "pods",
            pods,
            "kube.pod.<namespace>.-.<pod>.<container>.<id>",
            rf"^{CONTAINER_LOGS}/(?<pod>{_POD})_{_NAME}",
        ),
        # Its own errors would make further errors.
        "exclude_path": ",".join((of_executors, of_drivers, own)),
    }


def _tail(alias: str, path: str, tag: str, regex: str) -> dict[str, Any]:
    return {
        "name": "tail",
        "alias": alias,
        "path": path,
        "tag": tag,
        "tag_regex": regex,
        # Joins the parts of 16 KiB into which the runtime splits a line.
        "multiline.parser": "cri",
        "db": f"{STATE}/{alias}.db",
        "db.locking": True,
        # A pod that started while no agent ran is read from its beginning, too.
        "read_from_head": True,
        "refresh_interval": 5,
        "rotate_wait": 30,
        "skip_long_lines": True,
        "buffer_chunk_size": "64k",
        "buffer_max_size": "256k",
        "mem_buf_limit": "32M",
        "storage.type": "filesystem",
    }


def _filters(verify_kubelet: bool) -> Iterator[dict[str, Any]]:
    kept = {"emitter_storage.type": "filesystem", "emitter_mem_buf_limit": "16M"}
    # The first: it sends what it joined through all filters once more.
    yield {
        "name": "multiline",
        "alias": "tracebacks",
        "match": "kube.*",
        "multiline.key_content": TEXT,
        "multiline.parser": "java,python",
        "emitter_name": "emit-joined",
        **kept,
    }
    # A job's own keys of these names then stay.
    yield {
        "name": "modify",
        "alias": "names",
        "match": "kube.*",
        "rename": f"stream {_STREAM}",
    }
    yield {
        "name": "record_modifier",
        "alias": "runtime",
        "match": "kube.*",
        "remove_key": ["time", "_p"],
    }
    yield {
        "name": "kubernetes",
        "alias": "kubelet",
        "match": "kube.*",
        "kube_tag_prefix": "kube.",
        "regex_parser": _TAG_PARSER,
        "use_kubelet": True,
        "kubelet_host": f"${{{NODE_IP}}}",
        "kubelet_port": 10250,
        "tls.verify": verify_kubelet,
        # The kubelet's answer has all pods of the node; by default it is cut at 32 KB.
        "buffer_size": "0",
        "labels": True,
        "annotations": False,
        # A pod does not decide by an annotation whether it is seen.
        "k8s-logging.parser": False,
        "k8s-logging.exclude": False,
        # Below a key: a line that says {"kubernetes": ...} of itself changes no tag.
        "merge_log": True,
        "merge_log_key": _LINE,
        "keep_log": False,
    }
    yield {
        "name": "rewrite_tag",
        "alias": "applications",
        "match": "kube.spark.*",
        "rule": (
            "$kubernetes['labels']['spark-app-selector'] ^([A-Za-z0-9-]+)$ "
            f"{TAG}.$TAG[2].{SPARK}.$1.$TAG[3] false"
        ),
        "emitter_name": "emit-spark",
        **kept,
    }
    yield {
        "name": "rewrite_tag",
        "alias": "others",
        "match": "kube.*",
        "rule": f"${_STREAM} ^std(out|err)$ {TAG}.$TAG[2].{PODS}.$TAG[4].$TAG[5] false",
        "emitter_name": "emit-pods",
        **kept,
    }
    yield {
        "name": "nest",
        "alias": "keys",
        "match": f"{TAG}.*",
        "operation": "lift",
        "nested_under": _LINE,
    }
    yield {
        "name": "record_modifier",
        "alias": "node",
        "match": f"{TAG}.*",
        "remove_key": ["kubernetes"],
        "record": [f"{_NODE} ${{{NODE_NAME}}}"],
    }


def _lines(value: Any, indent: str) -> Iterator[str]:
    for key, one in value.items():
        if isinstance(one, Mapping):
            yield f"{indent}{key}:"
            yield from _lines(one, f"{indent}  ")
        elif isinstance(one, list) and one and isinstance(one[0], Mapping):
            yield f"{indent}{key}:"
            for item in one:
                first, *rest = _lines(item, f"{indent}    ")
                yield f"{indent}  - {first.lstrip()}"
                yield from rest
        elif isinstance(one, list):
            yield f"{indent}{key}:"
            yield from (f"{indent}  - {json.dumps(item)}" for item in one)
        else:
            yield f"{indent}{key}: {json.dumps(one)}"
