"""What an application could do in the operator's own pod, without the policy that refuses it.

Shown harmlessly: the code writes down where it runs, and the file that is read is the test's.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.processes import wait_until
from tests.tiers.operator.applications import applied
from tests.tiers.operator.attempts import Attempt, trial
from tests.tiers.operator.attempts.applications import KEYS, MODE, changed
from tests.tiers.operator.cases import PODS_OF, Wanted, job_of
from tests.tiers.operator.conftest import Stack

TEAM = "team-a"
_SECONDS = 300
_WRITES_WHERE = """
import json, os, pathlib
pathlib.Path({to!r}).write_text(json.dumps(dict(os.environ)))
"""

pytestmark = pytest.mark.parametrize("live", PODS_OF[:1], ids=str, indirect=True)


@pytest.fixture(scope="module")
def job(api: Api, live: Stack) -> Iterator[Object]:
    """A job that is right, and the rights to apply it."""
    with trial.people(api, TEAM):
        yield job_of(live.combination, TEAM, "pi").application


def test_client_mode_would_run_the_job_with_the_operators_credentials(
    api: Api, live: Stack, job: Object, tmp_path: Path
) -> None:
    script, written = _script(tmp_path)
    client = _named(changed(job, {"mode": "client", "mainApplicationFile": f"local://{script}"}))
    assert MODE in trial.refusal(api, TEAM, Attempt("", "person", "create", client))
    with trial.without_rule(api, MODE):
        _run(api, client, written.exists)
    environment = json.loads(written.read_text())
    # The kubeconfig here, the mounted token there: rights to create pods in every team's namespace.
    assert environment["KUBECONFIG"] == str(live.operator.folder / "kubeconfig")


def test_a_key_of_spark_would_copy_a_file_of_the_operators_pod_into_a_configmap(
    api: Api, live: Stack, job: Object, tmp_path: Path
) -> None:
    secret = tmp_path / "token"
    secret.write_text("only the operator's pod can read this")
    conf = {"sparkConf": {"spark.kubernetes.kerberos.krb5.path": str(secret)}}
    reader = _named(changed(job, conf))
    assert KEYS in trial.refusal(api, TEAM, Attempt("", "person", "create", reader))

    def copies() -> list[str]:
        maps = api.items("ConfigMap", TEAM)
        return [one for held in maps for one in (held.get("data") or {}).values()]

    with trial.without_rule(api, KEYS):
        _run(api, reader, lambda: secret.read_text() in copies())


def _script(folder: Path) -> tuple[Path, Path]:
    """A program that writes its environment down, and the file that it writes."""
    folder.chmod(0o755)
    script, written = folder / "where.py", folder / "where.json"
    script.write_text(_WRITES_WHERE.format(to=str(written)))
    return script, written


def _named(job: Object) -> Object:
    return {**job, "metadata": {**job["metadata"], "name": "in-the-operator"}}


def _run(api: Api, application: Object, done: Callable[[], bool]) -> None:
    attempt = Attempt("the application", "person", "create", application)
    trial.await_success(api, TEAM, [attempt])
    with applied(api, [Wanted(TEAM, "pi", [], application)]):
        wait_until(done, "it ran in the operator's pod", seconds=_SECONDS)
