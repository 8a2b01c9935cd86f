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
from ops.jobs.reading import Documents, documents_of, is_application, nodes_of, read
from ops.jobs.splice import spliced
from ops.plan.command import Format, fenced
from ops.plan.manifests import to_yaml
from ops.plan.values import at

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
    text: str = ""
    """The file put right, as it was written otherwise."""
    anew: Sequence[str] = ()
    """Names of the documents that were written anew, without their comments."""

    @property
    def runs(self) -> bool:
        return all(one.runs for one in self.verdicts)

    @property
    def yaml(self) -> str:
        return self.text

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
        done += "".join(
            f"written anew, without its comments: {one}: what changes is at an anchor, an alias or "
            "a list that cannot be changed line by line\n"
            for one in self.anew
        )
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
    """The file put right, with its order and its comments, and the verdicts on that."""
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
    names = [str(at(one, "metadata.name")) for one in documents]
    kept = spliced(given.text, nodes_of, lambda text: documents_of(text, "").every, documents)
    if kept is None:
        text = "---\n".join(to_yaml(one) for one in documents)
        return Done(target, verdicts, documents, done, text, names)
    return Done(target, verdicts, documents, done, kept.text, [names[one] for one in kept.anew])
