import json

import numpy as np
import pytest

from sambench.errors import UsageError
from sambench.metrics.boundary_rows import columns_of_counts, counts_of_rows, levels_of
from sambench.runs.figures import precision_recall
from sambench.runs.reference import paper_values, published
from sambench.runs.store import RunStore
from sambench.runs.summary import number
from sambench.runs.tables import build_table, render, table_spec
from sambench.types import Metric

COUNTS = np.array([[[8, 10, 6, 12], [6, 10, 4, 5]], [[9, 10, 7, 9], [2, 10, 2, 2]]])


def run(folder, name="model", generated=False, **switches):
    """A finished run of the edges task with made-up counts."""
    card = {"title": "BSDS500", "generated": generated, "note": "made here" if generated else ""}
    identity = {"task": {"name": "edges", **switches}}
    store = RunStore(folder / name, identity)
    data = {"name": "bsds500", "split": "test", "samples": 2, "card": card}
    store.start({"model": {"name": name}, "data": data, "switches": switches, "config": {"task": {}}})
    for index, counts in enumerate(COUNTS):
        store.append(str(index), [{"sample_id": str(index), **columns_of_counts(counts)}])
    metrics = {
        key: Metric(0.75 - i / 100, (0.7, 0.8), 2, reference=f"edges/{key.upper()}")
        for i, key in enumerate(("ods", "ois", "ap", "r50"))
    }
    return store.finish(store.ordered(["0", "1"]), metrics, {})


def test_counts_survive_the_rows(tmp_path):
    np.testing.assert_array_equal(counts_of_rows(run(tmp_path).rows()), COUNTS)
    assert levels_of(5).tolist() == pytest.approx([1 / 6, 1 / 3, 0.5, 2 / 3, 5 / 6])


def test_published_values_are_the_papers():
    assert paper_values("edges/ODS") == 0.768
    assert paper_values("edges/R50") == 0.928
    with pytest.raises(UsageError, match="no published table 'cats'"):
        published("cats")


@pytest.mark.parametrize("table", ["edges", "proposals", "instances"])
def test_every_published_row_has_a_source_and_fractions(table):
    rows = published(table)
    assert rows["source"].notna().all()
    assert rows["location"].notna().all()
    values = rows[table_spec(table).columns]
    assert ((values > 0) & (values < 1) | values.isna()).all().all()


MARKDOWN = """\
Zero-shot edge detection (paper, Table 3)

| method       |             ODS |             OIS |              AP |             R50 | source          |
|:-------------|----------------:|----------------:|----------------:|----------------:|:----------------|
| SAM (2023)   |            .768 |            .786 |            .794 |            .928 | paper, Table 3  |
| ours [1]     | .750 [.700, .800] | .740 [.700, .800] | .730 [.700, .800] | .720 [.700, .800] | measured, ours  |

[1] bsds500 test, 2 images; switches: nms_iou=0.9
"""


def squeezed(text):
    return ["".join(line.replace("-", "").replace(":", "").split()) for line in text.splitlines()]


def test_markdown_as_expected(tmp_path):
    spec = table_spec("edges")
    table, notes = build_table(spec, [run(tmp_path, "ours", nms_iou=0.9, grid=16)])
    table = table[table["method"].isin(["SAM (2023)", "ours [1]"])]
    assert squeezed(render(table, notes, spec.title, "md")) == squeezed(MARKDOWN)


def test_csv_and_latex_hold_the_same_cells(tmp_path):
    spec = table_spec("edges")
    table, notes = build_table(spec, [run(tmp_path, "o_urs")])
    csv = render(table, notes, spec.title, "csv").splitlines()
    assert csv[0] == "method,ODS,OIS,AP,R50,source"
    assert csv[-1].startswith('o_urs [1],".750 [.700, .800]"')
    latex = render(table, notes, spec.title, "latex")
    assert r"o\_urs [1] & .750 [.700, .800] & .740" in latex
    assert latex.count(r"\\") == len(table) + 1
    with pytest.raises(UsageError, match="no format"):
        render(table, notes, spec.title, "doc")


def test_generated_data_are_never_called_the_benchmark(tmp_path):
    _, notes = build_table(table_spec("edges"), [run(tmp_path, generated=True)])
    assert "not comparable with the published rows" in notes[0]


def test_numbers_as_the_field_writes_them():
    assert [number(value) for value in (0.768, 1.0, -0.25, float("nan"), None)] == [".768", "1.000", "-.250", "", ""]


def test_figure_is_the_same_every_time(tmp_path):
    first = precision_recall([run(tmp_path)], tmp_path / "a")
    assert [path.suffix for path in first] == [".png", ".svg"]
    again = precision_recall([run(tmp_path / "x")], tmp_path / "c")
    assert first[0].read_bytes() == again[0].read_bytes()
    assert first[1].read_bytes() == again[1].read_bytes()


def test_record_is_json_all_the_way(tmp_path):
    json.dumps(run(tmp_path).record)
