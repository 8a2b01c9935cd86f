"""Whatever stands in a file, `check-job` ends with 0, 1 or 2, and never with a traceback."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from ops.jobs import cli
from tests.ops.jobs.own_jobs import CASES
from tests.plans import plan_of

_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 0.5, 1e300, "", " ", "\n", "x", "0", "-1"),
    *(
        "1e3",
        "５",
        "${a}",
        "2Gi",
        "1.5g",
        "100%",
        "NaN",
        "null",
        "local:///x",
        "s3a://",
        "s3://b/k",
    ),
    *("http://a.b.svc:1", "jdbc:postgresql://h.example:1/x", "\u0000", "a" * 5000, "é", "{input}"),
    *([], {}, [None], [[]], [{}], {"a": None}, {"": ""}, {"name": 1}, [{"name": None}], ["x", 1]),
    *({"spark.executor.instances": "x"}, {"spark.driver.memory": []}, {"enabled": True}),
    *(
        {"spec": {"containers": [{"name": 1}]}},
        {"spec": None},
        [{"key": "a", "operator": "Exists"}],
    ),
]
_KEYS = [
    *(
        "driver",
        "executor",
        "sparkConf",
        "hadoopConf",
        "template",
        "volumes",
        "volumeMounts",
        "env",
    ),
    *("cores", "memory", "memoryOverhead", "memoryLimit", "coreRequest", "coreLimit", "instances"),
    *("dynamicAllocation", "monitoring", "deps", "restartPolicy", "gpu", "affinity", "tolerations"),
    *("securityContext", "podSecurityContext", "initContainers", "sidecars", "nodeSelector", "x"),
    *("schedule", "timeZone", "metadata", "spec", "kind", "status", "name", "namespace", "labels"),
    *(
        "spark.driver.memory",
        "spark.executor.cores",
        "spark.kubernetes.driver.volumes.hostPath.a.b",
    ),
    *("spark.dynamicAllocation.enabled", "spark.memory.offHeap.enabled", "spark.local.dir", "type"),
    *("spark.kubernetes.executor.volumes.persistentVolumeClaim.x.options.claimName", "image"),
]
_FILES = [[*one.beside, one.application] for one in CASES]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a document."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*path, key))


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file with a few values replaced, removed, added or doubled."""
    documents = copy.deepcopy(draw(st.sampled_from(_FILES)))
    for _ in range(draw(st.integers(1, 4))):
        found = list(paths(documents))
        if not found:
            break
        *above, last = draw(st.sampled_from(found))
        target: Any = documents
        for step in above:
            target = target[step]
        match draw(st.sampled_from(["replace", "remove", "add", "double"])):
            case "remove":
                del target[last]
            case "add" if isinstance(target, dict):
                target[draw(st.sampled_from(_KEYS))] = copy.deepcopy(draw(st.sampled_from(_VALUES)))
            case "double" if isinstance(target, list):
                target.append(copy.deepcopy(target[last]))
            case _:
                target[last] = copy.deepcopy(draw(st.sampled_from(_VALUES)))
    return json.dumps(documents[0]) if len(documents) == 1 else yaml.safe_dump_all(documents)


def ended(text: str, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr("ops.plan.record.record", lambda _, stack, keys: plan_of(stack, *keys))
    words = ["check-job", "--file", "-", "--stack", "dev", "--team", "team-a", *arguments]
    result = CliRunner().invoke(cli.app, words, input=text)
    return result.exit_code, result.stdout, result.stderr


def judged_without_a_traceback(text: str, *, fix: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        code, out, err = ended(text, patch, *(["--fix"] if fix else []))
        assert code in (0, 1, 2)
        assert "Traceback" not in out + err
        assert (code == 2) == err.startswith("error: ")
        if fix and code != 2:
            # What was put right is judged again: the same end, and nothing more to put right.
            again, same, _ = ended(out, patch, "--fix")
            assert (again, same) == (code, out)


_QUICK = settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
_LONG = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))


@given(text=files(), fix=st.booleans())
@_QUICK
def test_a_mutated_file_is_judged(text: str, fix: bool) -> None:
    judged_without_a_traceback(text, fix=fix)


@pytest.mark.table
@given(text=files(), fix=st.booleans())
@_LONG
def test_many_mutated_files_are_judged(text: str, fix: bool) -> None:
    judged_without_a_traceback(text, fix=fix)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no SparkApplication or ScheduledSparkApplication"),
        ("a: [", "is not YAML: line 1"),
        ("- a", "document 1 is not a mapping of keys"),
        ("kind: Pod\napiVersion: v1\n", "it has Pod"),
        ("a: 1\na: 2\n", "the key a is there twice"),
        ("a: .nan\n", "is not YAML that kubectl reads"),
        (
            "apiVersion: sparkoperator.k8s.io/v1alpha1\nkind: SparkConnect\n",
            "is not supported: the",
        ),
        (
            "apiVersion: sparkoperator.k8s.io/v1\nkind: SparkApplication\n",
            "is not supported: the po",
        ),
        ("&a [*a]", "it is nested too deeply"),
        ("a: !!python/object:os.system {}", "is not YAML"),
        ("\x00", "is not YAML"),
    ],
)
def test_a_file_without_an_application_is_one_message(
    monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    code, out, err = ended(text, monkeypatch)
    assert (code, out) == (2, "")
    assert err.startswith(("error: FILE=- ", "error: FILE=-:"))
    assert says in err
    assert "Traceback" not in err
