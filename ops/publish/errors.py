"""The two ways in which publishing ends without a release."""

from ops.plan.errors import UserError


class Refused(UserError):
    """What was asked for is wrong or would change a release. Nothing was uploaded for it.

    The message is written for the person at the terminal and says what would be right.
    """


class Failed(Exception):
    """The network, the Maven repository or S3 did not do its part; repeating may help."""
