"""The tables of interactive segmentation: published numbers typed again, measured rows beside them, the figure."""

import pytest
from fake_runs import finished_run

from sambench.drawing.figures.published_clicks import TITLES, miou_beside_published, published_points
from sambench.metrics.published import published, published_texts
from sambench.tables.build import build_table
from sambench.tables.specs import table_spec
from sambench.types import Metric

TYPED = """
RITM|RITM HRNet32 IT-M|1.46 1.56 - 2.10 3.59 5.71 4.11 5.34 2.57 - - 2.97
RITM|RITM HRNet18 IT-M|1.42 1.54 - 2.26 3.80 6.06 4.36 5.74 2.28 - - 2.98
RITM|RITM HRNet18s IT-M|1.54 1.68 - 2.60 4.04 6.48 4.70 5.98 2.57 - - 3.33
RITM|RITM HRNet18|1.54 1.70 - 2.48 4.26 6.86 4.79 6.00 2.59 - - 3.58
RITM|RITM HRNet18 IT-M (SBD)|1.76 2.04 - 3.22 3.39 5.43 4.94 6.71 2.51 - - 4.39
FocalClick|FocalClick SegF-B3-S2|1.44 1.50 1.55 1.92 3.53 5.59 3.61 4.90 2.46 2.88 2.32 3.12
FocalClick|FocalClick SegF-B3-S2 (combined)|1.22 1.26 1.35 1.48 3.70 5.84 2.92 4.52 2.54 2.96 2.51 3.33
FocalClick|FocalClick HRNet32-S2|1.64 1.80 1.70 2.36 4.24 6.61 4.01 5.39 2.80 3.35 2.62 3.65
FocalClick|FocalClick HRNet18s-S2|1.48 1.62 1.60 2.23 4.43 6.79 3.90 5.23 2.93 3.46 2.61 3.59
FocalClick|FocalClick SegF-B0-S2|- 1.66 - 2.27 - 6.86 - 5.49 - 3.52 - 3.59
FocalClick|FocalClick SegF-B0-S1|- 1.86 - 3.29 - 7.60 - 7.42 - 4.22 - 4.21
MFP (CVPR 2024)|SimpleClick ViT-B|1.38 1.48 1.36 1.97 3.43 5.62 3.66 5.06 - - - -
FocSAM (CVPR 2024)|SimpleClick ViT-L|- 1.40 - 1.89 - 4.89 - 4.81 - - - -
FocSAM (CVPR 2024)|SimpleClick ViT-H|- 1.50 - 1.75 - 4.70 - 4.78 - - - -
FocSAM (CVPR 2024)|SAM ViT-H|- 1.88 - 2.09 - 7.62 - 5.19 - - - -
FocSAM (CVPR 2024)|FocSAM ViT-H|- 1.32 - 1.47 - 4.69 - 4.77 - - - -
FocSAM (CVPR 2024)|InterFormer Tiny|- 1.36 - 2.53 - 5.51 - 5.21 - - - -
FocSAM (CVPR 2024)|InterFormer Light|- 1.50 - 3.14 - 6.34 - 6.19 - - - -
CFR-ICL|CFR-ICL ViT-H|- - - - - - 3.00 4.24 - - - -
"""
"""Source, method, and the columns of table `interactive`."""

HQ = """
SegNext ViT-B, one block|.8541 7.47 11.94 731 .9013 5.46 13.31 177
SegNext ViT-B, two blocks|.8571 7.18 11.52 700 .8985 5.34 12.80 163
SegNext ViT-B, two blocks (HQSeg-44K)|.9175 5.32 9.42 583 .9187 4.43 10.73 123
SAM ViT-B|- - - - .90947 5.148 10.791 151
HQ-SAM ViT-B|.8985 6.49 - - .9177 - 10.00 -
InterFormer ViT-B 1024|.8262 7.17 - - .8779 - 11.88 -
HRSAM++ ViT-B 2048|.9150 5.41 - - .9079 - 10.84 -
Inter2Former 2048|.9268 4.24 - - .9200 - 7.82 -
"""


def texts_of(method, source, columns):
    rows = published_texts("interactive")
    (row,) = rows[(rows["method"] == method) & (rows["source"] == source)].to_dict("records")
    return [row[column] or "-" for column in columns]


def test_every_row_of_noc_was_typed_twice():
    columns = table_spec("interactive").columns
    for line in TYPED.strip().splitlines():
        source, method, values = line.split("|")
        assert texts_of(method, source, columns) == values.split(), method
    filled = published("interactive")[columns].notna().any(axis=1).sum()
    assert filled - len(TYPED.strip().splitlines()) == 4  # SegNext's and SAM's NoC@90 on DAVIS, typed below


