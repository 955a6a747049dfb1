"""Rows of a baseline or a run that somebody else made end a gate in one sentence, never in a traceback."""

import datetime
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from resealed import reseal
from stored_runs import stored

from sambench.cli import main
from sambench.errors import RunError
from sambench.gates.baseline import _digest, read_baseline, write_baseline
from sambench.gates.compare import freeze
from sambench.runs.open import load_run
from sambench.runs.row_columns import FROZEN, OPTIONAL, TOGETHER

TASKS = ["annotators", "noise", "edges", "regions", "points", "proposals", "instances"]


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    """A run of each task, the baseline frozen of it, and what that holds."""
    made = {}
    for task in TASKS:
        folder = tmp_path_factory.mktemp(task)
        run = stored(folder / "run", task)
        freeze(run, folder / "good.baseline")
        made[task] = run, folder, read_baseline(folder / "good.baseline")
    return made


def write(path, record, table):
    """Write a baseline with any columns, its checksum that of what it holds."""
    described = {
        b"sambench_schema": b"1",
        b"sambench_record": json.dumps(record).encode(),
        b"sambench_sha256": _digest(record, table.to_pylist()).encode(),
    }
    pq.write_table(table.replace_schema_metadata(described), path)


def gate(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(["gate", *words, "replicates=100"])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err
    return ended.value.code, printed.err


@pytest.mark.parametrize("task", TASKS)
def test_a_frozen_baseline_stands_beside_its_run(frozen, task, capsys):
    run, folder, _ = frozen[task]
    assert gate(capsys, f"baseline={folder / 'good.baseline'}", f"candidate={run}")[0] == 0


@pytest.mark.parametrize("task", TASKS)
def test_a_baseline_whose_columns_are_not_the_tasks_is_told_by_the_column(frozen, task, capsys, tmp_path):
    run, _, good = frozen[task]
    table, path = pa.Table.from_pylist(good.rows), tmp_path / "foreign.baseline"

    def refused(other, told):
        write(path, good.record.stored, other)
        code, error = gate(capsys, f"baseline={path}", f"candidate={run}")
        assert (code, told in error, "sambench gate freeze" in error) == (2, True, True), error
        with pytest.raises(RunError):
            read_baseline(path)

    refused(table.slice(0, 0), "there is none")
    refused(table.append_column("sample_id", table["sample_id"]), "Multiple matches")
    again = table["sample_id"][0].as_py()
    refused(pa.concat_tables([table, table.slice(0, 1)]), f"sample {again} has several rows")
    stamps = pa.array([datetime.datetime(2026, 1, 1)] * len(table))
    for name in ("sample_id", *FROZEN[task]):
        refused(table.drop_columns([name]), f"no column {name}")
        index = table.column_names.index(name)
        refused(table.set_column(index, name, stamps), f"column {name} holds timestamp")
        if pa.types.is_list(table[name].type):
            holed = [[None, *one[1:]] if one else one for one in table[name].to_pylist()]
            refused(table.set_column(index, name, pa.array(holed, table[name].type)), f"column {name} has empty places")


@pytest.mark.parametrize("task", TASKS)
def test_lists_of_a_baselines_row_that_belong_together_have_one_length(frozen, task, capsys, tmp_path):
    run, _, good = frozen[task]
    names = [name for name in {**FROZEN[task], **OPTIONAL.get(task, {})} if isinstance(good.rows[-1].get(name), list)]
    assert names
    for name in names:
        rows = json.loads(json.dumps(good.rows))
        row = next(row for row in rows if row.get(name))
        row[name] = row[name][:-1] if name != "oracle_steps" else row[name] * 2
        write_baseline(tmp_path / "short.baseline", good.record, rows)
        code, error = gate(capsys, f"baseline={tmp_path / 'short.baseline'}", f"candidate={run}")
        told = "several lengths" if task != "proposals" else f"column {name} of sample {row['sample_id']} has"
        assert (code, told in error) == (2, True), (name, error)
        if task in ("instances", "points"):
            assert row["sample_id"] in error


@pytest.mark.parametrize("task", ["instances", "proposals", "points"])
def test_lists_of_a_runs_row_that_belong_together_have_one_length(task, tmp_path, capsys):
    run = stored(tmp_path / "run", task)
    path = run / "rows.parquet"
    before = pq.read_table(path)
    for name in before.column_names:
        if not pa.types.is_list(before[name].type):
            continue
        values = before[name].to_pylist()
        place = next(index for index, value in enumerate(values) if value)
        values[place] = values[place][1:]
        index = before.column_names.index(name)
        pq.write_table(before.set_column(index, name, pa.array(values, before[name].type)), path)
        reseal(run)
        with pytest.raises(RunError, match=f"sample {before['sample_id'][place]}"):
            load_run(run).rows()
        code, _ = gate(capsys, f"baseline={run}", f"candidate={run}")
        assert code == 2
    if task == "points":
        pq.write_table(before.slice(1), path)
        reseal(run)
        with pytest.raises(RunError, match="objects after different numbers of clicks"):
            load_run(run).rows()


def test_every_list_of_an_instances_row_belongs_to_a_group():
    lists = [name for name, kind in {**FROZEN["instances"], **OPTIONAL["instances"]}.items() if "s or" in kind]
    assert sorted(lists) == sorted(name for group in TOGETHER["instances"] for name in group)


def test_a_size_that_names_no_range_is_told(frozen, tmp_path):
    _, _, good = frozen["points"]
    for wrong in (-1, 5):
        rows = json.loads(json.dumps(good.rows))
        rows[0]["size"][0] = wrong
        write_baseline(tmp_path / "x.baseline", good.record, rows)
        with pytest.raises(RunError, match="names no range of sizes"):
            read_baseline(tmp_path / "x.baseline")


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_subnormal=False),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.lists(
        st.one_of(st.none(), st.integers(-9, 9), st.floats(allow_subnormal=False), st.text(max_size=2)), max_size=4
    ),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 3), max_size=2),
)


