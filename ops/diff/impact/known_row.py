"""The form of what is known of one type."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """What is known of one type. Paths and operations are separated by blanks; a path includes
    everything below it, `[]` is any item of a list, `.*.` any keys in between."""

    source: str
    alone: str = ""
    """Operations (`create`, `delete`) and paths that leave jobs alone."""
    judged: str = ""
    """Paths whose effect on jobs a rule of this package tells, if there is one; operations whose
    effect it must tell, or it is not known."""
    told: str = ""
    """Paths whose effect on jobs a rule must tell, or it is not known."""
    grows: str = ""
    """Paths where an item more or a larger number leaves jobs alone."""
    of: str = ""
    """Input with the resource that this one is a part of: created or deleted with it, it says
    nothing of its own."""