def test_every_row_on_fine_structures_was_typed_twice():
    rows = published("interactive")
    columns = table_spec("interactive_hq").columns
    for line in HQ.strip().splitlines():
        method, values = line.split("|")
        source = rows[(rows["method"] == method) & rows[columns].notna().any(axis=1)]["source"].iloc[-1]
        assert texts_of(method, source, columns) == values.split(), method


def test_curves_rise_and_their_ends_are_the_sources():
    ends = {"RITM HRNet32": (0.725, 0.922), "SimpleClick ViT-B": (0.729, 0.929), "SimpleClick ViT-L": (0.743, 0.932)}
    ends |= {"FocalClick SegF-B3-S2": (0.764, 0.928), "SimpleClick ViT-H": (0.734, 0.934)}
    found = {name.removesuffix(" (PiClick)"): points for name, points in published_points("DAVIS").items()}
    assert {name: (points[1], points[10]) for name, points in found.items() if len(points) == 5} == ends
    for title in TITLES.values():
        for points in published_points(title).values():
            assert list(points.values()) == sorted(points.values())


def test_units_can_be_told_by_the_columns():
    rows = published("interactive")
    for column in rows.select_dtypes("number"):
        values = rows[column].dropna()
        if "mIoU" in column:
            assert ((values > 0) & (values < 1)).all(), column
        elif "NoC" in column:
            assert ((values >= 1) & (values <= 20)).all(), column
        elif "NoF" in column:
            assert (values % 1 == 0).all(), column


def noc_run(folder, preset="noc", data="grabcut", samples=50, curve=False, **switches):
    figures = {f"NoC@{end}": Metric(1.5 + end / 100, (1.0, 4.0), 50, higher_is_better=False) for end in (85, 90, 95)}
    figures |= {f"mIoU@{k}": Metric(0.8 + k / 100, (0.7, 0.99), 50) for k in (range(1, 21) if curve else [1])}
    about = {"name": data, "split": "test", "samples": samples}
    return finished_run(folder, "points", figures, "clicker", data=about, preset=preset, **switches)


def test_measured_clicks_stand_beside_the_row_they_answer_to(tmp_path):
    table, _ = build_table(table_spec("interactive"), [noc_run(tmp_path / "a")])
    at = list(table["method"]).index("clicker")
    assert table.loc[at, "GrabCut NoC@90"] == "2.400 [1.000, 4.000]"
    assert table.loc[at, "Berkeley NoC@90"] == ""
    assert table.loc[at + 1, ["method", "GrabCut NoC@85", "GrabCut NoC@90"]].tolist() == [
        "minus RITM HRNet32 IT-M",
        "+.890",
        "+.840",
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"samples": 9}, "only 9 of 50 images of grabcut test"),
        ({"forbid_reclick": False}, "switches: forbid_reclick=false"),
        ({"mask_threshold": 0.0}, "switches: mask_threshold=0.0"),
    ],
)
def test_what_departs_is_marked_and_not_subtracted(tmp_path, change, why):
    table, notes = build_table(table_spec("interactive"), [noc_run(tmp_path / "a", **change)])
    assert any(why in note for note in notes)
    assert not table["method"].str.startswith("minus").any()


def test_where_clicking_ends_changes_no_noc(tmp_path):
    run = noc_run(tmp_path / "a", preset="noc_segnext", curve=True)
    for name, column in (("interactive", "GrabCut NoC@90"), ("interactive_miou", "GrabCut mIoU@5")):
        table, _ = build_table(table_spec(name), [run])
        (line,) = [row for row in table.to_dict("records") if row["method"].startswith("minus RITM")]
        assert line[column].startswith(("+", "-"))


def test_the_figure_has_a_panel_a_data_set_and_none_without_runs(tmp_path):
    runs = [noc_run(tmp_path / "a", "noc_segnext", curve=True), noc_run(tmp_path / "b", "noc_sam", "davis", curve=True)]
    first = miou_beside_published(runs, tmp_path / "x")
    assert [path.name for path in first] == ["miou_beside_published.png", "miou_beside_published.svg"]
    again = miou_beside_published(runs, tmp_path / "y")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    text = first[1].read_text()
    assert text.count("<!-- mean IoU -->") == 2
    assert "<!-- SimpleClick ViT-L (PiClick) -->" in text
    assert miou_beside_published([noc_run(tmp_path / "c", data="mini")], tmp_path / "z") == []
