"""A stack of the project on the real engine: Automation API, file backend, stand-in providers."""

import asyncio
import json
import os
import runpy
import shutil
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from pulumi import automation
from pulumi.automation._stack import StackInitMode
from pulumi.automation.events import EngineEvent
from pulumi.runtime import _grpc_settings

from tests.tiers.programs import ROOT

from .outcome import Outcome, Step, collect
from .providers.aws import Aws
from .providers.base import Provider
from .providers.cloud import Cloud
from .providers.eks import Eks
from .providers.host import Host
from .providers.kubernetes import Kubernetes

# gRPC lets two servers of one user share a port, and the kernel then gives one that is in use:
# with two workers, a command's events went to the other worker's test.
_ALONE = ("grpc.so_reuseport", 0)
if _ALONE not in _grpc_settings._GRPC_CHANNEL_OPTIONS:
    _grpc_settings._GRPC_CHANNEL_OPTIONS.append(_ALONE)

PROVIDERS = Path(__file__).parent / "providers" / "bin"
_PROGRAM = ("components", "userdata", "settings", "versions")


class Project:
    """One stack in a folder of its own; `cloud` is the account it is deployed to.

    `more` are further providers, by package; each has a launcher in providers/bin. With
    `checkpoints` the engine writes its state after each operation, as it does for users; without,
    at the end only, which takes a third of its time and is the same unless it is killed.
    """

    def __init__(
        self,
        folder: Path,
        stack: str,
        cloud: Cloud,
        cli: Path,
        program: Path = ROOT,
        more: Mapping[str, Callable[[], Provider]] | None = None,
        checkpoints: bool = False,
    ) -> None:
        self.cloud, self.stack, self._cli, self.program = cloud, stack, cli, program
        self._folder, self._more, self._checkpoints = folder, more, checkpoints
        providers: dict[str, Callable[[], Provider]] = {
            "aws": lambda: Aws(cloud),
            "eks": lambda: Eks(cloud),
            "kubernetes": lambda: Kubernetes(cloud),
            **(more or {}),
        }
        self._host = Host(providers)
        self._loops: list[asyncio.AbstractEventLoop] = []
        _make_project(folder, program, list(providers))

    def __enter__(self) -> Self:
        self._host.__enter__()
        environment = {
            "PULUMI_BACKEND_URL": f"file://{self._folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "engine tier",
            "PULUMI_HOME": str(self._folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "PULUMI_EXPERIMENTAL": "true",  # without it the next one has no effect
            "PULUMI_SKIP_CHECKPOINTS": str(not self._checkpoints).lower(),
            "GOGC": "400",  # a command ends before its garbage matters
            "ENGINE_TIER_PORT": str(self._host.port),
        }
        workspace = _Workspace(
            work_dir=str(self._folder),
            program=self._run_program,
            env_vars=environment,
            pulumi_home=environment["PULUMI_HOME"],
            pulumi_command=_command_of(self._cli),
        )
        if not (self._folder / "state").exists():
            (self._folder / "state").mkdir()
            automation.Stack(self.stack, workspace, StackInitMode.CREATE)
        self._pulumi = _Stack(self.stack, workspace, StackInitMode.SELECT)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._host.__exit__(kind, error, trace)

    def copy(self, folder: Path, checkpoints: bool = False) -> "Project":
        """The same stack as it is now, in an account of its own."""
        cloud = self.cloud.copy()
        copied = Project(
            folder, self.stack, cloud, self._cli, self.program, self._more, checkpoints
        )
        for part in ("stacks", "state"):
            shutil.copytree(self._folder / part, folder / part, dirs_exist_ok=True)
        return copied

    def set(self, **knobs: Any) -> None:
        """Changes keys of the stack file; a dot in a key is written as two underscores."""
        path = self._folder / "stacks" / f"Pulumi.{self.stack}.yaml"
        document = yaml.safe_load(path.read_text())
        for key, value in knobs.items():
            top, *rest = key.split("__")
            name = f"spark-on-eks:{top}"
            if not rest:
                document["config"][name] = value
                continue
            target = document["config"].setdefault(name, {})
            for part in rest[:-1]:
                target = target.setdefault(part, {})
            target[rest[-1]] = value
        path.write_text(yaml.safe_dump(document))

    def preview(self, *policy_packs: Path) -> Outcome:
        """`pulumi preview`, with policy packs; their findings are among the messages."""
        return self._command(self._pulumi.preview, policy_packs=[str(one) for one in policy_packs])

    def plan(self) -> dict[str, dict[str, Any]]:
        """URN to the engine's record of each resource in a preview: `pulumi preview --save-plan`.

        Raises AssertionError where the preview fails.
        """
        path = self._folder / "plan.json"
        self._command(self._pulumi.preview, plan=str(path)).ok()
        return json.loads(path.read_text())["resourcePlans"]

    def up(self) -> Outcome:
        """`pulumi up`."""
        return self._command(self._pulumi.up, show_secrets=False)

    def refresh(self) -> Outcome:
        """`pulumi refresh`."""
        return self._command(self._pulumi.refresh, show_secrets=False)

    def destroy(self) -> Outcome:
        """`pulumi destroy --yes`: its preview first; if that fails, nothing is destroyed."""
        return self._command(self._pulumi.destroy, show_secrets=False)

    def recover(self) -> Outcome:
        """The recovery after a killed command: `pulumi cancel`, then `pulumi refresh
        --clear-pending-creates`."""
        self._pulumi.cancel()
        return self._command(self._pulumi.refresh, show_secrets=False, clear_pending_creates=True)

    def state(self) -> list[dict[str, Any]]:
        """The resources in the stack's state, as the backend's file has them."""
        (path,) = (self._folder / "state").glob(f".pulumi/stacks/*/{self.stack}.json")
        latest = json.loads(path.read_text())["checkpoint"]["latest"] or {}
        return latest.get("resources") or []

    def _command(self, call: Callable[..., Any], **options: Any) -> Outcome:
        steps: list[Step] = []
        messages: list[str] = []

        def on_event(event: EngineEvent) -> None:
            collect(event, steps, messages)

        failed = False
        try:
            call(on_event=on_event, **options)
        except automation.CommandError as error:
            failed = True
            # Without the line for each resource that went well.
            messages.append(str(error).partition("Diagnostics:")[2] or str(error))
        self._end_programs()
        return Outcome(steps, messages, failed)

    def _end_programs(self) -> None:
        """Ends a program whose engine was killed: it would wait forever, and its thread would block
        the exit of this process."""
        while self._loops:
            loop = self._loops.pop()
            with suppress(RuntimeError):  # it is closed: the program has ended
                loop.call_soon_threadsafe(_cancel_all)

    async def _run_program(self) -> None:
        self._loops.append(asyncio.get_running_loop())
        with _modules_of(self.program), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runpy.run_path(str(self.program / "__main__.py"), run_name="__main__")
        # As in ops.plan.program: else the SDK waits for all outputs again after each one.
        await asyncio.sleep(0)


def _cancel_all() -> None:
    for task in asyncio.all_tasks():
        task.cancel()


def _command_of(cli: Path) -> automation.PulumiCommand:
    """The CLI; the API looks for it on PATH, which a test may have restored."""
    if str(cli.parent) not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = f"{cli.parent}{os.pathsep}{os.environ['PATH']}"
    return _command()


@cache
def _command() -> automation.PulumiCommand:
    """The command, which asks the CLI for its version once."""
    return automation.PulumiCommand(skip_version_check=True)


class _Workspace(automation.LocalWorkspace):
    """Without the choice of a stack: each command names its own."""

    def select_stack(self, stack_name: str) -> None:
        pass


class _Stack(automation.Stack):
    """Without what no test reads, for which the API runs up to three more commands after each; and
    with what it leaves out of a destroy."""

    def _run_pulumi_cmd_sync(self, args: list[str], *given: Any) -> automation.CommandResult:
        if args[0] == "destroy":
            args = [one for one in args if one != "--skip-preview"]
        return super()._run_pulumi_cmd_sync(args, *given)

    def outputs(self) -> automation.OutputMap:
        return {}

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary:
        return automation.UpdateSummary("update", datetime.min, "", {}, {}, "unread")


def _make_project(folder: Path, program: Path, packages: Sequence[str]) -> None:
    document = yaml.safe_load((program / "Pulumi.yaml").read_text())
    document["plugins"] = {
        "providers": [{"name": package, "path": str(PROVIDERS)} for package in packages]
    }
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(document))
    # A file where the CLI would make a folder for a log of every command, at its most detailed,
    # which takes a quarter of its time.
    (folder / "home").mkdir()
    (folder / "home" / "logs").touch()
    shutil.copytree(program / "stacks", folder / "stacks")


_IMPORTS = threading.Lock()


@contextmanager
def _modules_of(program: Path) -> Iterator[None]:
    """Has the program's modules imported from its own folder, and from no other copy of it."""

    def own(name: str) -> bool:
        return name.partition(".")[0] in _PROGRAM

    with _IMPORTS:
        others = {name: sys.modules.pop(name) for name in list(sys.modules) if own(name)}
        mine = _LOADED.setdefault(program, {})
        sys.modules.update(mine)
        sys.path.insert(0, str(program))
        try:
            yield
        finally:
            mine.update({name: module for name, module in sys.modules.items() if own(name)})
            for name in mine:
                sys.modules.pop(name, None)
            sys.modules.update(others)
            sys.path.remove(str(program))


_LOADED: dict[Path, dict[str, Any]] = {}
