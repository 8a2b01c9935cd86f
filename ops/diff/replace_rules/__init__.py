"""How providers handle a changed input, as tables with a source per row."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """The rules of one type; paths are separated by blanks and include everything below them.

    An input that no path covers is unknown, and a change of it may replace the resource.
    """

    source: str
    """The source of the row."""
    replaces: str = ""
    """A change replaces the resource."""
    updates: str = ""
    """A change updates the resource in place."""
    removal_replaces: str = ""
    """Can be added in place but not removed; the effect of another value is unknown."""
    smaller_replaces: str = ""
    """Numbers: a smaller one replaces the resource, a larger one updates it in place."""
    sets: str = ""
    """Lists whose order means nothing: sets in the Terraform provider's schema."""
    refused: str = ""
    """The provider updates in place and the service rejects it: the update fails."""
