"""The admission policies against Spark's own parsers, taken from the published JAR."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tiers.cluster.api import Api, Object
from tests.tiers.operator.attempts import Attempt, trial
from tests.tiers.operator.attempts.applications import KEYS, changed, conf, schedule
from tests.tiers.operator.cases import PODS_OF, job_of
from tests.tiers.operator.conftest import Stack
from tests.tiers.operator.programs import Programs

TEAM, MOST = "team-a", 20
DYNAMIC = "spark.dynamicAllocation.enabled"
NUMBERS = (
    "spark.executor.instances",
    *(f"spark.dynamicAllocation.{one}Executors" for one in ("initial", "max", "min")),
)
_EXAMPLES = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
_BLANK = st.text(" \t\n\r\x0b\x0c\x1f\u00a0\u2003", max_size=2)
_OPTION = st.lists(
    st.sampled_from(["-D", "-", "D", "spark", ".", "x", "=", '"', "'", "\\", " ", "${", "}"]),
    max_size=9,
).map("".join)

DENIED = (
    "spark.kubernetes.authenticate",
    "spark.kubernetes.container.image",
    "spark.kubernetes.context",
    "spark.kubernetes.driver.connectionTimeout",
    "spark.kubernetes.driver.container.image",
    "spark.kubernetes.driver.master",
    "spark.kubernetes.driver.pod.featureSteps",
    "spark.kubernetes.driver.podTemplateContainerName",
    "spark.kubernetes.driver.podTemplateFile",
    "spark.kubernetes.driver.requestTimeout",
    "spark.kubernetes.executor.container.image",
    "spark.kubernetes.executor.pod.featureSteps",
    "spark.kubernetes.executor.podTemplateContainerName",
    "spark.kubernetes.executor.podTemplateFile",
    "spark.kubernetes.file.upload.path",
    "spark.kubernetes.kerberos.",
    "spark.kubernetes.submission.",
    "spark.kubernetes.submitInDriver",
    "spark.kubernetes.trust.certificates",
)
"""Keys below `spark.kubernetes.`, and their beginnings, that a team may not set."""
_ALLOWED_BELOW = (
    "spark.kubernetes.container.image.pullPolicy",
    "spark.kubernetes.container.image.pullSecrets",
)

pytestmark = pytest.mark.parametrize("live", PODS_OF[:1], ids=str, indirect=True)


class Reader:
    """Spark's parsers in a JVM of their own."""

    def __init__(self, spark: Programs) -> None:
        script = Path(__file__).with_name("spark_reader.py")
        environment = {**os.environ, "JAVA_HOME": str(spark.java_home)}
        self._process = subprocess.Popen(
            [spark.python, script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**environment, "SPARK_LOCAL_IP": "127.0.0.1"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def read(self, **request: Any) -> Any:
        """What Spark reads; None where it refuses to."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline()).get("value")


@pytest.fixture(scope="module")
def reader(spark: Programs) -> Iterator[Reader]:
    with Reader(spark) as running:
        yield running


@pytest.fixture(scope="module")
def job(api: Api, live: Stack) -> Iterator[Object]:
    """A job that is right, and the rights to apply it."""
    with trial.people(api, TEAM):
        yield job_of(live.combination, TEAM, "pi").application


@_EXAMPLES
@given(st.sampled_from(["true", "TRUE", "tRue", "false", "yes", "1", ""]), _BLANK, _BLANK)
def test_what_spark_reads_as_true_does_not_enable_dynamic_allocation(
    api: Api, job: Object, reader: Reader, word: str, before: str, after: str
) -> None:
    value = before + word + after
    if reader.read(entry=DYNAMIC, value=value):
        assert all(_refused(api, changed(job, conf(DYNAMIC, value)))), repr(value)


@_EXAMPLES
@given(
    st.sampled_from(NUMBERS),
    st.sampled_from(["5", "20", "21", "500", "+500", "0500", "５００", "٥٠٠", "1e9", "-1"]),
    _BLANK,
    _BLANK,
)
def test_a_number_that_spark_reads_as_too_many_is_refused(
    api: Api, job: Object, reader: Reader, key: str, digits: str, before: str, after: str
) -> None:
    value = before + digits + after
    if (reader.read(entry=key, value=value) or 0) > MOST:
        assert all(_refused(api, changed(job, conf(key, value)))), (key, repr(value))


@_EXAMPLES
@given(
    st.sampled_from(["driver", "executor", "spark.driver.extraJavaOptions"]),
    _OPTION.map(lambda text: f"{text}-Dspark.x=y") | _OPTION,
)
def test_an_option_that_spark_reads_as_its_own_is_refused(
    api: Api, job: Object, reader: Reader, place: str, options: str
) -> None:
    read = reader.read(options=options) or []
    if any(one.startswith("-Dspark.") for one in read):
        own = {place: {"javaOptions": options}}
        change = conf(place, options) if place.startswith("spark.") else own
        assert all(_refused(api, changed(job, change))), repr(options)


def test_each_key_of_spark_on_kubernetes_is_allowed_or_denied_on_purpose(
    api: Api, job: Object, reader: Reader
) -> None:
    keys = [f"{one}x" if one.endswith(".") else one for one in reader.read(keys=True)]
    assert len(keys) > 90
    wrong = []
    for key in keys:
        denied = key.startswith(DENIED) and key not in _ALLOWED_BELOW
        says = trial.refusal(api, TEAM, _attempt(changed(job, conf(key, TEAM))))
        if (KEYS in says) is not denied:
            wrong.append((key, says))
    assert wrong == []


def _refused(api: Api, job: Object) -> list[bool]:
    """Whether the job is refused, by itself and on a schedule."""
    return [bool(trial.refusal(api, TEAM, _attempt(one))) for one in (job, schedule(job))]


def _attempt(job: Object) -> Attempt:
    return Attempt("", "person", "create", job)
