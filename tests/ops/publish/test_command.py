"""The command as a user or a pipeline runs it: output, exit codes, a killed process."""

import io
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from ops.publish import cli
from ops.publish.progress import reporting
from ops.publish.publish import MANIFEST
from tests.ops.publish.conftest import Place, Run, write_jar
from tests.ops.publish.maven_server import MavenServer
from tests.ops.publish.s3 import OWNER, REGION, S3, Refuse, Request
from tests.plans import ROOT


def url(place: Place) -> str:
    return f"s3://{place.to.bucket}/{place.to.prefix}"


def test_a_release_is_uploaded_to_its_sets_bucket(server: S3, run: Run, tmp_path: Path) -> None:
    bucket = f"spark-staging-etl-jars-{OWNER}-{REGION}"
    where = {"LocationConstraint": REGION}
    server.client.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    maven = MavenServer()
    maven.add("org/x/lib/1/lib-1.jar", write_jar(tmp_path / "lib-1.jar"), "sha1")
    wanted = (str(write_jar(tmp_path / "own.jar")), "org.x:lib:1", "--release", "2026-11-01")
    arguments = (*wanted, "--stack", "staging", "--jar-set", "etl-jars", "--repository", maven.url)
    first, second = run(*arguments), run(*arguments)
    maven.close()
    path = "/opt/spark/jars/*:/mnt/s3/jars/2026-11-01/own.jar:/mnt/s3/jars/2026-11-01/lib-1.jar"
    lines = f'spark.driver.extraClassPath: "{path}"\nspark.executor.extraClassPath: "{path}"\n'
    assert (first.exit_code, first.stdout) == (0, lines), first.stderr
    assert f"published s3://{bucket}/spark/jars/2026-11-01/: 2 JARs" in first.stderr
    assert "org.x:lib:1: sha1 as published" in first.stderr
    assert (second.exit_code, second.stdout) == (0, lines)
    assert "is already published" in second.stderr and "nothing was uploaded" in second.stderr


