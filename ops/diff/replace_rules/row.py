"""One row of knowledge: what a change of an input does to a resource of one type."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What is known of one type; paths are separated by blanks and cover all that is below them.

    An input that no path covers is unknown, and a change of it may replace the resource.
    """

    source: str
    """Where the row was read."""
    replaces: str = ""
    """A change makes a new resource."""
    updates: str = ""
    """A change is made in place."""
    removal_replaces: str = ""
    """Can be added in place and not be taken away; another value is unknown."""
    refused: str = ""
    """The provider updates in place and the service refuses: no replacement saves the update."""
