"""Text in a narrow terminal: tables are parted, lines broken, and nothing is lost."""

import pytest

from sambench.tables.fitting import fitted, joined
from sambench.tables.folding import broken, terminal_width

TABLE = """\
A title

| method            |   ODS | 95 % interval | verdict of the whole       |
|:------------------|------:|:-------------:|:---------------------------|
| a \\| b          |  .676 | [.650, .700]  | cannot be told             |
| a longer name (x) |  .500 |               | no better                  |

A note that is long enough to be broken."""


def cells(text):
    return {cell.strip() for line in text.splitlines() for cell in line.replace("\\|", "!").split("|")} - {""}


def test_a_file_or_a_pipe_has_no_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "97")
    assert terminal_width() is None
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert terminal_width() == 97


@pytest.mark.parametrize("width", [None, 75, 200])
def test_what_fits_stays_as_it_is(width):
    assert fitted(TABLE, width) == TABLE


def test_a_column_that_does_not_fit_is_told_a_line_a_row():
    assert fitted(TABLE, 50).splitlines() == [
        "A title",
        "",
        "| method            |  ODS | 95 % interval |",
        "|:------------------|-----:|:-------------:|",
        "| a \\| b            | .676 | [.650, .700]  |",
        "| a longer name (x) | .500 |               |",
        "",
        "a \\| b: verdict of the whole cannot be told",
        "a longer name (x): verdict of the whole no better",
        "",
        "A note that is long enough to be broken.",
    ]


def test_several_columns_follow_in_a_table_of_the_same_rows():
    rows = ["| a | one | two | three | four | five |", "|:--|--:|--:|:--|--:|--:|"]
    table = "\n".join([*rows, "| b | 1 | 22 | 333 | 4444 | |", "| c | 5 | | 7 | 8 | 9 |"])
    assert fitted(table, 25).splitlines() == [
        "| a | one | two | three |",
        "|:--|----:|----:|:------|",
        "| b |   1 |  22 | 333   |",
        "| c |   5 |     | 7     |",
        "",
        "| a | four | five |",
        "|:--|-----:|-----:|",
        "| b | 4444 |      |",
        "| c |    8 |    9 |",
    ]


@pytest.mark.parametrize("width", range(20, 80))
def test_no_cell_is_lost_and_no_line_too_wide(width):
    text = fitted(TABLE, width)
    assert all(len(line) <= max(width, 30) for line in text.splitlines())
    plain = " ".join(text.replace("\\|", "!").split())
    names = {"method"} if width < 28 else set()  # the head of the names goes with the last table
    assert all(" ".join(cell.split()) in plain for cell in cells(TABLE) - names if not set(cell) <= set(":-"))


def test_rows_of_one_first_cell_are_named_by_two():
    table = "| metric | run | value | standing |\n|:--|:--|--:|:--|\n| ods | A | .7 | best |\n| ods | B | .6 | worse |"
    assert fitted(table, 28).splitlines()[5:] == ["ods A: standing best", "ods B: standing worse"]
    numbers = table.replace("|:--|:--|--:|", "|:--|--:|--:|")
    assert fitted(numbers, 28).splitlines()[5:] == ["ods: standing best", "ods: standing worse"]


def test_lines_break_at_spaces_alone():
    assert broken("  run folder: results/a-b-c-d/0123456789", 20) == ["  run folder:", "    results/a-b-c-d/0123456789"]
    assert broken("short", 20) == ["short"]
    assert broken("as long as it is", None) == ["as long as it is"]
    assert broken("name  what it is about", 16, " " * 6) == ["name  what it is", "      about"]


def test_parts_that_do_not_fit_go_on_below():
    parts = ["results/edges/a", "finished", "edges, hierarchy on mini", "ods .700"]
    assert joined(parts, None) == "  ".join(parts)
    assert joined(parts, 40).splitlines() == [
        "results/edges/a  finished",
        "    edges, hierarchy on mini  ods .700",
    ]
