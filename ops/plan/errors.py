"""The two ways in which a preview ends without a plan."""

from collections.abc import Iterable


class UserError(Exception):
    """The request cannot be met as it was put: unknown stack, bad configuration, bad argument.

    The message is written for the person at the terminal and names the key.
    """


class PlanError(Exception):
    """The program ran, but what it registered could not be deployed.

    `problems` holds one line per defect, sorted.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(self.problems))

    @property
    def message(self) -> str:
        """All of it, as a command tells it."""
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        return f"the program cannot be deployed:\n{lines}"
