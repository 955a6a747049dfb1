"""The commands of the example workflow in the documents do what the page says."""

import glob
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from sambench.cli import dispatch

DOCS = Path(__file__).parents[3] / "docs"


def commands():
    """Return the workflow's own commands by the names of their steps, patterns of files filled in as a shell does."""
    steps = yaml.safe_load((DOCS / "examples" / "leaderboard.yml").read_text())["jobs"]["leaderboard"]["steps"]
    found = {step["name"]: shlex.split(step["run"]) for step in steps if step.get("run", "").startswith("sambench ")}
    return {
        name: [part for word in words[1:] for part in (sorted(glob.glob(word)) if "*" in word else [word])]
        for name, words in found.items()
    }


@pytest.mark.slow
def test_the_workflow_refuses_what_was_edited_and_builds_the_rest(runs, submission, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("submissions").mkdir()
    shutil.copy(submission, "submissions/one.submission.zip")
    out = "out=submissions/two.submission.zip"
    assert dispatch(["leaderboard", "submit", str(runs["hostile"].folder), "by=B. Person", out]) == 0
    assert dispatch(commands()["check"]) == 0
    assert dispatch(commands()["build"]) == 0
    page = Path("site/index.html").read_text()
    assert "Our leaderboard" in page
    assert "by B. Person" in page
    edited = bytearray(submission.read_bytes())
    edited[len(edited) // 2] ^= 1
    Path("submissions/three.submission.zip").write_bytes(edited)
    assert dispatch(commands()["check"]) == 1
