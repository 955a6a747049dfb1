"""Tables in every format against files that were looked at; SAMBENCH_WRITE_GOLDEN=1 writes them anew."""

import csv
import io
import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pandas as pd
import pytest
from fake_runs import edges_metrics, finished_run
from hypothesis import given, settings
from hypothesis import strategies as st

from sambench.files.csv_cells import csv_cell
from sambench.tables.build import build_table
from sambench.tables.render import FORMATS, render
from sambench.tables.specs import table_spec
from sambench.types import Metric

GOLDEN = Path(__file__).parents[1] / "golden" / "tables"
AWKWARD = r"a|b <i>&amp; 50% $x_1^2$ #~{\y} *z* é"


def edges_runs(folder):
    """Runs with a name full of marks, with undefined numbers, on a part of the data, and of another protocol."""
    undefined = {
        **edges_metrics(ap=float("nan")),
        "r50": Metric(0.9, (float("nan"), float("nan")), 1, reference="edges/R50"),
    }
    return [
        finished_run(folder / "a_1", "edges", edges_metrics(), AWKWARD),
        finished_run(folder / "b", "edges", undefined, "part", data={"samples": 20}, nms_iou=0.9),
        finished_run(folder / "c", "edges", edges_metrics(), "other", preset="ymgw55"),
        finished_run(folder / "d", "edges", edges_metrics(), "generated", card={"generated": True, "note": "drawn"}),
    ]


def points_runs(folder):
    """A run over all 23 data sets and one on another."""
    names = {"mIoU@1": "SA-23 @1", "mIoU@5": "SA-23 @5", "oracle@1": "SA-23 oracle @1"}
    whole = {f"{key} (SA-23)": Metric(0.6, (0.5, 0.7), 9, reference=f"points/{one}") for key, one in names.items()}
    single = {"gtea mIoU@1": Metric(0.25, (0.2, 0.3), 9)}
    sa23 = {"name": "sa23", "split": "all", "samples": 40188}
    return [
        finished_run(folder / "a", "points", {**whole, **single}, "whole", data=sa23, preset="sam2"),
        finished_run(folder / "b", "points", {"mIoU@1": Metric(0.5, (0.4, 0.6), 9)}, "dram_run", data={"name": "dram"}),
    ]


def instances_runs(folder):
    """A run with a detector's boxes and one with the ground truth's."""
    metrics = {key: Metric(0.4, (0.3, 0.5), 5000, reference=f"instances/COCO {key}") for key in ("AP", "S", "M", "L")}
    data = {"name": "coco", "split": "val2017", "samples": 5000}
    return [
        finished_run(folder / "a", "instances", metrics, "detector", data=data, boxes="vitdet.json", max_boxes=50),
        finished_run(folder / "b", "instances", metrics, "own", data=data),
    ]


MADE = {"edges": edges_runs, "points": points_runs, "points_datasets": points_runs, "instances": instances_runs}
MADE |= {"human_tests": lambda folder: []}


def written(name, folder, form):
    spec = table_spec(name)
    table, notes = build_table(spec, MADE[name](folder))
    return render(table, notes, spec.title, form)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", MADE)
def test_as_it_was_looked_at(tmp_path, name, form):
    text = written(name, tmp_path, form)
    path = GOLDEN / f"{name}.{FORMATS[form]}"
    if os.environ.get("SAMBENCH_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


def test_the_same_runs_give_the_same_bytes(tmp_path):
    for form in FORMATS:
        assert written("edges", tmp_path / f"{form}1", form) == written("edges", tmp_path / f"{form}2", form)


@pytest.mark.parametrize("name", MADE)
def test_html_is_one_table_that_asks_for_nothing(tmp_path, name):
    text = written(name, tmp_path, "html")
    assert text.isascii()
    table = ElementTree.fromstring(text)
    assert table.tag == "table"
    assert table.findtext("caption") == table_spec(name).title
    width = len(table.findall("thead/tr/th"))
    assert {len(row) for row in table.findall("tbody/tr")} == {width}
    assert {cell.get("colspan") for cell in table.findall("tfoot/tr/td")} <= {str(width)}
    tags = {element.tag for element in table.iter()}
    assert tags <= {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "sup", "code"}
    assert {key for element in table.iter() for key in element.attrib} <= {"class", "style", "colspan"}


def test_html_shows_the_awkward_name_as_it_is(tmp_path):
    table = ElementTree.fromstring(written("edges", tmp_path, "html"))
    names = ["".join(row[0].itertext()) for row in table.findall("tbody/tr")]
    assert AWKWARD in names
    kinds = [row.get("class") for row in table.findall("tbody/tr")]
    assert [kinds.count(kind) for kind in ("published", "measured", "difference", "not-run")] == [8, 4, 2, 7]


def test_csv_reads_back(tmp_path):
    header, *rows = csv.reader(io.StringIO(written("edges", tmp_path, "csv")))
    assert header == ["method", "ODS", "OIS", "AP", "R50", "source", "note"]
    assert {len(row) for row in rows} == {7}
    by_name = {row[0]: row for row in rows}
    assert by_name[AWKWARD][1] == ".750 [.700, .800]"
    assert by_name["part"][6] == "only 20 of 200 images of bsds500 test; switches: nms_iou=0.9"
    assert by_name["SAM ViT-H"][6].startswith("`sambench run task=edges data=bsds500 model=sam_vit_h")


def test_markdown_has_as_many_cells_in_every_line(tmp_path):
    for name in MADE:
        lines = [line for line in written(name, tmp_path / name, "md").splitlines() if line.startswith("|")]
        assert len({line.replace(r"\|", "").count("|") for line in lines}) == 1
        assert len({len(line) for line in lines}) == 1, "aligned"


def test_latex_has_as_many_cells_in_every_row(tmp_path):
    for name in MADE:
        text = written(name, tmp_path / name, "latex")
        body = text.split(r"\midrule")[1].split(r"\bottomrule")[0]
        assert len({line.replace(r"\&", "").count("&") for line in body.strip().splitlines()}) == 1
        assert all(line.endswith(r" \\") for line in body.strip().splitlines())
        assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
        for character in "%#_&":
            unescaped = text.replace(f"\\{character}", "").replace("% \\usepackage", "")
            assert (character in unescaped) == (character == "&"), character


WORDS = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), max_size=12).map(str.strip)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=3), WORDS)
@settings(max_examples=60, deadline=None)
def test_any_words_come_through(rows, title):
    table = pd.DataFrame([(f"{name} [1]", *rest) for name, *rest in rows], columns=["method", "a", "source"])
    notes = ["[1] note"]
    found = list(csv.reader(io.StringIO(render(table, notes, title, "csv"))))[1:]
    assert [tuple(row[:3]) for row in found] == [tuple(map(csv_cell, row)) for row in rows]
    assert {row[3] for row in found} == {"note"}
    html = ElementTree.fromstring(render(table, notes, title, "html"))
    assert html.findtext("caption") == title
    shown = [["".join(cell.itertext()) for cell in row] for row in html.findall("tbody/tr")]
    assert shown == [[f"{name}1", *rest] for name, *rest in rows]
    lines = render(table, notes, title, "md").split("\n\n")[-2].splitlines()
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines} == {4}
    body = render(table, notes, title, "latex").split("midrule\n")[1].split("\n\\bottomrule")[0]
    assert all(len(re.findall(r"(?<!\\)&", row)) == 2 for row in body.splitlines())
