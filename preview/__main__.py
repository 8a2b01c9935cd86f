"""`python -m preview`."""

import gc

# The process makes one plan and ends: looking for garbage in the SDKs' many classes costs a tenth
# of its time and finds none.
gc.disable()

from preview.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
