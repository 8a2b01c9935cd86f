"""`python -m preview`."""

import preview.short_lived  # noqa: F401
from preview.cli import main

if __name__ == "__main__":
    main()