def test_the_releases_of_a_teams_set_are_listed(
    server: S3,
    run: Run,
    tmp_path: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    bucket = f"spark-staging-etl-jars-{OWNER}-{REGION}"
    with suppress(server.client.exceptions.BucketAlreadyOwnedByYou):
        where = {"LocationConstraint": REGION}
        server.client.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    jar = str(write_jar(tmp_path / "own.jar"))
    assert run(jar, "--release", "2026-11-02", "--stack", "staging", "--jar-set", "etl-jars")
    of_team = ["releases", "--stack", "staging", "--team", "team-etl"]

    def releases(*words: str) -> Result:
        return CliRunner().invoke(cli.app, [*of_team, *words])

    assert "etl-jars  2026-11-02  1     0.0 MB  none      complete" in releases().stdout
    assert releases("2026-11-02").exit_code == 0
    absent = releases("2026-11-03")
    assert absent.exit_code == 1
    assert absent.stdout.splitlines()[1].split()[:2] == ["etl-jars", "2026-11-03"]
    assert "not published" in absent.stdout


def test_an_unknown_set_of_jars_is_answered_with_those_there_are(run: Run, tmp_path: Path) -> None:
    jar = str(write_jar(tmp_path / "x.jar"))
    result = run(jar, "--release", "r1", "--stack", "staging", "--jar-set", "pools")
    assert result.exit_code == 2
    assert "no set of JARs 'pools'; it has: etl-jars, jars" in result.stderr


def test_a_stack_of_another_account_or_unknown_is_refused(run: Run, tmp_path: Path) -> None:
    jar = str(write_jar(tmp_path / "x.jar"))
    result = run(jar, "--release", "r1", "--stack", "prod")
    assert result.exit_code == 2
    assert f"belongs to account 111122223333, and the credentials are of {OWNER}" in result.stderr
    result = run(jar, "--release", "r1", "--stack", "production")
    assert result.exit_code == 2
    assert "the stacks are: dev, existing, prod, prod-a, prod-b, staging, test" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--release", "r1", "--to", "TO"], "nothing to publish"),
        (["x.jar", "--to", "TO"], "cannot be a release's name"),
        (["x.jar", "--release", "r1"], "use --stack or --to"),
        (["x.jar", "--release", "r1", "--to", "TO", "--stack", "dev"], "use --stack or --to"),
        (["x.jar", "--release", "r1", "--stack", "dev", "--region", "x"], "need --to"),
        (["x.jar", "gone.jar", "--release", "r1", "--to", "TO"], "there is no such file"),
        (["x.jar", "y.jar", "--release", "r1", "--to", "TO"], "the same class is in two JARs"),
        (["a:b:1", "--release", "r1", "--to", "TO", "--repository", "http://x"], "https://"),
        (["--releas", "r1", "x.jar"], "No such option"),
    ],
)
def test_a_wrong_request_gives_one_message_exit_code_2_and_uploads_nothing(
    place: Place,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("x.jar", "y.jar"):
        write_jar(tmp_path / name, classes=["org/x/Same.class"])
    result = run(*[url(place) if word == "TO" else word for word in arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert place.s3.stored == {}


def test_allow_duplicates_publishes_equal_classes(place: Place, run: Run, tmp_path: Path) -> None:
    jars = [str(write_jar(tmp_path / name, classes=["a/B.class"])) for name in ("x.jar", "y.jar")]
    result = run(*jars, "--release", "r1", "--to", url(place), "--allow-duplicates")
    assert result.exit_code == 0, result.stderr


def test_missing_credentials_or_rights_are_errors(place: Place, run: Run, tmp_path: Path) -> None:
    arguments = (str(write_jar(tmp_path / "x.jar")), "--release", "r1", "--to", url(place))
    result = run(*arguments, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert result.exit_code == 1 and "there are no AWS credentials" in result.stderr
    result = run(*arguments, AWS_REGION=None, AWS_DEFAULT_REGION=None)
    assert result.exit_code == 2 and "--region or AWS_REGION" in result.stderr
    result = run(*arguments, AWS_PROFILE="absent")
    assert result.exit_code == 1 and "absent" in result.stderr
    result = run(*arguments, "--bucket-owner", "999999999999")
    assert result.exit_code == 1 and "belongs to another account" in result.stderr
    result = run(*arguments[:-1], "s3://no-such-bucket-here/jars/")
    assert result.exit_code == 1 and "the bucket does not exist" in result.stderr

    def expired(request: Request) -> None:
        raise Refuse(400, "ExpiredToken", "The provided token has expired.")

    place.s3.before = expired
    result = run(*arguments)
    assert result.exit_code == 1 and "rejects the credentials" in result.stderr


def test_a_process_that_is_killed_leaves_no_release_and_the_next_one_finishes_it(
    place: Place, environment: dict[str, str], tmp_path: Path
) -> None:
    jars = [str(write_jar(tmp_path / name)) for name in ("x.jar", "y.jar")]
    arguments = [*jars, "--release", "r1"]
    command = [sys.executable, "-m", "ops", "publish-jars", *arguments, "--to", url(place)]
    running: list[subprocess.Popen[bytes]] = []

    def start() -> int:
        everything = {**os.environ, **environment}
        pipe = subprocess.PIPE
        running.append(
            subprocess.Popen(command, cwd=ROOT, env=everything, stderr=pipe, stdout=pipe)
        )
        _, error = running[-1].communicate()
        assert running[-1].returncode in (0, -signal.SIGKILL), error
        return running[-1].returncode

    def kill_before_release_json(request: Request) -> None:
        if request.operation == "PutObject" and request.key.endswith(MANIFEST):
            running[-1].kill()
            raise ConnectionError

    place.s3.before = kill_before_release_json
    assert start() == -signal.SIGKILL
    assert place.objects().keys() == {"r1/x.jar", "r1/y.jar"}
    place.s3.before = lambda request: None
    assert start() == 0
    assert f"r1/{MANIFEST}" in place.objects()
    assert set(place.s3.stored.values()) == {1}


def test_a_terminal_gets_bars_and_a_log_a_line_a_jar(capsys: pytest.CaptureFixture[str]) -> None:
    screen = io.StringIO()
    with reporting(Console(file=screen, force_terminal=True, width=120)) as report:
        with report.task("uploading", "x[1].jar", 2_000_000) as advance:
            advance(2_000_000)
        report.say("published s3://b/jars/r1/")
    assert "uploading x[1].jar" in screen.getvalue() and "2.0/2.0 MB" in screen.getvalue()
    log = Console(file=io.StringIO())
    with reporting(log) as report, report.task("uploading", "x.jar", 2_000_000) as advance:
        advance(2_000_000)
        assert capsys.readouterr().err == ""
    assert capsys.readouterr().err == "uploading x.jar, 2.0 MB: done\n"
