"""Live clusters, through kubectl and its contexts.

Paths of the API are given to kubectl as they are (`--raw`): it would ask an API server that does
not answer seven times for its kinds first, each time as long as the request may take.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from ops.plan.errors import UserError
from ops.plan.quantity import parse

SECONDS = 5
"""For an answer of a member's API server; a member that takes longer is skipped."""
_GIVES_UP = SECONDS + 5
"""For kubectl as a whole: it may first ask AWS for a token."""
_APPLICATIONS = "/apis/sparkoperator.k8s.io/v1beta2/namespaces/{}/sparkapplications"
_QUOTAS = "/api/v1/namespaces/{}/resourcequotas"
_CREATES = urlencode({"fieldManager": "spark-on-eks", "fieldValidation": "Strict"})
_REFUSAL = re.compile(
    r"^(Error from server \((Forbidden|NotFound|AlreadyExists|BadRequest|Conflict|MethodNotAllowed|"
    r"NotAcceptable|UnsupportedMediaType|RequestEntityTooLarge|TooManyRequests|Invalid)\)"
    r"|The .+ is invalid"
    r"|error: You must be logged in)",
    re.MULTILINE,
)
"""How kubectl tells that an API server did nothing, by its reason for it. Other errors of a server,
such as a timeout of etcd, leave open what it did. Source: checkErr in k8s.io/kubectl's helpers.go.
"""


class NoAnswer(Exception):
    """A member does not answer in time, or its kubectl context does not work."""


class Refused(Exception):
    """A member answers, and refuses the application: the message is the API server's."""


class Clusters(Protocol):
    """What routing needs of the members' clusters; a member is named by its kubectl context."""

    def applications(self, context: str, namespace: str, labels: str) -> list[str]:
        """Returns the names of the applications with these labels. Raises NoAnswer."""
        ...

    def room(self, context: str, namespace: str) -> "Room":
        """Returns what is left of a team's quota. Raises NoAnswer."""
        ...

    def create(self, context: str, manifest: Mapping[str, Any]) -> None:
        """Creates an application. Raises NoAnswer, and Refused if there is one of its name, too."""
        ...

    def apply(self, context: str, manifest: Mapping[str, Any]) -> None:
        """Creates or updates what an application needs beside it. Raises NoAnswer and Refused."""
        ...


@dataclass(frozen=True)
class Room:
    """What a member has left for a team: the smallest free share of its quotas (0 to 1), None
    without a quota, and applications that wait."""

    free: float | None
    waiting: int


class Kubectl:
    """Runs `program`, which is kubectl unless told otherwise."""

    def __init__(self, program: Sequence[str] = ("kubectl",)) -> None:
        self._program = [*program]

    def applications(self, context: str, namespace: str, labels: str) -> list[str]:
        """Returns the names of the applications with these labels. Raises NoAnswer."""
        found = self._get(context, _APPLICATIONS, namespace, {"labelSelector": labels})
        return [str(one["metadata"]["name"]) for one in found]

    def read(self, context: str, path: str) -> dict[str, Any]:
        """Returns the JSON of a path of the API. Raises NoAnswer, and Refused where the path or the
        right to read it is missing."""
        text = self._run(context, ["get", "--raw", path], None)
        try:
            return dict(json.loads(text))
        except ValueError:
            raise NoAnswer(f"{path} has no JSON") from None

    def room(self, context: str, namespace: str) -> Room:
        """Returns what is left of a team's quotas, and how many applications wait. Raises
        NoAnswer."""
        shares = [
            1 - _number(used) / _number(hard)
            for quota in self._get(context, _QUOTAS, namespace)
            for key, hard in (quota.get("status", {}).get("hard") or {}).items()
            if _number(hard) and (used := (quota["status"].get("used") or {}).get(key)) is not None
        ]
        applications = self._get(context, _APPLICATIONS, namespace)
        states = [
            str(((one.get("status") or {}).get("applicationState") or {}).get("state") or "")
            for one in applications
        ]
        waiting = sum(state in ("", "SUBMITTED", "PENDING_RERUN") for state in states)
        return Room(min(shares) if shares else None, waiting)

    def create(self, context: str, manifest: Mapping[str, Any]) -> None:
        """Creates an application. Raises NoAnswer, and Refused if there is one of its name, too."""
        path = f"{_path(_APPLICATIONS, manifest['metadata']['namespace'])}?{_CREATES}"
        self._run(context, ["create", "--raw", path, "--filename", "-"], json.dumps(manifest))

    def apply(self, context: str, manifest: Mapping[str, Any]) -> None:
        """Creates or updates what an application needs beside it. Raises NoAnswer and Refused."""
        self._run(context, ["apply", "--server-side", "--filename", "-"], json.dumps(manifest))

    def _get(
        self, context: str, path: str, namespace: str, query: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        address = f"{_path(path, namespace)}{f'?{urlencode(query)}' if query else ''}"
        return list(self.read(context, address)["items"])

    def _run(self, context: str, arguments: Sequence[str], text: str | None) -> str:
        command = [
            *self._program, "--context", context, f"--request-timeout={SECONDS}s", *arguments,
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, input=text, capture_output=True, text=True, timeout=_GIVES_UP, check=False
            )
        except FileNotFoundError:
            raise UserError(
                f"{self._program[0]} is not installed, and it reaches the members' clusters"
            ) from None
        except subprocess.TimeoutExpired:
            raise NoAnswer(f"no answer in {_GIVES_UP} seconds") from None
        if done.returncode == 0:
            return done.stdout
        said = done.stderr.strip()
        if refusal := _REFUSAL.search(said):
            raise Refused(" ".join(said[refusal.start() :].split()))
        raise NoAnswer(said.splitlines()[-1] if said else "no message")


def _path(pattern: str, namespace: str) -> str:
    return pattern.format(quote(namespace, safe=""))


def _number(quantity: Any) -> float:
    return float(parse(str(quantity)))
