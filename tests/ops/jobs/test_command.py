"""`make job` and `make verify`: what they print, and how they fail."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from ops.jobs import cli
from ops.jobs.catalog import S3A, S3A_RELEASE
from ops.jobs.jobfile import Catalog, JobFile, PodSize, PythonEnvironment, Restart, Schedule
from ops.jobs.team import NO_ACCOUNT
from ops.publish import request
from tests.ops.jobs.own_jobs import CASES
from tests.ops.jobs.variants import application
from tests.plans import ROOT, plan_of

BUCKETS = (
    "spark.teams=[{name: team-a, buckets: [{name: data, prefix: trips/}, "
    "{name: lake, prefix: team-a/, access: readWrite}]}]"
)
Run = Callable[..., Result]


@pytest.fixture(name="run")
def _run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in this process, over plans that other tests have recorded."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli.app, list(arguments))

    monkeypatch.setattr("ops.plan.record.record", lambda _, stack, keys: plan_of(stack, *keys))
    return run


def job(run: Run, *arguments: str, name: str = "taxi-trip", team: str = "team-a") -> Result:
    return run("job", "--stack", "dev", "--job", name, "--team", team, *arguments)


def test_stdout_is_yaml_and_nothing_else_and_everything_to_know_is_on_stderr(run: Run) -> None:
    result = job(run, "--in", "s3a://data/trips/", "--out", "s3a://lake/out")
    assert result.exit_code == 0
    config_map, application = yaml.safe_load_all(result.stdout)
    assert (config_map["kind"], application["kind"]) == ("ConfigMap", "SparkApplication")
    assert application["metadata"] == {"name": "taxi-trip", "namespace": "team-a"}
    wanted_arguments = ["--input", "s3a://data/trips/", "--output", "s3a://lake/out"]
    assert application["spec"]["arguments"] == wanted_arguments
    assert "kubectl apply -f job.yaml" in result.stderr


def test_a_job_for_a_cluster_that_takes_none_is_refused_with_where_to_go(run: Run) -> None:
    result = job(
        run, "--set", "spark.acceptJobs=false", "--set", "spark.submitTo=[prod-b]", name="pi"
    )
    assert (result.exit_code, result.stdout) == (2, "")
    assert "this cluster takes no new jobs: submit to prod-b" in result.stderr


def test_it_prints_the_command_that_publishes_the_very_jars_of_the_class_path(run: Run) -> None:
    result = job(run, "--in", "s3a://data/i", "--out", "s3a://data/o", "--release", "2026-11-01")
    (line,) = [line for line in result.stderr.splitlines() if "make publish-jars" in line]
    words = dict(
        word.split("=", 1) for word in shlex.split(line.partition("make publish-jars ")[2])
    )
    assert (words["STACK"], words["RELEASE"]) == ("dev", "2026-11-01")
    assert words["JARS"].split() == list(S3A)
    application = list(yaml.safe_load_all(result.stdout))[-1]
    path = application["spec"]["sparkConf"]["spark.executor.extraClassPath"]
    published = [item.file_name for item in request.parse(words["JARS"].split())]  # ty: ignore
    assert path.split(":")[1:] == [f"/mnt/s3/jars/2026-11-01/{name}" for name in published]


def test_it_names_the_set_of_jars_of_a_pool_with_a_bucket_of_its_own(run: Run) -> None:
    folders = ("--in", "s3a://data/i", "--out", "s3a://data/o")
    result = run("job", "--stack", "staging", "--job", "taxi-trip", "--team", "team-etl", *folders)
    assert "make publish-jars STACK=staging JAR_SET=etl-jars RELEASE=" in result.stderr


def test_pi_needs_neither_release_nor_folders(run: Run) -> None:
    result = job(run, name="pi")
    assert result.exit_code == 0
    assert "publish-jars" not in result.stderr
    assert S3A_RELEASE not in result.stdout


def test_folders_are_the_teams_own_unless_they_are_named(run: Run) -> None:
    result = job(run, "--set", BUCKETS)
    assert result.exit_code == 0
    arguments = list(yaml.safe_load_all(result.stdout))[-1]["spec"]["arguments"]
    assert arguments[1::2] == [
        "s3a://lake/team-a/taxi-trip/input/",
        "s3a://lake/team-a/taxi-trip/output/",
    ]
    assert "warning" not in result.stderr


@pytest.mark.parametrize(
    ("folder", "output", "denied"),
    [
        ("s3a://data/trips/2024", "s3a://lake/team-a/x", ""),
        ("s3a://data/other", "s3a://lake/team-a/x", "read s3a://data/other "),
        ("s3a://data/trips", "s3a://data/trips/out", "write s3a://data/trips/out "),
        ("s3a://data/trips", "s3a://lake/team-b/x", "write s3a://lake/team-b/x "),
    ],
)
def test_a_denied_folder_is_a_warning(run: Run, folder: str, output: str, denied: str) -> None:
    result = job(run, "--set", BUCKETS, "--in", folder, "--out", output)
    assert result.exit_code == 0
    warnings = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == bool(denied)
    assert denied in "".join(warnings)


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Callable[..., str]:
    """Writes documents into a file."""

    def write(*documents: dict[str, Any]) -> str:
        path = tmp_path / "own.yaml"
        path.write_text(yaml.safe_dump_all(documents))
        return str(path)

    return write


def check(run: Run, file: str, *arguments: str) -> Result:
    return run("check-job", "--file", file, "--stack", "dev", "--team", "team-a", *arguments)


OURS = application(plan_of("dev"), "pi", "team-a")
THEIRS = next(one for one in CASES if one.name == "folder of the node").application


def test_an_application_that_runs_ends_with_0_and_one_that_does_not_with_1(
    run: Run, file: Callable[..., str]
) -> None:
    good, bad = check(run, file(OURS)), check(run, file(OURS, THEIRS))
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert good.stdout == (
        "SparkApplication pi for team team-a of stack dev: nothing known keeps it from running\n"
    )
    assert good.stderr == bad.stderr == ""
    assert (
        "SparkApplication folder-of-node for team team-a of stack dev: would not run" in bad.stdout
    )


def test_a_verdict_has_field_value_reason_and_what_to_write(
    run: Run, file: Callable[..., str]
) -> None:
    result = check(run, file(THEIRS), "--format", "json")
    (one,) = json.loads(result.stdout)["applications"]
    found = {each["field"]: each for each in one["findings"]}["spec.driver.serviceAccount"]
    assert found["severity"] == "error"
    assert (found["value"], found["instead"]) == ("etl-team", "spark-driver")
    assert "the stack creates no such account" in found["why"]
    assert found["fixable"] is True
    text = check(run, file(THEIRS)).stdout
    assert "  spec.driver.serviceAccount: etl-team\n    the stack creates no such account" in text
    markdown = check(run, file(THEIRS), "--format", "markdown").stdout
    assert "| error | `spec.driver.serviceAccount` | `etl-team` |" in markdown


def test_a_file_put_right_is_on_stdout_and_what_remains_on_stderr(
    run: Run, file: Callable[..., str]
) -> None:
    beside = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {}}
    result = check(run, file(beside, THEIRS), "--fix")
    first, right = yaml.safe_load_all(result.stdout)
    assert first == beside
    assert right["spec"]["driver"]["serviceAccount"] == "spark-driver"
    assert "put right: folder-of-node: spec.driver.serviceAccount: " in result.stderr
    assert "warnings: it runs, and it hurts" in result.stderr
    assert result.exit_code == 0
    assert check(run, file(beside, right)).exit_code == 0


def test_check_job_says_what_is_wrong_with_its_arguments(
    run: Run, file: Callable[..., str]
) -> None:
    for arguments, says in {
        ("--file", ""): "FILE= is missing",
        ("--file", "nowhere.yaml"): "FILE=nowhere.yaml cannot be read: No such file",
        ("--file", file(OURS), "--team", "team-x"): "there is no team 'team-x' in stack dev",
        ("--file", file(OURS), "--stack", "qa"): "there is no stack 'qa'",
        ("--file", file(OURS), "--format", "xml"): "--format xml: is not one of",
    }.items():
        result = run("check-job", "--stack", "dev", "--team", "team-a", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("error: ") and says in result.stderr


def test_a_bucket_of_the_account_needs_the_account_to_be_put_right(
    run: Run, file: Callable[..., str]
) -> None:
    own = file(application(plan_of("dev"), "taxi-trip", "team-a"))
    refused = check(run, own, "--set", LOGS, "--fix")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "stack dev sets none: ACCOUNT=" in refused.stderr
    given = check(run, own, "--set", LOGS, "--fix", "--account", "123456789012")
    assert given.exit_code == 0
    assert "s3a://spark-dev-logs-123456789012-us-west-2/events/team-a/" in given.stdout


def test_make_job_takes_a_jobs_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "count.py").write_text("print(1)\n")
    path = tmp_path / "count.yaml"
    path.write_text("main: count.py\nexecutors: 2\n")
    result = run("job", "--file", str(path), "--stack", "dev", "--team", "team-a")
    assert result.exit_code == 0
    assert result.stderr == "count for team team-a of stack dev: kubectl apply -f job.yaml\n"
    (config_map, spark) = yaml.safe_load_all(result.stdout)
    assert config_map["data"] == {"count.py": "print(1)\n"}
    assert spark["metadata"]["name"] == "count"
    both = run("job", "--file", str(path), "--job", "pi", "--stack", "dev", "--team", "team-a")
    assert (both.exit_code, "name one of them" in both.stderr) == (2, True)


_SCRAPED = ("--set", "observability.metrics.enabled=true")


def _titled(run: Run, folder: Path, *sets: str) -> Result:
    (folder / "load.py").write_text("""SparkSession.builder.appName('daily "A"').getOrCreate()\n""")
    file = folder / "load.yaml"
    file.write_text("main: load.py\nexecutors: 2\n")
    return run("job", "--file", str(file), "--stack", "dev", "--team", "team-a", *sets)


def test_make_job_writes_such_a_job_and_says_what_is_lost(run: Run, tmp_path: Path) -> None:
    made = _titled(run, tmp_path, *_SCRAPED)
    assert made.exit_code == 0
    assert "line 1 of load.py gives the job a title that Prometheus cannot read" in made.stderr
    assert "the application's name" in made.stderr
    assert "title" not in _titled(run, tmp_path).stderr, "no Prometheus scrapes it"


def test_check_job_says_it_of_a_file_with_the_program_in_it(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(_titled(run, tmp_path).stdout)
    arguments = ("--file", str(file), "--stack", "dev", "--team", "team-a")
    checked = run("check-job", *arguments, *_SCRAPED)
    assert checked.exit_code == 0
    assert "line 1 of load.py gives the job a title" in checked.stdout
    assert "title" not in run("check-job", *arguments).stdout


S3 = ("--in", "s3a://data/i", "--out", "s3a://data/o")
WRONG: list[tuple[tuple[str, ...], str]] = [
    (("--stack", "qa"), "there is no stack 'qa'; the stacks are: dev, existing, prod"),
    (("--team", "team-x", *S3), "there is no team 'team-x' in stack dev; "),
    (("--team", "", *S3), "no team given in stack dev; spark-on-eks:spark.teams has: team-a"),
    (
        ("--job", "taxi", *S3),
        "there is no job 'taxi'; FILE= is a job's file, or JOB= is one of\n  pi: ",
    ),
    (("--job", ""), "no job given; FILE= is a job's file, or JOB= is one of"),
    (("--team", "team-b"), "IN= is missing, and team team-b has no folder of its own"),
    (
        ("--team", "team-b", "--in", "s3a://data/i"),
        "OUT= is missing, and team team-b has no folder of its own",
    ),
    (("--in", "s3://data/i", "--out", "s3a://data/o"), "IN=s3://data/i is not a folder in S3"),
    (("--in", "s3a://data/i", "--out", "s3a://data/"), "OUT=s3a://data/ is not a folder in S3"),
    (("--job", "pi", "--out", "s3a://data/o"), "pi reads and writes nothing in S3"),
    (("--release", "Release 1", *S3), "'Release 1' cannot be a release's name"),
    (("--executors", "many", *S3), "EXECUTORS=many is not a number of executors"),
    (("--executors", "0", *S3), "EXECUTORS=0 is not a number of executors"),
    (
        ("--executors", "21", *S3),
        "spec.executor.instances 21: spec.executor.instances is above the team's maxExecutors",
    ),
    (("--name", "Taxi", *S3), "NAME 'Taxi' cannot be a job's"),
    (
        ("--set", "spark.teams=[{name: team-a, maxExecutors: 2, quota: {cpu: 7}}]", *S3),
        "taxi-trip cannot run for team team-a of stack dev:\n  spec.executor.instances: the job "
        "needs 8 of requests.cpu and the quota of team team-a is 7",
    ),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG, ids=[says[:45] for _, says in WRONG])
def test_a_wrong_request_is_one_message(run: Run, arguments: tuple[str, ...], says: str) -> None:
    result = job(run, *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ") and says in result.stderr
    assert "Traceback" not in result.stderr


LOGS = "spark={historyServer: {enabled: true, release: r1}, teams: [{name: team-a}]}"


def test_a_missing_account_is_an_error_and_never_made_up(run: Run) -> None:
    refused = job(run, "--set", LOGS, *S3)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "stack dev sets none: ACCOUNT=, or spark-on-eks:account" in refused.stderr
    given = job(run, "--set", LOGS, "--account", "123456789012", *S3)
    assert given.exit_code == 0
    assert "s3a://spark-dev-logs-123456789012-us-west-2/events/team-a/" in given.stdout
    other = job(run, "--account", "123456789012", name="pi", team="analytics")
    assert "there is no team" in other.stderr
    prod = run(*["job", "--stack", "prod", "--job", "pi", "--team", "analytics"], "--account", "1")
    assert "ACCOUNT=1 is not an AWS account" in prod.stderr
    prod = run("job", "--stack", "prod", "--job", "pi", "--account", "123456789012")
    assert "ACCOUNT=123456789012: stack prod belongs to account 111122223333" in prod.stderr


def test_checks_look_up_the_account_if_the_stack_sets_none(run: Run) -> None:
    dev = run("verify", "--stack", "dev", "--team", "team-a")
    assert "s3://spark-dev-jars-${account}-us-west-2/spark/jars/${release}/" in dev.stdout
    assert NO_ACCOUNT not in dev.stdout
    prod = run("verify", "--stack", "prod", "--team", "analytics", "--release", "r1")
    assert "s3://spark-prod-jars-111122223333-us-west-2/spark/jars/" in prod.stdout
    assert dev.stderr == prod.stderr == ""


@pytest.mark.parametrize("command", [["job", "--job", "pi"], ["verify"]])
def test_a_job_and_its_checks_have_markdown_and_json_formats(run: Run, command: list[str]) -> None:
    words = [*command, "--stack", "dev", "--team", "team-a", "--format"]
    text, markdown, data = (run(*words, style) for style in ("text", "markdown", "json"))
    assert text.exit_code == markdown.exit_code == data.exit_code == 0
    assert "```" in markdown.stdout and "```" not in text.stdout
    assert json.loads(data.stdout)
    if command == ["verify"]:
        commands = [one["command"] for one in json.loads(data.stdout)["steps"]]
        assert all(one in text.stdout and one in markdown.stdout for one in commands)


PAGE = (ROOT / "docs" / "jobs.md").read_text()
SHOWN = re.compile(r"^\$ make job (.*?)(?: > job\.yaml)?\n((?:(?!```).*\n)+?)```$", re.MULTILINE)
VARIABLES = {"JOB": "job", "STACK": "stack", "TEAM": "team", "EXECUTORS": "executors"}


@pytest.mark.parametrize(("arguments", "output"), SHOWN.findall(PAGE))
def test_the_page_shows_of_a_job_what_is_printed(run: Run, arguments: str, output: str) -> None:
    given = [word.split("=", 1) for word in shlex.split(arguments)]
    options = [part for key, value in given for part in (f"--{VARIABLES[key]}", value)]
    assert run("job", *options).stderr == output


def test_what_the_page_shows_of_the_checks_is_what_is_printed(run: Run) -> None:
    (shown,) = re.findall(r"```bash\n((?:.*\n)+?)```", PAGE)
    text = run("verify", "--stack", "dev", "--team", "team-a", "--release", "2026-11-01").stdout
    assert shown in text
    assert len(SHOWN.findall(PAGE)) == 2


def test_the_page_names_every_variable_of_the_command() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\njob: ")[2].partition("\n\n")[0]
    for variable in re.findall(r"\$\(([A-Z]+)\)", recipe.replace("$(READY)", "")):
        assert variable == "BIN" or f"`{variable}`" in PAGE, variable


PAGES = ("own-job.md", "moving-jobs.md")
COMMANDS = re.compile(
    r"^\$ make (job|check-job) (.*?)(?: > (\S+))?\n((?:(?!```).*\n)+?)```$", re.MULTILINE
)
OPTIONS = {"FILE": "file", "STACK": "stack", "TEAM": "team"}


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_on_own_jobs_show_what_is_printed(run: Run, tmp_path: Path, name: str) -> None:
    found = COMMANDS.findall((ROOT / "docs" / name).read_text())
    assert len(found) == 2
    for command, arguments, target, output in found:
        options: list[str] = []
        for key, value in (word.split("=", 1) for word in shlex.split(arguments)):
            if key == "FIX":
                options.append("--fix")
                continue
            # A file that a command above wrote, or one of the project.
            made = tmp_path / value
            path = str(made if made.is_file() else ROOT / value)
            options += [f"--{OPTIONS[key]}", path if key == "FILE" else value]
        result = run(command, *options)
        if target:
            (tmp_path / target).write_text(result.stdout)
        assert (result.stderr if target else result.stdout) == output


def test_the_page_names_every_key_of_a_jobs_file() -> None:
    page = (ROOT / "docs" / "own-job.md").read_text()
    sections = (JobFile, PodSize, Schedule, Restart, Catalog, PythonEnvironment)
    for model in sections:
        for field in model.model_fields.values():
            assert re.search(rf"\b{field.alias}\b", page), field.alias


def test_the_first_job_of_the_page_is_the_one_of_the_examples() -> None:
    page = (ROOT / "docs" / "own-job.md").read_text()
    assert f"```yaml\n{(ROOT / 'examples' / 'primes.yaml').read_text()}```" in page
    for line in re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0].splitlines():
        assert line in (ROOT / "examples" / "primes.py").read_text()
    assert "primes: 9592 below 100000" in page
