"""Programs in folders of their own: the platform's with a change in its text, and small ones."""

import shutil
from collections.abc import Mapping
from pathlib import Path

_PARTS = (
    "Pulumi.yaml",
    "__main__.py",
    "components",
    "settings.py",
    "stacks",
    "userdata",
    "versions.py",
)


def copy_of(root: Path, folder: Path, changes: Mapping[str, tuple[str, str]]) -> Path:
    """Copies the program and changes files in it: path to (text, replacement).

    Raises AssertionError if a text is not in its file: the table is outdated.
    """
    for part in _PARTS:
        if (root / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / part, folder / part, ignore=ignored)
        else:
            shutil.copy2(root / part, folder / part)
    for name, (text, instead) in changes.items():
        path = folder / name
        before = path.read_text()
        assert text in before, f"{name} has no {text!r}"
        path.write_text(before.replace(text, instead))
    return folder


def small_program(folder: Path, name: str, text: str) -> Path:
    """Makes a project of one file, for a stack without configuration."""
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\nstackConfigDir: stacks\n")
    (folder / "__main__.py").write_text(text)
    return folder
