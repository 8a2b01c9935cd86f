"""`python -m capacity`."""

import preview.short_lived  # noqa: F401
from capacity.cli import main

if __name__ == "__main__":
    main()
