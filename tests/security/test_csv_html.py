"""What data calls itself runs neither in a spreadsheet nor in a browser."""

import base64
import csv
import hashlib
import json
import re

import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run
from hostile_data import write_hostile_coco
from watched_pages import chromium

from sambench.cli import dispatch
from sambench.tables.console import print_run

FORMULA = re.compile(r"[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?\.?\d[\d.]*( \[[+-]?[\d.]+, [+-]?[\d.]+\])?")


def cells_of(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return [cell for row in csv.reader(stream) for cell in row]


def no_formulas(cells):
    return not [cell for cell in cells if FORMULA.match(cell) and not NUMBER.fullmatch(cell)]


def test_findings_of_a_data_check(tmp_path):
    write_hostile_coco(tmp_path / "coco")
    content = json.loads((tmp_path / "coco" / "coco.json").read_text())
    formula = next(image["id"] for image in content["images"] if image["file_name"].startswith("="))
    for one in content["annotations"]:
        one["iscrowd"] = int(one["image_id"] == formula)  # a note on each mask that is left out
    (tmp_path / "coco" / "coco.json").write_text(json.dumps(content))
    words = [f"root={tmp_path / 'coco'}", "annotations=coco.json", "images=deep/down/images"]
    assert dispatch(["data", "check", "generic", *words, f"out={tmp_path / 'out.csv'}"]) == 0
    cells = cells_of(tmp_path / "out.csv")
    assert any(cell.startswith("'=cmd()") for cell in cells)
    assert no_formulas(cells)


@pytest.mark.parametrize("name", ["=cmd()|' /C calc'!A0", "+1+1|x", "-cmd", "@SUM(A1)", "\t=1"])
def test_tables(tmp_path, name):
    run = finished_run(tmp_path / "run", "edges", edges_metrics(), rows=EDGE_ROWS, name=name)
    assert dispatch(["table", "edges", f"runs=[{run.folder}]", "format=csv", f"out={tmp_path / 'tables'}"]) == 0
    cells = cells_of(tmp_path / "tables" / "edges.csv")
    assert f"'{name}" in cells
    assert no_formulas(cells)


def policy_of(page):
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    return {name: values for name, *values in (part.split() for part in policy.split(";"))}


def test_the_report_runs_its_own_script_and_no_other(tmp_path):
    run = finished_run(tmp_path / "<b>run", "edges", edges_metrics(), rows=EDGE_ROWS, name="<script>alert(1)</script>")
    assert dispatch(["report", f"runs=['{run.folder}']", f"out={tmp_path / 'out'}", "count=0"]) == 0
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = policy_of(page)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == [f"'sha256-{digest}'"]
    assert policy["base-uri"] == policy["form-action"] == ["'none'"]


@pytest.mark.slow
def test_a_browser_runs_nothing_of_the_data(tmp_path):
    run = finished_run(tmp_path / "run", "edges", edges_metrics(), rows=EDGE_ROWS, name="x")
    assert dispatch(["report", f"runs=['{run.folder}']", f"out={tmp_path / 'out'}", "count=0"]) == 0
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    planted = page.replace("</main>", "<script>document.title = 'evil'</script></main>")
    (tmp_path / "planted.html").write_text(planted, encoding="utf-8")
    with chromium() as browser:
        shown = browser.new_page()
        shown.goto((tmp_path / "planted.html").as_uri())
        assert shown.title() != "evil"
        assert shown.evaluate("typeof follow") == "function", "its own script ran"


def test_a_table_file_runs_no_script(tmp_path, capsys):
    run = finished_run(tmp_path / "run", "edges", edges_metrics(), rows=EDGE_ROWS, name="<img src=x onerror=alert(1)>")
    assert dispatch(["table", "edges", f"runs=[{run.folder}]", "format=html", f"out={tmp_path / 'tables'}"]) == 0
    page = (tmp_path / "tables" / "edges.html").read_text()
    assert policy_of(page)["default-src"] == ["'none'"]
    assert "script-src" not in policy_of(page)
    assert "<img" not in page
    assert capsys.readouterr().out == page


def test_words_of_data_are_no_marks_of_a_figure_or_of_the_terminal(tmp_path, capsys):
    name = r"$\frac{$ [/red] x"
    run = finished_run(tmp_path / "run", "edges", edges_metrics(), rows=EDGE_ROWS, name=name)
    assert dispatch(["table", "edges", f"runs=[{run.folder}]", f"out={tmp_path / 'tables'}"]) == 0
    assert (tmp_path / "tables" / "edges" / "precision_recall.svg").is_file()
    capsys.readouterr()
    print_run(run)
    assert name in capsys.readouterr().out
