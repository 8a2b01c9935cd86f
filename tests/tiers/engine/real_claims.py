"""Two teams' claims in a real cluster, and the stack that makes them."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.names import CLAIM, JARS_LABEL
from tests.tiers.cluster.api import Api, Object
from tests.tiers.cluster.objects import await_gone
from tests.tiers.cluster.processes import wait_until
from tests.tiers.cluster.scheduling import executor, joined, node, node_of_pod, running

from . import faults
from .outcome import Outcome
from .project import Project
from .providers.kubernetes_rules import BINDING, VOLUME
from .providers.kubernetes_rules import CLAIM as CLAIM_TYPE

LEVELS = {"pod": "jarMount={level: pod}", "node": "jarMount={level: node, method: userdata}"}
TYPES = (VOLUME, CLAIM_TYPE, BINDING)
OPERATIONS = 10
"""Of a switch on objects of these types: per team a volume is created, the claim deleted and
created, the volume bound, and the old volume deleted."""
_SETTLED_SECONDS = 10


@dataclass
class Claims:
    """The claims of a stack's teams; jobs of the first team come and go."""

    project: Project
    api: Api
    teams: tuple[str, str]
    level: str = "pod"
    """Of the last `up` that succeeded."""

    @property
    def claim(self) -> Object:
        """Which claim the first team has."""
        metadata = {"name": CLAIM, "namespace": self.teams[0]}
        return {"kind": "PersistentVolumeClaim", "metadata": metadata}

    @property
    def volume(self) -> Object:
        """Which volume it has at this level."""
        name = self._volumes(self.level)[self.teams[0]]
        return {"kind": "PersistentVolume", "metadata": {"name": name}}

    def to(self, level: str) -> None:
        """Changes the stack file."""
        self.project.change(LEVELS[level])

    def at(self, level: str) -> None:
        """Takes the stack to a level, where the test before left it elsewhere."""
        if self.level != level or self.unread() or self.left_over():
            self.up(level)

    def up(self, level: str, **options: bool) -> Outcome:
        """`pulumi up` at a level, after which every team has its JARs."""
        self.to(level)
        outcome = self.project.up(**options).ok()
        self.level = level
        self.are_read()
        return outcome

    def are_read(self) -> None:
        """Asserts that every team reads its JARs, once the controllers have had their seconds."""
        with suppress(TimeoutError):
            wait_until(lambda: not self.unread(), "bound", seconds=_SETTLED_SECONDS)
        assert self.unread() == []

    def comes_back(self, level: str, left_over: Sequence[str] = (), **options: bool) -> None:
        """Asserts that one `up` gives every team its JARs, and that nothing is left to do, and no
        volume but these left over."""
        self.up(level, **options)
        assert self.left_over() == list(left_over)
        assert self.project.preview().ok().operations == []

    def delete_claim(self) -> None:
        """Deletes the first team's claim, which no pod uses: its volume is then Released."""
        self.api.delete(self.claim)
        await_gone(self.api, self.claim)
        self.api.wait(self.volume, lambda one: one["status"]["phase"] == "Released", "released")

    @contextmanager
    def job(self) -> Iterator[None]:
        """A pod of the first team that uses its claim on a node."""
        pod = executor("job", self.teams[0], "default", tolerations=[], nodeSelector={})
        worker = node("worker", {JARS_LABEL: "jars"}, [])
        with joined(self.api, [worker]), running(self.api, [pod]):
            assert node_of_pod(self.api, pod) == "worker"
            yield

    @contextmanager
    def switch_that_waits(self, level: str) -> Iterator[list[Outcome]]:
        """A switch during a job: an `up` that waits for the job's claim to go. It has its outcome
        once the block has ended."""
        self.to(level)
        outcomes: list[Outcome] = []
        up = threading.Thread(target=lambda: outcomes.append(self.project.up()))
        up.start()
        try:
            self.api.wait(self.claim, lambda one: "deletionTimestamp" in one["metadata"], "going")
            # The engine has noted the other team's new claim: it patches its volume after it.
            volume = self._volumes(level)[self.teams[1]]
            wait_until(
                lambda: _is_patched(self.api.find("PersistentVolume", volume)),
                "the other team's volume is patched",
            )
            yield outcomes
        finally:
            up.join()

    def unread(self) -> list[str]:
        """A line for each reason why a team would not read its JARs."""
        found, volumes = [], self._live_volumes()
        for team, name in self._volumes(self.level).items():
            claim = self.api.find("PersistentVolumeClaim", CLAIM, team)
            if claim is None or name not in volumes:
                found.append(f"{team}: has no claim or no volume {name}")
                continue
            found += [f"{team}: {line}" for line in _wrong(claim, volumes[name])]
            # Refused by admission, if at all.
            self.api.create(executor("reader", team, "default"), dry_run=True)
        return found

    def left_over(self) -> list[str]:
        """Volumes of another level."""
        return sorted(self._live_volumes().keys() - set(self._volumes(self.level).values()))

    def _live_volumes(self) -> dict[str, Object]:
        return {
            one["metadata"]["name"]: one
            for one in self.api.items("PersistentVolume")
            if one["spec"]["claimRef"]["namespace"] in self.teams
        }

    def _volumes(self, level: str) -> Mapping[str, str]:
        return {team: f"{CLAIM}-{team}.jars-{level}" for team in self.teams}


def _wrong(claim: Object, volume: Object) -> Iterator[str]:
    """Why the claim does not have the volume."""
    if claim["spec"]["volumeName"] != volume["metadata"]["name"]:
        yield f"its claim is for {claim['spec']['volumeName']}"
    for one in (claim, volume):
        if one["status"].get("phase") != "Bound":
            yield f"{one['metadata']['name']} is {one['status'].get('phase')}"
        if "deletionTimestamp" in one["metadata"]:
            yield f"{one['metadata']['name']} is being deleted"
    if volume["spec"]["claimRef"].get("uid") != claim["metadata"]["uid"]:
        yield f"{volume['metadata']['name']} is for a claim before this one"


def _is_patched(volume: Object | None) -> bool:
    """Whether Pulumi has set the uid of the claim that the volume is reserved for."""
    return volume is not None and any(
        "f:uid" in str(one.get("fieldsV1", {}).get("f:spec", {}).get("f:claimRef"))
        for one in volume["metadata"].get("managedFields", [])
        if one["manager"].startswith("pulumi")
    )


def interrupt() -> None:
    """Ctrl-C."""
    for engine in faults.engines():
        os.kill(engine, signal.SIGINT)
