"""A task's file reads like the appendix it follows: three methods, and no word of how predictions are kept."""

import re
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[2] / "tasks").glob("[a-z]*.py"))
FORMATS = re.compile(r"\b(PNG|JSON|CSV|TIFF|HDF5|MATLAB|parquet|gzip|npy|mat|ucm2)\b", re.IGNORECASE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_task_is_three_methods_on_a_few_screens(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 200
    assert [name for name in ("predict", "score", "summarize") if f"    def {name}(self" not in text] == []
    mixed_in = ("save", "reader", "illustrate", "replicates", "strata", "support", "compact", "image_quality")
    assert [name for name in mixed_in if f"    def {name}(" in text] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_task_names_no_file_format(path):
    assert FORMATS.findall(path.read_text(encoding="utf-8")) == []


def test_formats_are_found():
    assert FORMATS.findall("stored as PNG or .npy, but no matter of format") == ["PNG", "npy"]
