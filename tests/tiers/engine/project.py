"""A stack of the project on the real engine: Automation API, file backend, stand-in providers."""

import asyncio
import json
import runpy
import shutil
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import deepcopy
from datetime import datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import yaml
from pulumi import automation
from pulumi.automation._stack import StackInitMode

from ops.plan.overrides import parse_all, set_path
from tests.tiers.programs import ROOT, built

from .outcome import Outcome
from .providers.aws import Aws
from .providers.cloud import Cloud
from .providers.eks import Eks
from .providers.host import Host, Make
from .providers.kubernetes import Kubernetes

_LAUNCHER = Path(__file__).parent / "providers" / "launcher"
_PROGRAM = ("components", "userdata", "settings", "versions")
_HOW_TO_GET = (
    "needs the Pulumi CLI: install it (pulumi.com/docs/iac/download-install), or install Go 1.26 "
    "and let dev/engine/build make it"
)


@cache
def cli() -> automation.PulumiCommand:
    """The CLI on PATH, or built by dev/engine. Raises RuntimeError, which says how to get it."""
    root = None
    if not shutil.which("pulumi"):
        root = str(built(ROOT / "dev" / "engine" / "build", _HOW_TO_GET).parent)
    return automation.PulumiCommand(root, skip_version_check=True)


_MISSED = ("Failed to connect to remote host: Connection refused", "resource monitor shut down")


class Project:
    """One stack in a folder of its own; `cloud` is the account it is deployed to.

    `more` are further providers, by package, or others in place of the stand-ins. With
    `checkpoints` the engine writes its state after each operation, as it does for users; without,
    at the end only, which takes a third of its time and is the same unless it is killed.
    """

    def __init__(
        self,
        folder: Path,
        stack: str,
        cloud: Cloud,
        program: Path = ROOT,
        checkpoints: bool = False,
        more: Mapping[str, Make] | None = None,
    ) -> None:
        self.cloud, self.stack, self.program = cloud, stack, program
        self._folder, self._checkpoints = folder, checkpoints
        packages: dict[str, Make] = {
            "aws": Aws,
            "eks": Eks,
            "kubernetes": Kubernetes,
            **(more or {}),
        }
        self._host = Host(cloud, packages)
        self.loops: list[asyncio.AbstractEventLoop] = []
        """Event loops of the program's runs."""
        _make_project(folder, program, packages)

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
        workspace = automation.LocalWorkspace(
            work_dir=str(self._folder),
            program=self._run_program,
            env_vars=environment,
            pulumi_home=environment["PULUMI_HOME"],
            pulumi_command=cli(),
        )
        workspace.select_stack = lambda stack_name: None  # each command names its own
        state = self._folder / "state"
        mode = StackInitMode.SELECT if state.exists() else StackInitMode.CREATE
        state.mkdir(exist_ok=True)
        self._pulumi = _Stack(self.stack, workspace, mode)
        return self

    def __exit__(self, *error: object) -> None:
        self._host.__exit__(*error)

    def copy(self, folder: Path, checkpoints: bool = False) -> "Project":
        """The same stack as it is now, in an account of its own."""
        copied = Project(folder, self.stack, deepcopy(self.cloud), self.program, checkpoints)
        for part in ("stacks", "state"):
            shutil.copytree(self._folder / part, folder / part, dirs_exist_ok=True)
        return copied

    def change(self, *settings: str) -> None:
        """Changes keys of the stack file: `key.below=value`, as in `make plan SET=...`."""
        path = self._folder / "stacks" / f"Pulumi.{self.stack}.yaml"
        document = yaml.safe_load(path.read_text())
        for setting in parse_all(settings):
            key = f"spark-on-eks:{setting.key}"
            document["config"][key] = set_path(document["config"].get(key), setting)
        path.write_text(yaml.safe_dump(document))

    def reset(self, *settings: str) -> None:
        """The stack file as the program has it, with these keys changed."""
        name = f"stacks/Pulumi.{self.stack}.yaml"
        shutil.copy(self.program / name, self._folder / name)
        self.change(*settings)

    def configure(self, text: str) -> None:
        """Replaces the stack file."""
        (self._folder / "stacks" / f"Pulumi.{self.stack}.yaml").write_text(text)

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

    def up(self, **options: bool) -> Outcome:
        """`pulumi up`."""
        return self._command(self._pulumi.up, **options)

    def refresh(self, **options: bool) -> Outcome:
        """`pulumi refresh`."""
        return self._command(self._pulumi.refresh, **options)

    def destroy(self) -> Outcome:
        """`pulumi destroy --yes`: its preview first; if that fails, nothing is destroyed."""
        return self._command(self._pulumi.destroy)

    def recover(self) -> Outcome:
        """The recovery after a killed command: `pulumi cancel`, then `pulumi refresh
        --clear-pending-creates`."""
        self._pulumi.cancel()
        return self.refresh(clear_pending_creates=True)

    def state(self) -> list[dict[str, Any]]:
        """The resources in the stack's state, as the backend's file has them."""
        (path,) = (self._folder / "state").glob(f".pulumi/stacks/*/{self.stack}.json")
        latest = json.loads(path.read_text())["checkpoint"]["latest"] or {}
        return latest.get("resources") or []

    def default_providers(self) -> set[str]:
        """Types of the providers that the engine made up, because a resource names none."""
        return {
            one["type"]
            for one in self.state()
            if one["urn"].rsplit("::", 1)[-1].startswith("default")
        }

    def _command(self, call: Callable[..., Any], **options: Any) -> Outcome:
        attempts = len(self.cloud.attempts)
        outcome = self._once(call, **options)
        # On a busy machine the program and its engine may miss each other. Nothing is done then.
        missed = any(word in outcome.text for word in _MISSED)
        if outcome.failed and missed and len(self.cloud.attempts) == attempts:
            return self._once(call, **options)
        return outcome

    def _once(self, call: Callable[..., Any], **options: Any) -> Outcome:
        outcome = Outcome()
        try:
            call(on_event=outcome.collect, **options)
        except automation.CommandError as error:
            outcome.failed = True
            # Without the line for each resource that went well.
            outcome.messages.append(str(error).partition("Diagnostics:")[2] or str(error))
        # A program whose engine was killed would wait forever, and its thread would block the
        # exit of this process.
        for loop in self.loops:
            with suppress(RuntimeError):  # it is closed: the program has ended
                loop.call_soon_threadsafe(_cancel_all)
        # What it still says would be told to the next command's engine.
        end = time.monotonic() + 10
        while any(loop.is_running() for loop in self.loops) and time.monotonic() < end:
            time.sleep(0.05)
        return outcome

    async def _run_program(self) -> None:
        self.loops.append(asyncio.get_running_loop())
        with _modules_of(self.program), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runpy.run_path(str(self.program / "__main__.py"), run_name="__main__")
        # As in ops.plan.program: else the SDK waits for all outputs again after each one.
        await asyncio.sleep(0)


