"""Every command that prints a result, with words it can be called with and a folder that holds what they name."""

from pathlib import Path

import numpy as np
from PIL import Image
from stored_runs import stored
from tiny_sams import tiny_model
from toys import write_bsds

from sambench.cli import dispatch
from sambench.pages.ratings.store import Rating, RatingStore
from sambench.pages.ratings.study import DATABASE, read_study

FEW = ["data=mini", "data.kind=coco", "limit=2", "workers=0", "illustrate=0", "task.clicks=[1]"]
RUN = ["run", "task=points", *FEW]


def write_stored(folder):
    """Write two runs of made-up rows; returns the folder."""
    for name in ("e", "f"):
        stored(folder / "stored" / name, name=name)
    return folder


def write_runs(folder):
    """Write runs on generated scenes, a tiny model, and maps of an edge detector; returns the folder."""
    for name, first in (("a", "multimask"), ("b", "single")):
        assert dispatch([*RUN, f"task.first_output={first}", f"run.dir={folder / name}", "--quiet"]) == 0
    for number in (1, 2):
        assert dispatch([*RUN, f"shard={number}/2", f"run.dir={folder / f'part{number}'}", "-q"]) == 0
    timed = [
        "task=latency",
        "data=mini",
        "data.kind=coco",
        "limit=2",
        "task.prompts=[1]",
        f"run.dir={folder / 'timed'}",
    ]
    assert dispatch(["run", *timed, "-q"]) == 0
    tiny_model("sam").save_pretrained(folder / "sam")
    write_bsds(folder / "bsds", 2)
    (folder / "maps").mkdir()
    for number in (1000, 1001):
        Image.fromarray(np.tile(np.arange(36, dtype=np.uint8) * 7, (24, 1))).save(folder / "maps" / f"{number}.png")
    return folder


QUICK = {
    "gate": ["baseline=stored/e", "candidate=stored/f", "replicates=100"],
    "gate freeze": ["stored/e"],
    "compare": ["runs=[stored/e,stored/f]", "replicates=100"],
    "power": ["pilot=stored/e", "effect=.01", "replicates=100"],
    "ls tasks": [],
    "ls models": [],
    "ls data": [],
    "ls tables": [],
    "ls runs": ["results=."],
    "diff": ["stored/e", "stored/f"],
    "rm": ["removed", "yes=true"],
    "data list": ["root=."],
    "cache ls": ["dir=none"],
    "cache verify": ["dir=none"],
    "cache prune": ["budget_gb=1", "dir=none"],
    "ablate": ["edge_nms", "dry=true"],
    "reproduce": ["pidinet"],
}
"""Command -> the words it is called with, in a folder that holds what they name."""

CHECKPOINTS = ["baseline.checkpoint=sam", "candidate.checkpoint=sam"]
STUDY = ["checks=0", "runs=[a,b]", "masks=2", "raters=1"]
SUBMITTED = ["a", "by=me", "pictures=0"]
SLOW = {
    "run": [*RUN[1:], "run.dir=a"],
    "score": ["task=edges", "data=bsds500", "data.root=bsds", "predictions=maps", "workers=0", "task.thresholds=5"],
    "table": ["points", "runs=[a]", "out=out"],
    "report": ["runs=[a]", "out=out", "count=0"],
    "explain": ["a", "images=false"],
    "masks": ["a=a", "b=b"],
    "merge": ["part1", "part2", "out=merged"],
    "look": ["a", "count=1", "out=out"],
    "view bundle": ["stored", "out=viewed", "images=0"],
    "export results": ["runs=[a]", "to=csv", "out=flat"],
    "rate plan": [*STUDY, "out=study"],
    "rate bundle": ["study_bundle", "out=rater.html"],
    "rate score": ["study_score"],
    "data check": ["mini", "limit=1", "task=points"],
    "data show": ["mini", "count=1", "out=sheet.png"],
    "data export": ["mini", "limit=1", "out=mini.json"],
    "leaderboard": ["runs=[a,b]", "out=site", "replicates=100"],
    "leaderboard submit": [*SUBMITTED, "out=one.submission.zip"],
    "leaderboard check": ["two.submission.zip"],
    "export bsds": ["task=edges", "data=bsds500", "data.root=bsds", "predictions=maps", "workers=0"],
    "export model": ["model=sam", "model.checkpoint=sam", "limit=1", "out=exported", "prompts=1"],
    "latency": ["baseline=sam", "candidate=sam", *CHECKPOINTS, "limit=1", "task.prompts=[1]", "out=out"],
    "pareto": ["runs=[timed,a]"],
    "parity": ["model_a=sam", "model_b=sam", "model.checkpoint=sam", "limit=1", "prompts=1"],
    "plan": [word for word in RUN[1:] if word != "illustrate=0"],
}
"""The same of commands that need a run or a model."""

BEFORE = {
    "rate bundle": ["rate", "plan", *STUDY, "out=study_bundle"],
    "rate score": ["rate", "plan", *STUDY, "out=study_score"],
    "leaderboard check": ["leaderboard", "submit", *SUBMITTED, "out=two.submission.zip"],
}
"""Command -> what is called before it."""

EXIT = {"reproduce": 3}
"""Command -> its exit code, where it is not 0."""


def prepare(name):
    """Do in this folder what a command takes for granted."""
    if name == "rm":
        stored(Path("removed"))
    if name in BEFORE:
        assert dispatch(BEFORE[name]) == 0
    if name == "rate score":
        study = read_study(Path("study_score"))
        for rater, jobs in study.orders.items():
            for job in jobs:
                RatingStore(study.folder / DATABASE).add(rater, Rating(job, 7, True, False, True, 900))
