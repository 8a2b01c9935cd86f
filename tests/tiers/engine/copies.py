"""The program in a folder of its own, with changes in its text."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.tiers.programs import ROOT

_FILES = ("Pulumi.yaml", "__main__.py", "settings.py", "versions.py")
_FOLDERS = ("components", "stacks", "userdata")


def copy_with(changes: Mapping[str, tuple[str, str]], folder: Path) -> Path:
    """Copies the program and changes files in it: path to (text, replacement).

    Raises AssertionError if a text is not in its file: the table is outdated.
    """
    for name in _FILES:
        shutil.copy2(ROOT / name, folder)
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (text, instead) in changes.items():
        before = (folder / name).read_text()
        assert text in before, f"{name} has no {text!r}"
        (folder / name).write_text(before.replace(text, instead))
    return folder
