"""What `import sambench` gives, by name: a name more or less is a change that users see."""

import pydoc
import subprocess
import sys
from inspect import isclass, isfunction, ismodule, signature

import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run

import sambench
from sambench.errors import UsageError

FUNCTIONS = ["compare", "evaluate", "gate", "load_run", "run", "score", "table"]
METRICS = ["bootstrap", "boundary", "clicks", "coco", "intervals", "paired", "power", "regions", "simultaneous"]
TYPES = ["Annotation", "BoundaryTruth", "Embedding", "InstanceTruth", "MaskFrame", "Masks", "Metric", "Prompts", "Row"]
TYPES += ["Sample", "Size"]


def test_the_interface_is_these_names():
    assert sorted(sambench.__all__) == sorted(["__version__", *FUNCTIONS, "metrics", "types"])
    assert dir(sambench) == sorted(sambench.__all__)
    assert [name for name in FUNCTIONS if not isfunction(getattr(sambench, name))] == []
    assert sorted(sambench.metrics.__all__) == METRICS
    assert all(ismodule(getattr(sambench.metrics, name)) for name in METRICS)
    assert set(METRICS) <= set(dir(sambench.metrics))
    assert sorted(sambench.types.__all__) == TYPES
    assert all(isclass(getattr(sambench.types, name)) for name in TYPES if name not in ("Row", "Size"))
    for module in (sambench, sambench.metrics):
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            _ = module.nothing


def test_help_shows_the_interface():
    text = pydoc.render_doc(sambench, renderer=pydoc.plaintext)
    for name in FUNCTIONS:
        assert f"    {name}{str(signature(getattr(sambench, name)))[:5]}" in text
    assert "launch" not in text.partition("FUNCTIONS")[2].partition("Returns:")[0]


def test_importing_it_imports_nothing_heavy():
    program = "import sys, sambench; dir(sambench); "
    program += "print({'numpy', 'torch', 'hydra', 'sambench.api'} & set(sys.modules)); "
    program += "sambench.metrics.boundary, sambench.types; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["set()", "False"]


def test_a_table_is_built_of_chosen_runs(tmp_path):
    run = finished_run(tmp_path / "a", "edges", edges_metrics(), "ours", rows=EDGE_ROWS)
    made = sambench.table("edges", run)
    assert [one.folder for one in made.runs] == [run.folder]
    assert "ours" in made.table.iloc[-1, 0] or "ours" in str(made)
    assert "SAM (2023)" in str(made)
    assert made.render("csv").count("\n") >= len(made.table)
    assert sambench.table("edges", results=tmp_path).runs[0].folder == run.folder
    assert list(sambench.table("edges", results=tmp_path / "none").runs) == []
    with pytest.raises(UsageError, match="there is no table 'edgs'"):
        sambench.table("edgs")
    with pytest.raises(UsageError, match="the run is of task edges, not points"):
        sambench.table("points", [run.folder])
