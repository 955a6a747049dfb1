"""Cells of CSV files: formulas are quoted, numbers stay numbers."""

import re

import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run
from hypothesis import given
from hypothesis import strategies as st

from sambench.cli import dispatch
from sambench.files.csv_cells import csv_cell


@pytest.mark.parametrize(
    "text",
    [
        *(
            "=cmd()",
            "+1+cmd",
            "-1+1|x",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            " =1",
            "=",
            "-",
            "+x",
            "- note",
            "\uff1dcmd()",
        ),
        *("-.005 [-.01, =cmd()]", "-1\n=cmd()", "+1e5x"),
    ],
)
def test_formulas_are_quoted(text):
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    ["-.005", "+.012", "-1", "+3.", "-1e-05", "-.005 [-.010, +.001]", ".750 [.700, .800]", "", "a=b", "a-b", "[-1]"],
)
def test_everything_else_is_left(text):
    assert csv_cell(text) == text


@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_numbers_stay_numbers(value):
    assert csv_cell(repr(value)) == repr(value)
    assert csv_cell(f"{value:+.4f}") == f"{value:+.4f}"


@given(st.text())
def test_nothing_starts_a_formula(text):
    cell = csv_cell(text)
    assert cell.lstrip("'") == text.lstrip("'")
    assert not cell.startswith(("=", "@", "\t", "\r"))


def test_numbers_of_a_table_stay_numbers(tmp_path):
    run = finished_run(tmp_path / "run", "edges", edges_metrics(), rows=EDGE_ROWS, name="x")
    assert dispatch(["table", "edges", f"runs=[{run.folder}]", f"out={tmp_path}"]) == 0
    text = (tmp_path / "edges.csv").read_text()
    assert re.search(r",[+-]\.\d", text)
    assert not re.search(r"(^|,|\")'", text)
