"""`python -m ops`."""

import ops.plan.short_lived  # noqa: F401  # isort: skip
from ops.cli import main

if __name__ == "__main__":
    main()
