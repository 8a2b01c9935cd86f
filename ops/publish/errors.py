"""Errors that end publishing without a release."""

from ops.plan.errors import UserError


class Refused(UserError):
    """The request is wrong or would change a release.

    Nothing was uploaded. The message is for the user at the terminal and says how to fix the
    request.
    """


class Failed(Exception):
    """An error of the network, the Maven repository or S3; a retry may help."""
