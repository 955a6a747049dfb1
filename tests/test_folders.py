"""A folder's listing fits a screen, so that a reader finds a module by its name."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMES = 25
"""Names that a folder may list."""

LONGER = {
    "sambench/datasets/sa23": 26,  # one reader a data set
}
"""Folders that list more, which may not grow."""


def listed():
    """Return how many names each folder of the package lists."""
    folders = [ROOT / "sambench", ROOT / "tasks", *(ROOT / "sambench").rglob("*"), *(ROOT / "tasks").rglob("*")]
    folders = [folder for folder in folders if folder.is_dir() and folder.name != "__pycache__"]
    names = {folder: [one for one in folder.iterdir() if one.name != "__pycache__"] for folder in folders}
    return {folder.relative_to(ROOT).as_posix(): len(own) for folder, own in names.items()}


def test_no_folder_lists_more_than_a_screen_holds():
    counted = listed()
    assert counted["sambench/metrics"] > 20
    longer = {folder: names for folder, names in counted.items() if names > LONGER.get(folder, NAMES)}
    assert not longer


@pytest.mark.parametrize("folder", LONGER)
def test_what_is_let_be_longer_is(folder):
    assert listed()[folder] == LONGER[folder]
