"""A folder of one's own brings tables, sweeps and policies too; what a command asks for is one true sentence."""

import csv
import io
import json
import re
import sys
from pathlib import Path

import pytest
from resealed import reseal
from stored_runs import stored

from sambench.cli import main
from sambench.config import local_configs
from sambench.gates.baseline import read_baseline

TABLE = """# edges: my own columns
title: "Edges of my own"
published: edges
columns: [ODS]
task: edges
"""
SWEEP = """# edges: two grids
title: "Two grids"
task: edges
base: [task.thresholds=5]
members: {few: [task.grid=2], more: [task.grid=3]}
reference: few
metrics: [ods]
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder of configurations, and an empty working folder."""
    monkeypatch.setattr(local_configs, "_folders", [])
    monkeypatch.setattr(sys, "path", list(sys.path))
    for group, name, text in (("table", "mine", TABLE), ("ablation", "grids", SWEEP), ("gate", "strict", "alpha: 0.2")):
        (tmp_path / "own" / group).mkdir(parents=True)
        (tmp_path / "own" / group / f"{name}.yaml").write_text(text)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "own"


@pytest.fixture
def ask(capsys):
    """Run a command; returns its exit code, output and errors."""

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return ended.value.code, printed.out, printed.err

    return run


def test_a_table_of_ones_own_is_listed_and_made(own, ask):
    assert "mine" not in ask("ls", "tables")[1]
    assert "edges: my own columns" in ask("ls", "tables", "--config-dir", own)[1]
    code, out, error = ask("table", "mine", "--config-dir", own, "out=tables")
    assert (code, "Edges of my own" in out) == (0, True), error
    assert ask("table", "all", "--config-dir", own, "out=tables")[0] == 0


@pytest.mark.parametrize("shown", ["", "own: {my ODS: ods}\n", "metrics: {own_lines: {my ODS: ods}}\n"])
def test_a_table_of_ones_own_needs_no_published_rows(own, ask, shown):
    (own / "table" / "mine.yaml").write_text(f"# mine\ntitle: Mine alone\ntask: edges\n{shown}")
    run = stored(Path("results/edges/a"), data={"name": "own_lines"})
    reseal(run, lambda record: record["data"]["card"].update(own=True, title="own lines"))
    record = json.loads((run / "run.json").read_text())
    code, out, error = ask("table", "mine", "--config-dir", own, "out=tables", "format=csv")
    assert code == 0, error
    head, row = csv.reader(io.StringIO(out))
    assert row[:2] == ["model", "own lines, 24 images"]
    assert head[2 : head.index("source")] == (["my ODS"] if shown else list(record["metrics"]))
    value = re.sub(r"^0", "", f"{record['metrics']['ods']['value']:.3f}")
    assert row[2].startswith(value)
    if shown:
        return  # every other table is the same
    assert ask("table", "all", "--config-dir", own, "out=tables")[0] == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("titel: x", "write title"),
        ("[1, 2", "the configuration cannot be read"),
        ("just words", "the configuration is not made of"),
        (TABLE.replace("published: edges", "published: nothing"), "no published table 'nothing'"),
        (TABLE + "answers: [{methd: x}]\n", "write method"),
        (TABLE.replace("published: edges\n", ""), "a table without published rows has no columns"),
        ("title: x\n", "the table names no task"),
    ],
)
def test_a_table_of_ones_own_that_cannot_be_read_is_told(own, ask, text, told):
    (own / "table" / "mine.yaml").write_text(text)
    code, _, error = ask("table", "mine", "--config-dir", own, "out=tables")
    assert (code, told in error) == (2, True), error


def test_a_sweep_of_ones_own_is_run_by_its_name(own, ask):
    assert "grids" in ask("ablate", "--config-dir", own, "--help")[1]
    code, out, error = ask("ablate", "grids", "--config-dir", own, "dry=true")
    assert code == 0, error
    assert out.splitlines() == [
        "sambench run task=edges task.thresholds=5 task.grid=2",
        "sambench run task=edges task.thresholds=5 task.grid=3",
    ]
    code, _, error = ask("ablate", "grid", "--config-dir", own)
    assert (code, "grids" in error) == (2, True)