@pytest.mark.parametrize("task", TASKS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_foreign_baseline_holds_ends_in_a_verdict_or_one_sentence(frozen, task, tmp_path, capsys, data):
    run, _, good = frozen[task]
    rows = json.loads(json.dumps(good.rows))
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.sampled_from(rows))
        row[data.draw(st.sampled_from(sorted(row)))] = data.draw(VALUES)
    try:
        write_baseline(tmp_path / "any.baseline", good.record, rows)
    except (pa.ArrowException, OverflowError):
        return  # no table can hold it
    code, error = gate(capsys, f"baseline={tmp_path / 'any.baseline'}", f"candidate={run}")
    assert code in (0, 1, 2, 3), error


@pytest.mark.parametrize(
    ("task", "name", "odd", "told"),
    [
        ("regions", "voi", float("nan"), "column voi has NaN or infinity"),
        ("regions", "cover_r", float("-inf"), "column cover_r has NaN or infinity"),
        ("instances", "found_score", float("inf"), "column found_score has NaN or infinity"),
        ("instances", "found_place", -(2**40), "column found_place has places from -1099511627776"),
        ("proposals", "places_all", 2**31, "column places_all has places from .* to 2147483648"),
    ],
)
def test_numbers_that_are_none_are_told(frozen, task, name, odd, told, tmp_path):
    baseline = frozen[task][2]
    table = pa.Table.from_pylist(baseline.rows)
    values = table[name].to_pylist()
    next(own for own in values if own)[0] = odd
    write(
        tmp_path / "x.baseline",
        baseline.record.stored,
        table.set_column(table.column_names.index(name), name, pa.array(values, table[name].type)),
    )
    with pytest.raises(RunError, match=told):
        read_baseline(tmp_path / "x.baseline")
