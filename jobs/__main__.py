"""`python -m jobs`."""

import preview.short_lived  # noqa: F401
from jobs.cli import main

if __name__ == "__main__":
    main()
