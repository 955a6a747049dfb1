"""Tables that fit the terminal, and what is styled there."""

import io

import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run
from rich.console import Console

from sambench.tables.console import print_run
from sambench.tables.folding import Columns, folded_text, plain_console, print_folded

HEADS = ["metric", "measured", "95 % interval", "n", "SAM of a paper with a very long name (2023)"]
ROWS = [["ods", ".750", "[.700, .800]", "200", ".768"], ["ap", ".700", "", "200", ""]]


def printed(width):
    out = io.StringIO()
    print_folded(Console(file=out, width=width, color_system=None), HEADS, ROWS, keep=2)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [30, 50, 80, 200])
def test_no_cell_is_wrapped_and_none_is_lost(width):
    lines = printed(width)
    told = " ".join(" ".join(lines).split())
    assert all(cell in told for row in [HEADS, *ROWS] for cell in row)
    table = [line for line in lines if line[0] in "┏┃┡│└"]
    assert len(table) == 4 + len(ROWS)  # frame, heads and one line a row
    assert all(len(line) <= width for line in table)


def test_what_does_not_fit_stands_below():
    assert printed(200)[-1].startswith("└")
    assert printed(80)[-1] == "SAM of a paper with a very long name (2023): ods .768"
    assert printed(32)[-4:-2] == ["95 % interval: ods [.700, .800]", "n: ods 200, ap 200"]


TEXT_HEADS = ["metric", "baseline", "p", "verdict"]
TEXT_ROWS = [["ods", ".7500", ".0005", "regression"], ["ap", ".7000", "", "none"]]


@pytest.mark.parametrize(
    ("width", "below"),
    [
        (None, []),
        (80, []),
        (32, ["p: ods .0005"]),
        (12, ["baseline:", "  ods .7500,", "  ap .7000", "p: ods .0005"]),
    ],
)
def test_columns_of_a_text_leave_in_the_order_that_is_asked_for(width, below):
    align = ["left", "right", "right", "left"]
    lines = folded_text(TEXT_HEADS, TEXT_ROWS, align, ["p", "baseline"], width).splitlines()
    assert lines[4:] == below
    assert lines[0].split() == [head for head in TEXT_HEADS if not any(line.startswith(f"{head}:") for line in below)]
    assert width in (None, 12) or max(map(len, lines[:4])) <= width


def test_a_row_without_a_name_has_that_of_the_one_above():
    out = io.StringIO()
    table = Columns(("by", "", "number", "largest part"), ("left", "left", "right", "left"), naming=2)
    table.add("size", "small", "5", "spill .10")
    table.add("", "large", "7", "holes .20")
    table.print(Console(file=out, width=36, color_system=None))
    assert out.getvalue().splitlines()[-2:] == ["largest part: size small spill .10,", "  size large holes .20"]


def test_a_run_fits_80_columns(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_run(finished_run(tmp_path / "a", "edges", edges_metrics(), rows=EDGE_ROWS))
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines if line[:1] in ("┏", "┃", "┡", "│", "└"))


@pytest.mark.parametrize("asked", [True, False])
def test_no_color_means_no_styling_at_all(asked, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    if asked:
        monkeypatch.setenv("NO_COLOR", "1")
    else:
        monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    console = plain_console()
    console.file = io.StringIO()
    print_folded(console, HEADS, ROWS, keep=2)
    assert ("\x1b[" in console.file.getvalue()) != asked
