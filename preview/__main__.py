"""`python -m preview`."""

from preview.cli import main

if __name__ == "__main__":
    main()
