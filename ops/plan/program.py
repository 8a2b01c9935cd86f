"""Runs a Pulumi program in this process, as Pulumi's own Python executor does."""

import asyncio
import contextlib
import io
import logging
import os
import runpy
import sys
import threading
import warnings
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import ModuleType

import pulumi
from pulumi.runtime import run_in_stack, set_all_config
from pulumi.runtime.settings import Settings, configure

from ops.plan.cloud import DEFAULT_ACCOUNT, DEFAULT_REGION, Cloud
from ops.plan.errors import PlanError, UserError
from ops.plan.monitor import RecordingEngine, RecordingMonitor
from ops.plan.stack import StackConfig

# Provider arguments default to these variables; a plan must not depend on the environment.
_AMBIENT = ("AWS_", "KUBECONFIG", "PULUMI_")
_OWN_PACKAGE = __name__.partition(".")[0]


def run(config: StackConfig, preview: bool) -> RecordingMonitor:
    """Runs the program once and returns the monitor with what it recorded.

    Raises UserError if the program rejects its configuration (`pulumi.RunError`), PlanError if it
    calls an unknown provider function; any other exception of the program propagates.
    """
    monitor = RecordingMonitor(config.project, config.stack, cloud_of(config), preview)
    result: Future[None] = Future()

    def target() -> None:
        try:
            _execute(config, monitor, preview)
        except BaseException as error:
            result.set_exception(error)
        else:
            result.set_result(None)

    with _program_environment(config.root, quiet=not preview):
        # Pulumi keeps its runtime in context variables and the event loop of the thread. A new
        # thread has neither, so runs do not affect each other.
        thread = threading.Thread(target=target, name="program", daemon=True)
        thread.start()
        thread.join()
    try:
        result.result()
    except pulumi.RunError as error:
        raise UserError(str(error).strip()) from None
    except SystemExit as error:
        raise UserError(f"the program exited (exit code {error.code})") from None
    except PlanError:
        raise PlanError(monitor.recording.problems) from None
    except Exception as error:
        for problem in monitor.recording.problems:
            error.add_note(problem)
        raise
    return monitor


def cloud_of(config: StackConfig) -> Cloud:
    """Returns the account and region that the stack names, or AWS's documentation account."""
    region = config.values.get("aws:region") or config.own("region") or DEFAULT_REGION
    account = config.own("account") or config.own("accountId") or DEFAULT_ACCOUNT
    scalar = not isinstance(account, dict | list) and not isinstance(region, dict | list)
    return Cloud(str(account), str(region)) if scalar else Cloud()


def _execute(config: StackConfig, monitor: RecordingMonitor, preview: bool) -> None:
    set_all_config(config.engine_values(), list(config.secret_keys))
    configure(
        Settings(
            project=config.project,
            stack=config.stack,
            monitor=monitor,
            engine=RecordingEngine(monitor.recording),
            dry_run=preview,
            organization="organization",
            root_directory=str(config.root),
        )
    )
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # One thread handles requests in the order of arrival.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=1))
    # A failed registration fails everything that waits for it; `run` raises the first exception.
    loop.set_exception_handler(lambda loop, context: None)
    try:
        loop.run_until_complete(run_in_stack(lambda: _program(config.program)))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _program(path: Path) -> None:
    runpy.run_path(str(path), run_name="__main__")
    # Lets the registrations begin. Without it the SDK first waits for the outputs, for all of them
    # again after each one (pulumi.runtime.stack.wait_for_rpcs).
    await asyncio.sleep(0)


@contextlib.contextmanager
def _program_environment(root: Path, quiet: bool) -> Generator[None]:
    """Sets the working directory, search path and environment for the program; restores them."""
    environment = dict(os.environ)
    arguments, search, modules, folder = sys.argv, sys.path, _shadowing(root), Path.cwd()
    for name in environment:
        if name.startswith(_AMBIENT):
            del os.environ[name]
    sys.argv = [str(root)]
    # The SDK looks up its call stack for each resource, and Python keeps the source of every file
    # in it: 7 MB for 200 resources. No plan shows where a resource is registered.
    limit = getattr(sys, "tracebacklimit", 1000)
    sys.tracebacklimit = 1
    sys.path = [entry for entry in sys.path if not (Path(entry or ".") / "Pulumi.yaml").is_file()]
    before = set(sys.modules)
    os.chdir(root)
    try:
        # The program's output is not part of the plan; that of one of the two runs is written to
        # stderr.
        prints = contextlib.redirect_stdout(io.StringIO() if quiet else sys.stderr)
        with warnings.catch_warnings(), prints:
            # pulumi_aws.s3 and pulumi_eks warn about their own deprecated names on import.
            warnings.simplefilter("ignore")
            yield
    finally:
        os.chdir(folder)
        sys.argv, sys.path, sys.tracebacklimit = arguments, search, limit
        os.environ.clear()
        os.environ.update(environment)
        if root != _home():
            for name in set(sys.modules) - before:
                if _is_below(sys.modules[name], root):
                    del sys.modules[name]
        sys.modules.update(modules)


def _shadowing(root: Path) -> dict[str, ModuleType]:
    """Removes modules from `sys.modules` whose names the project in `root` also has."""
    taken: dict[str, ModuleType] = {}
    if root == _home():
        return taken
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        if top in (_OWN_PACKAGE, "__main__") or not _is_below(module, _home()):
            continue
        if not _is_below(module, root) and ((root / top).is_dir() or (root / f"{top}.py").exists()):
            taken[name] = sys.modules.pop(name)
    return taken


@cache
def _home() -> Path:
    return Path(__file__).resolve().parents[2]


def _is_below(module: ModuleType, root: Path) -> bool:
    source = getattr(module, "__file__", None)
    if not source or not source.startswith(f"{root}{os.sep}"):
        return False
    return "site-packages" not in source


logging.getLogger("asyncio").setLevel(logging.CRITICAL)
