import csv
import json
import shutil

import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run
from resealed import reseal

from sambench.cli import main
from sambench.metrics.published import published, published_texts
from sambench.tables.specs import ARTICLE, all_tables, table_names, table_spec
from sambench.types import Metric


def call(capsys, *words):
    """Run a command in this process; returns exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    shown = capsys.readouterr()
    return ended.value.code, shown.out, shown.err


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def numbers_of(name):
    """Return the published numbers of a table as they are typed, row by row; none where it has no published rows."""
    spec = table_spec(name)
    if not spec.published:
        return []
    texts = published_texts(spec.published)
    columns = [column for column in spec.columns if column in published(spec.published).select_dtypes("number")]
    return [[cell for cell in row if cell] for row in texts[columns].to_numpy().tolist() if any(row)]


def test_all_prints_every_published_value_of_every_table(work, capsys):
    code, out, _ = call(capsys, "table", "all")
    assert code == 0
    names = all_tables()
    assert names[: len(ARTICLE)] == list(ARTICLE)
    assert set(names) == set(table_names())
    blocks = out.split(table_spec(names[0]).title, 1)[1]
    for place, name in enumerate(names):
        after = names[place + 1] if place + 1 < len(names) else None
        block, _, blocks = blocks.partition(table_spec(after).title) if after else (blocks, "", "")
        lines = [line.split("|")[2:-2] for line in block.splitlines() if line.startswith("| ")][1:]
        cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
        wanted = numbers_of(name)
        found = [[cell for cell in row if cell in set(numbers)] for row, numbers in zip(cells, wanted, strict=False)]
        assert found == wanted, name
    for form in ("md", "csv", "tex", "html"):
        assert (work / "results/tables" / f"all.{form}").stat().st_size > 1000
        assert all((work / "results/tables" / f"{name}.{form}").exists() for name in names)


@pytest.mark.parametrize("name", table_names())
def test_every_table_prints_its_published_values(work, capsys, name):
    code, out, _ = call(capsys, "table", name, "format=csv")
    assert code == 0
    _, *rows = csv.reader(out.splitlines())
    for row, numbers in zip(rows, numbers_of(name), strict=False):
        assert [cell for cell in row if cell in set(numbers)] == numbers


@pytest.mark.parametrize("form", ["md", "csv", "latex", "html"])
def test_all_in_every_format_is_what_it_writes(work, capsys, form):
    _, out, _ = call(capsys, "table", "all", f"format={form}")
    assert out == (work / "results/tables" / f"all.{'tex' if form == 'latex' else form}").read_text(encoding="utf-8")
    start = {"md": "Zero-shot edge", "csv": "# Zero-shot edge", "latex": r"\begin{table}", "html": "<table"}[form]
    count = sum(line.startswith(start) for line in out.splitlines())
    assert count == (1 if form in ("md", "csv") else len(table_names()))
    for name in table_names():
        assert (work / f"results/tables/{name}.md").exists()


def test_all_takes_the_runs_that_were_named_for_their_tables(work, capsys):
    finished_run(work / "e", "edges", edges_metrics(), "ours", rows=EDGE_ROWS)
    finished_run(work / "p", "instances", {"AP": Metric(0.5, None, 9, reference="instances/COCO AP")}, "also")
    _, out, err = call(capsys, "table", "all", "runs=[e,p]")
    assert out.count("| measured, e ") == out.count("| measured, p ") == 1
    assert "no finished run of task points" in err
    assert "no finished run of task edges" not in err


def test_a_sweeps_table_shows_its_runs_once_there_are_some(work, capsys):
    assert "sambench ablate edge_nms" in call(capsys, "table", "edge_nms")[1]
    assert "not run [" in call(capsys, "table", "ambiguity")[1]
    metrics = {"mIoU@1": Metric(0.5, None, 9), "oracle@1": Metric(0.6, None, 9)}
    run = finished_run(work / "a", "points", metrics, "ours")
    members = [{"label": "three outputs", "command": "sambench run", "folder": str(run.folder)}]
    (work / "results/ablation").mkdir(parents=True)
    (work / "results/ablation/ambiguity.json").write_text(json.dumps(members), encoding="utf-8")
    out = call(capsys, "table", "ambiguity", "format=csv")[1]
    assert "three outputs,.500,.600" in out
    assert ".593,.676" in out
    assert "three outputs" in call(capsys, "table", "all")[1]
    assert "measured, ours" not in call(capsys, "table", "ambiguity", "runs=[a]")[1], "the sweep's own is not asked for"


def test_found_runs_are_the_tasks_own(work, capsys):
    finished_run(work / "results/edges/a", "edges", edges_metrics(), "ours", rows=EDGE_ROWS)
    finished_run(work / "results/points/b", "points", {}, "other")
    _, out, _ = call(capsys, "table", "edges")
    assert "| measured, a " in out
    assert "measured, b" not in out
    moved = shutil.move(work / "results/edges/a", work / "results/z")
    assert "| measured, z " in call(capsys, "table", "edges")[1], moved


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["human", "runs=[e]"], "the table holds published numbers only"),
        (["points", "runs=[e]"], "the run is of task edges, not points"),
        (["all", "runs=[r]"], "the run is of task regions, not points or edges"),
        (["all", "against=e"], "against= is for one table"),
        (["edges", "against=e"], "against= compares one run of task points"),
        (["edges", "format=doc"], "use one of md, csv, latex, html"),
        (["edge_nms", "runs=[e]"], "the table of a sweep shows the runs of `sambench ablate`"),
        (["edgs"], "`sambench ls tables` explains each"),
    ],
)
def test_wrong_usage_is_answered_in_a_sentence(work, capsys, words, message):
    finished_run(work / "e", "edges", edges_metrics())
    regions = finished_run(work / "r", "edges", {})
    reseal(regions.folder, lambda record: record["identity"]["task"].update(name="regions"))
    code, _, err = call(capsys, "table", *words)
    assert code == 2
    assert message in err
    assert "mend:" in err


def test_help_and_ls_tell_every_table(work, capsys):
    for words in (["table", "--help"], ["table", "edges", "--help"], ["ls", "tables"]):
        code, out, _ = call(capsys, *words)
        assert code == 0
        for name in ("all", "edge_nms", *table_names()):
            assert any(line.split()[:1] == [name] for line in out.splitlines()), (words, name)
    assert call(capsys, "table")[0] == 2


@pytest.mark.parametrize("sealed", [True, False])
def test_nothing_is_printed_before_truncated_rows_are_refused(work, capsys, sealed):
    run = finished_run(work / "a", "edges", edges_metrics(), "ours", rows=EDGE_ROWS)
    rows = run.folder / "rows.parquet"
    rows.write_bytes(rows.read_bytes()[:-40])
    if sealed:
        reseal(run.folder)
    code, out, err = call(capsys, "table", "edges", f"runs=[{run.folder}]")
    assert (code, out) == (2, "")
    assert "rows" in err
    assert "mend:" in err


def test_a_truncated_run_among_many_stops_every_table_before_any_is_printed(work, capsys):
    run = finished_run(work / "results/edges/a", "edges", edges_metrics(), "ours", rows=EDGE_ROWS)
    (run.folder / "rows.parquet").write_bytes(b"PAR1")
    reseal(run.folder)
    code, out, _ = call(capsys, "table", "all")
    assert (code, out) == (2, "")
