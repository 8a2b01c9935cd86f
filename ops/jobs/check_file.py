"""A file of applications, judged or put right, as `check-job` prints it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ops.jobs import report
from ops.jobs.check import Verdict, judged
from ops.jobs.findings import Finding
from ops.jobs.mend import mended
from ops.jobs.model import Target
from ops.jobs.reading import Documents, documents_of, is_application, read
from ops.plan.command import Format, fenced
from ops.plan.manifests import to_yaml

__all__ = ["Target", "judge", "mend", "read_file"]


@dataclass(frozen=True)
class Done:
    """What a command prints."""

    target: Target
    verdicts: Sequence[Verdict]
    documents: Sequence[dict[str, Any]] = ()
    """Of the file put right; none where it is only judged."""
    mended: Sequence[tuple[str, Finding]] = ()
    """Name of the application, and what was put right."""

    @property
    def runs(self) -> bool:
        return all(one.runs for one in self.verdicts)

    @property
    def yaml(self) -> str:
        return "---\n".join(to_yaml(one) for one in self.documents)

    def stdout(self, style: Format) -> str:
        """The verdicts, or the file put right."""
        if self.documents:
            if style is Format.json:
                return json.dumps(list(self.documents), indent=1, ensure_ascii=False) + "\n"
            return fenced(self.yaml, "yaml") if style is Format.markdown else self.yaml
        return self._report(style)

    def stderr(self, style: Format) -> str:
        """Of a file put right: what was done, and what remains."""
        if not self.documents:
            return ""
        done = "".join(f"put right: {name}: {one.field}: {one.why}\n" for name, one in self.mended)
        return done + ("\n" if done else "") + self._report(Format.text)

    def _report(self, style: Format) -> str:
        where = self.target.where
        if style is Format.json:
            return report.to_json(self.verdicts, self.target.plan.stack, self.target.team.name)
        write = report.to_markdown if style is Format.markdown else report.to_text
        return write(self.verdicts, where)


def read_file(name: str) -> Documents:
    """The documents of a file. Raises UserError if there is nothing to judge."""
    return documents_of(read(name), name)


def judge(given: Documents, target: Target) -> Done:
    """The verdicts on its applications."""
    return Done(target, [judged(one, target, given.others) for one in given.applications])


def mend(given: Documents, target: Target) -> Done:
    """The file put right, in its order, and the verdicts on that."""
    documents: list[dict[str, Any]] = []
    verdicts: list[Verdict] = []
    done: list[tuple[str, Finding]] = []
    for one in given.every:
        if not is_application(one):
            documents.append(one)
            continue
        right, found, verdict = mended(one, target, given.others)
        documents.append(right)
        verdicts.append(verdict)
        done += [(verdict.name, each) for each in found]
    return Done(target, verdicts, documents, done)