def _cancel_all() -> None:
    for task in asyncio.all_tasks():
        task.cancel()


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


def _make_project(folder: Path, program: Path, packages: Iterable[str]) -> None:
    (folder / "plugins").mkdir()
    for package in packages:
        (folder / "plugins" / f"pulumi-resource-{package}").symlink_to(_LAUNCHER)
    document = yaml.safe_load((program / "Pulumi.yaml").read_text())
    document["plugins"] = {
        "providers": [{"name": name, "path": str(folder / "plugins")} for name in packages]
    }
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(document))
    # A file where the CLI would make a folder for a log of every command, at its most detailed,
    # which takes a quarter of its time.
    (folder / "home").mkdir()
    (folder / "home" / "logs").touch()
    shutil.copytree(program / "stacks", folder / "stacks")


_IMPORTS = threading.Lock()
_LOADED: dict[Path, dict[str, ModuleType]] = {}


@contextmanager
def _modules_of(program: Path) -> Iterator[None]:
    """Has the program's modules imported from its own folder, and from no other copy of it."""
    with _IMPORTS:
        others = _taken_modules()
        sys.modules.update(_LOADED.get(program, {}))
        sys.path.insert(0, str(program))
        try:
            yield
        finally:
            _LOADED[program] = _taken_modules()
            sys.modules.update(others)
            sys.path.remove(str(program))


def _taken_modules() -> dict[str, ModuleType]:
    own = [name for name in sys.modules if name.partition(".")[0] in _PROGRAM]
    return {name: sys.modules.pop(name) for name in own}
