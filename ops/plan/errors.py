"""Errors that end a command with one message."""

from collections.abc import Iterable


class UserError(Exception):
    """The request is wrong: unknown stack, bad configuration, bad argument.

    The message is for the user at the terminal and names the key.
    """


class PlanError(Exception):
    """The program ran, but the registered resources could not be deployed.

    `problems` has one line per defect, sorted.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(self.problems))

    @property
    def message(self) -> str:
        """The whole message, as a command prints it."""
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        return f"the program cannot be deployed:\n{lines}"


class Failed(Exception):
    """An error of the network, the Maven repository or S3; a retry may help."""
