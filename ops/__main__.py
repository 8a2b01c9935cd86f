"""`python -m ops`."""

import gc

# A command ends soon: collecting garbage among the SDKs' classes would cost a tenth of its CPU
# time and free next to nothing (10 MB in 190).
gc.disable()

from ops.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
