"""Runs of a small leaderboard: two that may be ranked together, one with a hostile name, one of another protocol."""

import os

import pytest

import sambench
from sambench.cli import dispatch
from sambench.files.storage.copies import locked

HOSTILE = "<script>alert('x')</script>"
CHOSEN = {"workers": 0, "progress": "off", "device": "cpu", "limit": 6}


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Finished runs by name, made once for all worker processes; they are only read."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "leaderboard-runs"
    with locked(folder):
        return _made(folder)


def _made(folder):
    asked = {
        "sobel": ("sobel", [], {"illustrate": 2}),
        "hostile": ("canny", [], {"illustrate": 0, "run": {"name": HOSTILE}}),
        "other": ("sobel", ["task.thresholds=5"], {"illustrate": 0}),
    }
    found = {}
    for name, (model, words, settings) in asked.items():
        own = {**CHOSEN, **settings, "run": {"dir": str(folder / name), **settings.get("run", {})}}
        found[name] = sambench.run("edges", model, overrides=words, **own)
    return found


@pytest.fixture(scope="session")
def submission(runs, tmp_path_factory):
    """A file to hand in, with pictures."""
    path = tmp_path_factory.mktemp("handed") / "sobel.submission.zip"
    words = ["by=A. Person", "url=https://example.org/paper", f"out={path}"]
    assert dispatch(["leaderboard", "submit", str(runs["sobel"].folder), *words]) == 0
    return path
