"""The stack files of a fleet's members: the defaults with what differs, checked in beside the
others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ops.fleet.settings import FOLDER, Accepts, Fleet, Member
from ops.plan import yamlfile
from ops.plan.errors import UserError
from ops.plan.manifests import to_yaml
from ops.plan.stack import load, project_name, stack_folder

Config = dict[str, Any]
_WRITTEN = "# Written by `make fleet FLEET="


def rendered(root: Path, name: str, fleet: Fleet) -> dict[str, str]:
    """Returns the text of each member's stack file. Raises UserError without the defaults."""
    project = project_name(root)
    path = stack_folder(root) / f"Pulumi.{fleet.defaults}.yaml"
    if not path.is_file():
        raise UserError(
            f"{FOLDER}/{name}.yaml: defaults: there is no stack {fleet.defaults}: {path} is missing"
        )
    base = yamlfile.read(path).get("config") or {}
    if not isinstance(base, dict):
        raise UserError(f"{path}: config must be a mapping of keys to values")
    header = f"{_WRITTEN}{name}` from {FOLDER}/{name}.yaml and {path.name}: change those.\n"
    texts: dict[str, str] = {}
    for member in fleet.members:
        config = config_of(base, fleet, member, project)
        if kept := sorted(key for key, one in config.items() if _secrets(one) & _secrets(base)):
            raise UserError(
                f"{path}: {', '.join(kept)}: has a secret, which is encrypted for the stack "
                f"{fleet.defaults} alone; give each member its own in its config"
            )
        texts[member] = header + to_yaml({**_of_engine(root, member), "config": config})
    return texts


def _of_engine(root: Path, member: str) -> Config:
    """What `pulumi stack init` writes beside the configuration: with what secrets are encrypted."""
    path = stack_folder(root) / f"Pulumi.{member}.yaml"
    found = yamlfile.read(path) if path.is_file() else {}
    return {key: value for key, value in found.items() if key != "config"}


def _secrets(value: Any) -> set[str]:
    """The ciphertexts in a value."""
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return {str(value["secure"])}
        return {text for one in value.values() for text in _secrets(one)}
    return {text for one in value for text in _secrets(one)} if isinstance(value, list) else set()


def config_of(base: Mapping[str, Any], fleet: Fleet, name: str, project: str) -> Config:
    """Returns the configuration of a member, with the engine's full keys."""
    member = fleet.members[name]
    config: Config = {_full(key, project): value for key, value in base.items()}
    for patch in (_own_keys(member), member.config):
        config = merged(config, {_full(key, project): value for key, value in patch.items()})
    spark = config.get(f"{project}:spark")
    if isinstance(spark, dict):
        config[f"{project}:spark"] = _spark(spark, fleet, name)
    return config


def default_teams(root: Path, fleet: Fleet) -> list[str]:
    """Returns the names of the teams in the stack file of the defaults."""
    teams = (load(root, fleet.defaults).own("spark") or {}).get("teams") or []
    return [str(team.get("name")) for team in teams if isinstance(team, dict)]


def regions_of(root: Path, fleet: Fleet) -> dict[str, str]:
    """Returns the Region of each member, by its name."""
    default = str(load(root, fleet.defaults).values.get("aws:region") or "")
    return {name: one.region or default for name, one in fleet.members.items()}


def merged(old: Any, patch: Any) -> Any:
    """Returns a value with an RFC 7396 merge patch applied: objects are merged, null removes a key,
    anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    found = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


def outdated(root: Path, files: Mapping[str, str]) -> list[str]:
    """Returns the members whose stack file is missing or has another text, sorted."""
    folder = stack_folder(root)
    return sorted(name for name, text in files.items() if _text(folder, name) != text)


def write(root: Path, files: Mapping[str, str]) -> list[str]:
    """Writes the stack files that are outdated, and returns their members. Raises UserError before
    the first where one has a configuration that no fleet wrote."""
    changed = outdated(root, files)
    for name in changed:
        path = stack_folder(root) / f"Pulumi.{name}.yaml"
        text = _text(path.parent, name) or _WRITTEN
        if not text.startswith(_WRITTEN) and yamlfile.read(path).get("config"):
            raise UserError(
                f"{path}: no fleet wrote it, and it would be overwritten: rename the member, or "
                "move what it has to the fleet's file and delete it"
            )
    for name in changed:
        (stack_folder(root) / f"Pulumi.{name}.yaml").write_text(files[name], encoding="utf-8")
    return changed


def _text(folder: Path, name: str) -> str | None:
    path = folder / f"Pulumi.{name}.yaml"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _full(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _own_keys(member: Member) -> Config:
    keys: Config = {}
    if member.region is not None:
        keys["aws:region"] = member.region
    network = {"zones": member.zones, "cidr": member.cidr}
    if given := {key: value for key, value in network.items() if value is not None}:
        keys["network"] = given
    return keys


def _spark(spark: Config, fleet: Fleet, name: str) -> Config:
    """The teams that run on the member, and whether it takes jobs."""
    teams = [
        team
        for team in spark.get("teams") or []
        if not isinstance(team, dict) or name in fleet.of_team(str(team.get("name")))
    ]
    found = {**spark, "teams": teams}
    if fleet.members[name].accept_jobs is Accepts.no:
        found["acceptJobs"] = False
        others = {
            other
            for team in teams
            if isinstance(team, dict)
            for other, member in fleet.of_team(str(team.get("name"))).items()
            if member.accept_jobs is not Accepts.no
        }
        if others:
            found["submitTo"] = sorted(others)
    return found