def test_a_policy_of_ones_own_judges_by_its_name(own, ask):
    run = stored(own / "run")
    words = ["gate", f"baseline={run}", f"candidate={run}", "policy=strict", "replicates=100"]
    assert "use policy=strict" in ask(*words[:-2], "policy=strct", "--config-dir", own)[2]
    code, out, error = ask(*words, "format=json", "--config-dir", own)
    assert code == 0, error
    assert json.loads(out)["alpha"] == 0.2


@pytest.mark.parametrize(
    ("group", "name", "words"),
    [
        ("gate", "default", ["gate", "baseline={run}", "candidate={run}", "replicates=100"]),
        ("table", "edges", ["table", "edges"]),
        ("ablation", "edge_nms", ["ablate", "edge_nms", "dry=true"]),
    ],
)
def test_a_name_that_the_project_has_is_refused_and_never_passed_over(own, ask, group, name, words):
    (own / group / f"{name}.yaml").write_text("margin: 1\n")
    run = stored(own / "run")
    code, _, error = ask(*(word.format(run=run) for word in words), "--config-dir", own)
    assert (code, f"there are several {group}/{name}.yaml" in error) == (2, True), error


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["ablate", "decoder_dtype"],
            ["model hierarchy has no switch 'decode_dtype'", "ablate decoder_dtype model=NAME"],
        ),
        (["ablate", "decoder_dtype", "dry=true"], ["model hierarchy has no switch 'decode_dtype'"]),
        (["ablate", "edge_nms", "task.grdi=3"], ["task edges has no switch 'grdi'", "use task.grid=..."]),
        (["cache", "prune"], ["no budget_gb was given", "budget_gb=5"]),
        (["plan", "task=edges", "limit=13"], ["limit is 13, the data has 12 samples"]),
        (["run", "task=edges", "model.contrast=1"], ["does not list contrast", "use +model.contrast=..."]),
        (["run", "task=edges", "model.contrst=1"], ["no switch 'contrst'", "use +model.contrast=..."]),
        (["run", "task=edges", "data.nothing=1"], ["data mini has no switch 'nothing'", "sambench ls data"]),
        (["run", "task=edges", "worker=1"], ["there is no setting 'worker'", "use workers=..."]),
    ],
    ids=" ".join,
)
def test_what_a_command_asks_for_is_one_true_sentence(own, ask, words, told):
    code, out, error = ask(*words)
    assert (code, out) == (2, ""), error
    for text in told:
        assert text in error
    assert "Could not override" not in error


@pytest.mark.parametrize("task", ["annotators", "noise", "edges", "regions", "points", "proposals", "instances"])
def test_what_is_frozen_can_be_frozen_again(own, ask, task):
    run = stored(own / "run", task)
    assert ask("gate", "freeze", run, "out=once.baseline")[0] == 0
    assert ask("gate", "freeze", "once.baseline", "out=twice.baseline")[0] == 0
    once, twice = (read_baseline(own.parent / "work" / f"{name}.baseline") for name in ("once", "twice"))
    assert once.rows == twice.rows


NO_GATE = """from dataclasses import dataclass
from typing import ClassVar
from sambench.engine.task import Task
from sambench.types import BoundaryTruth, Metric

@dataclass(frozen=True)
class Mine(Task):
    name: ClassVar[str] = "mine"
    target: ClassVar[type] = BoundaryTruth
    def predict(self, sample, predictor):
        return None
    def score(self, sample, prediction):
        return []
    def summarize(self, rows, seed=0):
        return {"ods": Metric(1.0, None, len(rows))}
"""


def test_a_run_that_no_gate_can_use_is_not_frozen(own, ask):
    (own / "task").mkdir()
    (own / "task" / "mine.yaml").write_text("name: gateless:Mine\n")
    (own / "gateless.py").write_text(NO_GATE)
    run = stored(own / "run")

    def as_mine(record):
        record["config"]["task"] = {"name": "gateless:Mine"}
        record["identity"]["task"] = {"name": "mine"}
        record["switches"] = {}

    reseal(run, as_mine)
    code, _, error = ask("gate", "freeze", run, "out=mine.baseline", "--config-dir", own)
    assert (code, "task mine cannot be resampled" in error) == (2, True), error
    assert not (own.parent / "work" / "mine.baseline").exists()
