"""The checks of a live mount: valid, read-only bash with the platform's names."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ops.jobs.application import jar_names
from ops.jobs.catalog import JOBS, S3A_RELEASE
from ops.jobs.team import team_of
from ops.jobs.verify import script
from ops.plan.model import Plan
from tests import names
from tests.ops.jobs.variants import Variant, over, teams
from tests.plans import DAEMONSET, LOG_GROUPS, LOGS, NODE, ROOT, plan_of
from userdata.render import MountLimits, MountSource, mount_files

JARS = jar_names(JOBS["taxi-trip"])


def text_of(plan: Plan, team: str, release: str = S3A_RELEASE) -> str:
    return script(plan, team_of(plan, team), release, JARS)


@over()
def test_every_script_is_valid_and_clean_bash(variant: Variant, tmp_path: Path) -> None:
    is_clean_bash(tmp_path, *(text_of(p, team) for p in variant.plans() for team in teams(p)))


def is_clean_bash(folder: Path, *texts: str) -> None:
    """Fails where bash or shellcheck finds anything in one of the scripts."""
    files = [folder / f"{number}.sh" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    for command in (["bash", "-n"], [str(Path(sys.executable).parent / "shellcheck")]):
        result = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout) == (0, ""), result.stdout


@pytest.mark.parametrize(
    "level",
    [(), NODE, DAEMONSET, LOGS, LOG_GROUPS],
    ids=["pod", "userdata", "daemonset", "logs", "log-groups"],
)
def test_a_script_only_looks_but_for_one_attempt_to_write(level: tuple[str, ...]) -> None:
    text = text_of(plan_of("dev", *level), "team-a")
    for word in ("apply", "delete", "create", "patch", "cp ", "rm ", "put-", "restart", "send-"):
        assert f" {word}" not in text, word
    assert text.count("touch ") == 1
    assert 'if "${in_pod[@]}" touch /mnt/s3/jars/written-by-verify; then' in text
    verbs = set(re.findall(r"(?:kubectl|aws s3|aws ssm|aws logs) ([a-z-]+)", _commands(text)))
    assert verbs <= {"get", "exec", "logs", "ls", "start-session", "describe-log-streams"}


@pytest.mark.parametrize("level", [(), NODE, DAEMONSET], ids=["pod", "userdata", "daemonset"])
def test_every_step_has_its_expected_output(level: tuple[str, ...]) -> None:
    text = text_of(plan_of("dev", *level), "team-a", "2026-11-01")
    steps = re.findall(r"^# ([0-9]+)[.] (.+)$", text, re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    assert len(steps) >= 13
    shown = " ".join(says for _, says in steps)
    for wanted in ("spark-on-eks", *JARS, "refused", "mount-s3 and the version", "cache"):
        assert wanted in shown
    assert "release=2026-11-01" in text


def test_a_script_has_the_names_of_its_own_plan() -> None:
    plan = plan_of("staging")
    text = text_of(plan, "team-etl")
    assert plan.exports["jarBuckets"]["etl-jars"] in text
    assert plan.exports["jarBuckets"]["jars"] not in text
    assert plan.exports["kubeconfigCommand"] in text
    for level, volume in (
        ((), "spark-jars-team-a.jars-pod"),
        (NODE, "spark-jars-team-a.jars-node"),
    ):
        recorded = plan_of("dev", *level)
        assert f"Bound {volume}" in text_of(recorded, "team-a")
        assert volume in {one.object_name for one in recorded.of_kind("PersistentVolume")}


def test_what_is_looked_at_on_a_node_is_what_userdata_puts_there() -> None:
    source = MountSource("bucket", "spark/jars/", "us-west-2", "111122223333")
    files = mount_files(source, MountLimits(1024, 300), parent=names.NODE_PARENT, metrics_dir="/m")
    known = "".join(f"{file.path}\n{file.content}" for file in files.files)
    scripts = "".join(path.read_text() for path in (ROOT / "userdata").glob("*.sh"))
    text = _commands(text_of(plan_of("dev", *NODE), "team-a"))
    on_node = "\n".join(re.findall(r"on_node ['\"]([^'\"]+)", text))
    paths = set(re.findall(r"(?<![\w$}])/[\w./-]+", on_node))
    assert {"/usr/local/sbin/spark-jars", "/mnt/spark-jars", "/run/spark-jars/run"} <= paths
    written = known.replace("${real}", "${state}/parent").replace("${state}", "/run/spark-jars")
    marks = "/run/spark-jars/marks."
    for path in paths - {"/run/spark-jars/parent/jars", marks}:
        assert path in written or path in scripts, path
    for unit in re.findall(r"spark-jars[\w-]*[.]service", on_node):
        assert f"/etc/systemd/system/{unit}\n" in known
    # Where `fill.py` keeps what it knows of a folder, by the name of the cache's folder.
    assert marks in on_node
    assert 'run = Path((STATE / "run").read_text()).name\n' in known
    assert 'STATE / f"marks.{run}"' in known


def test_the_ways_in_are_the_platforms_own() -> None:
    daemon = text_of(plan_of("dev", *DAEMONSET), "team-a")
    name = names.MOUNT_DAEMONSET
    assert f"kubectl get pods -n {names.MOUNT_NAMESPACE} -l app.kubernetes.io/name={name}" in daemon
    assert "chroot /host" in daemon and "aws ssm" not in daemon
    pods = text_of(plan_of("dev"), "team-a")
    assert "on_node" not in pods and "-n mount-s3" in pods
    assert plan_of("dev").by_name("jar-mount-aws-mountpoint-s3-csi-driver")
    assert "aws ssm start-session --region us-west-2" in text_of(plan_of("dev", *NODE), "team-a")


def test_the_sentinel_is_the_object_that_the_stack_puts_there() -> None:
    plan = plan_of("dev")
    (sentinel,) = [one for one in plan.resources if one.name == "jars-sentinel"]
    name = str(sentinel.inputs["key"]).rpartition("/")[2]
    assert f"# 4. The mount is readable: {sentinel.inputs['content']}\n" in text_of(plan, "team-a")
    assert f"cat /mnt/s3/jars/{name}; echo" in text_of(plan, "team-a")


def _commands(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))
