"""`python -m policies`."""

import preview.short_lived  # noqa: F401
from policies.cli import main

if __name__ == "__main__":
    main()
