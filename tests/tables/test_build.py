import json
import re

import numpy as np
import pandas as pd
import pytest
from fake_runs import COUNTS, EDGE_ROWS, edges_metrics, finished_run

from sambench.drawing.figures.precision_recall import precision_recall
from sambench.errors import UsageError
from sambench.metrics.boundary.scores import counts_of_rows, levels_of
from sambench.metrics.concepts.references import GOLD, published_columns
from sambench.metrics.published import published, published_texts
from sambench.runs.summary import number
from sambench.tables.build import Footnotes, build_table, signed
from sambench.tables.departures import changed_switches, departure, missing_rows
from sambench.tables.render import render
from sambench.tables.specs import ARTICLE, read_config, table_names, table_spec
from sambench.types import Metric


def run(folder, name="model", generated=False, **switches):
    """A finished run of the edges task with made-up counts, over two images."""
    card = {"title": "BSDS500", "generated": generated, "note": "made here" if generated else ""}
    return finished_run(
        folder / name, "edges", edges_metrics(), name, rows=EDGE_ROWS, data={"samples": 2}, card=card, **switches
    )


def row_of(table, name):
    (found,) = table[table["method"].str.startswith(name)].to_dict("records")
    return found


def test_counts_survive_the_rows(tmp_path):
    np.testing.assert_array_equal(counts_of_rows(run(tmp_path).rows()), COUNTS)
    assert levels_of(5).tolist() == pytest.approx([1 / 6, 1 / 3, 0.5, 2 / 3, 5 / 6])


def test_published_values_are_the_papers():
    rows = published_texts("edges").set_index("method")
    assert rows.loc["SAM", ["ODS", "R50"]].tolist() == [".768", ".928"]
    with pytest.raises(UsageError, match="no published table 'cats'"):
        published("cats")


# descriptions


@pytest.mark.parametrize("name", table_names())
def test_descriptions_name_what_there_is(name):
    spec = table_spec(name)
    rows = published(spec.published) if spec.published else pd.DataFrame()
    assert set(spec.columns) <= set(rows)
    for answer in spec.answers:
        assert ((rows["method"] == answer.method) & (rows["source"] == answer.source)).sum() == 1
        assert read_config(f"task/{spec.task}", answer.preset)["preset"] == answer.preset
    for expected in spec.expected:
        words = expected.words()
        if expected.command:
            assert expected.command.split()[:3] == ["sambench", "ablate", name]
            assert len(re.findall("FILE", expected.command)) == len(rows)
            continue
        assert read_config("model", words["model"]), expected
        assert read_config("data", words["data"]), expected
        if preset := words.get(f"task/{spec.task}"):
            assert read_config(f"task/{spec.task}", preset)
    switches = read_config(f"task/{spec.task}", "paper") if spec.task else {}
    assert {*spec.unlike, *spec.neutral} <= set(switches)
    table, notes = build_table(spec, [])
    for expected in spec.expected:
        command = expected.command or f"sambench run task={spec.task} {expected.run}"
        assert any(f"`{command}`" in note for note in notes)
    numbers = [column for column in spec.columns if rows[column].dtype.kind in "if"]
    filled = rows[numbers].notna().any(axis=1).sum()
    assert len(table) == filled + (len(spec.expected) if spec.rows == "method" else 0)


def test_the_articles_tables_are_there():
    assert set(ARTICLE) <= set(table_names())
    with pytest.raises(UsageError, match="no table 'cats'"):
        table_spec("cats")


def test_answers_follow_the_preset(tmp_path):
    spec = table_spec("edges")
    assert spec.answer(finished_run(tmp_path / "a", "edges", {})).source == "paper"
    assert spec.answer(finished_run(tmp_path / "b", "edges", {}, preset="ymgw55")).preset == "ymgw55"
    assert spec.answer(finished_run(tmp_path / "c", "edges", {}, preset="nyudv2")).source == "paper"


# measured rows


def test_differences_to_the_papers_row(tmp_path):
    whole = finished_run(tmp_path / "ours", "edges", edges_metrics(ods=0.7, ap=0.8, r50=float("nan")), "ours")
    table, notes = build_table(table_spec("edges"), [whole])
    assert row_of(table, "ours") == {
        "method": "ours",
        "ODS": ".700 [.700, .800]",
        "OIS": ".740 [.700, .800]",
        "AP": ".800 [.700, .800]",
        "R50": "",
        "source": "measured, ours",
    }
    line = row_of(table, "minus SAM (paper)")
    assert [line[column] for column in ("ODS", "OIS", "AP", "R50")] == ["-.068", "-.046", "+.006", ""]
    assert not any("ours" in note for note in notes), "nothing departs from the paper"


def test_a_part_of_the_data_and_other_switches_are_marked(tmp_path):
    table, notes = build_table(table_spec("edges"), [run(tmp_path, "ours", nms_iou=0.9)])
    assert "only 2 of 200 images of bsds500 test; switches: nms_iou=0.9" in notes[4]
    assert row_of(table, "ours")["method"] == "ours [5]"
    assert not table["source"].eq("difference").any(), "it does not answer to the published row"


def test_generated_and_other_data_are_never_called_the_benchmark(tmp_path):
    other = finished_run(tmp_path / "o", "edges", edges_metrics(), "other", data={"name": "nyudv2"})
    train = finished_run(tmp_path / "t", "edges", edges_metrics(), "train", data={"split": "train"})
    table, notes = build_table(table_spec("edges"), [run(tmp_path, "made", generated=True), other, train])
    assert "not comparable with the published rows" in notes[4]
    assert "not the published rows' data" in notes[5]
    assert "the published rows are of test" in notes[6]
    assert not table["source"].eq("difference").any()


def test_boxes_of_the_ground_truth_are_not_a_detectors(tmp_path):
    metrics = {"AP": Metric(0.5, None, 5000, reference="instances/COCO AP")}
    data = {"name": "coco", "split": "val2017", "samples": 5000}
    spec = table_spec("instances")
    own = finished_run(tmp_path / "a", "instances", metrics, data=data)
    detector = finished_run(tmp_path / "b", "instances", metrics, data=data, boxes="vitdet.json")
    assert departure(own, spec).text == "switches: boxes=gt"
    assert not departure(own, spec).comparable
    assert departure(detector, spec).text == ""
    table, _ = build_table(spec, [detector])
    assert row_of(table, "minus SAM (paper)")["COCO AP"] == "+.035"
    assert row_of(table, "minus SAM (paper)")["LVIS AP"] == ""


def test_boxes_of_the_ground_truth_have_a_table_of_their_own(tmp_path):
    metrics = {"AP": Metric(0.5, None, 5000, reference="instances/COCO AP"), "box_mIoU": Metric(0.75, None, 5000)}
    data = {"name": "coco", "split": "val2017", "samples": 5000}
    spec = table_spec("boxes")
    made = finished_run(tmp_path / "a", "instances", metrics, data=data, preset="efficientvit")
    assert departure(made, spec).text == ""
    table, _ = build_table(spec, [made])
    assert row_of(table, "minus SAM ViT-H (EfficientViT-SAM)")["COCO box"] == "-.024"
    assert row_of(table, "model")["LVIS box"] == ""


def test_switches_are_compared_with_the_preset_of_the_row(tmp_path):
    changed = finished_run(tmp_path / "a", "edges", {}, preset="ymgw55", nms_iou=0.5)
    assert changed_switches(changed, "ymgw55") == {"nms_iou": 0.5}
    assert len(changed_switches(changed, "paper")) > 1


def test_clicks_on_other_data_stand_in_columns_of_their_own(tmp_path):
    metrics = {"mIoU@1": Metric(0.5, (0.4, 0.6), 9), "oracle@1": Metric(0.7, (0.6, 0.8), 9)}
    data = {"name": "bsds500_segments", "samples": 9}
    made = finished_run(tmp_path / "a", "points", metrics, "ours", data=data)
    table, notes = build_table(table_spec("points"), [made])
    assert list(table.columns[-3:]) == ["own data @1", "own data oracle @1", "source"]
    row = row_of(table, "ours")
    assert (row["own data @1"], row["SA-23 @1"]) == (".500 [.400, .600]", "")
    assert any("bsds500_segments test, 9 images: not the published rows' data" in note for note in notes)
    other, notes = build_table(table_spec("points_coco"), [made])
    assert not other["method"].str.startswith("ours").any()
    assert notes[-1] == "not shown, as no column here is theirs: a"


def test_data_sets_one_by_one(tmp_path):
    metrics = {"gtea mIoU@1": Metric(0.3, (0.2, 0.4), 9), "mIoU@1 (mean of 1 of 23 data sets)": Metric(0.3, None, 9)}
    several = finished_run(tmp_path / "a", "points", metrics, "ours", data={"name": "sa23"})
    single = finished_run(tmp_path / "b", "points", {"mIoU@1": Metric(0.6, None, 9)}, "two", data={"name": "dram"})
    table, notes = build_table(table_spec("points_datasets"), [several, single])
    cells = table.set_index("data set")
    assert cells.loc["GTEA", ["ours @1 [1]", "two @1 [2]"]].tolist() == [".300 [.200, .400]", ""]
    assert cells.loc["DRAM", ["ours @1 [1]", "two @1 [2]"]].tolist() == ["", ".600"]
    assert cells.loc["GTEA", "SAM - RITM"] == "-.214"
    assert notes[0] == "[1] a; only 200 of 40188 images of sa23 test"
    assert notes[1] == "[2] b; only 200 of 718 images of dram test"


# rows that are not there


def test_missing_rows_tell_their_command(tmp_path):
    table, notes = build_table(table_spec("edges"), [])
    row = row_of(table, "SAM ViT-H")
    assert row["ODS"] == ""
    mark = row["source"].removeprefix("not run ")
    command = "`sambench run task=edges data=bsds500 model=sam_vit_h model.checkpoint=FILE` fills this row"
    assert f"{mark} {command}" in notes


@pytest.mark.parametrize(
    ("about", "fills"),
    [
        ({}, True),
        ({"model": {"family": "sam", "variant": "vit_b"}}, False),
        ({"model": {"family": "sam_hq", "variant": "vit_h"}}, False),
        ({"data": {"samples": 20}}, False),
        ({"data": {"name": "mini"}}, False),
        ({"preset": "ymgw55"}, False),
        ({"nms_iou": 0.9}, False),
    ],
)
def test_a_row_is_filled_by_its_own_run_alone(tmp_path, about, fills):
    about = {"model": {"family": "sam", "variant": "vit_h"}, **about}
    made = finished_run(tmp_path / "a", "edges", edges_metrics(), "sam_vit_h_4b8939", **about)
    missing = [row.row for row in missing_rows(table_spec("edges"), [made])]
    assert ("SAM ViT-H" not in missing) == fills
    assert "hierarchy" in missing


def test_a_row_of_other_switches_is_filled_by_a_run_of_them(tmp_path):
    data, model = {"name": "sa23", "samples": 40188}, {"family": "sam", "variant": "vit_h"}
    metrics = {"mIoU@1 (SA-23)": Metric(0.5, None, 9), "oracle@1 (SA-23)": Metric(0.6, None, 9)}
    three = finished_run(tmp_path / "a", "points", metrics, data=data, model=model, clicks=[1])
    single = finished_run(tmp_path / "b", "points", metrics, data=data, model=model, first_output="single")
    spec = table_spec("ambiguity")
    assert [row.row for row in missing_rows(spec, [three])] == ["SAM ViT-H, single output"]
    assert [row.row for row in missing_rows(spec, [single])] == ["SAM ViT-H, three outputs"]
    table, _ = build_table(spec, [three, single])
    assert list(table.columns) == ["method", "mIoU @1", "oracle @1", "source"]
    assert row_of(table[table["source"] == "measured, a"], "model")["oracle @1"] == ".600"
    assert table[table["source"] == "difference"]["mIoU @1"].tolist() == ["-.093", "-.079"]
    assert departure(single, spec).text == ""
    encoder = table_spec("encoder")
    assert encoder.answer(three).method == "ViT-H (636M)"
    assert encoder.answer(finished_run(tmp_path / "c", "points", {})) is None


# writing


def squeezed(text):
    return ["".join(line.replace("-", "").replace(":", "").split()) for line in text.splitlines()]


MARKDOWN = """\
Zero-shot edge detection (paper, Table 3)

| method            |             ODS |             OIS |              AP |             R50 | source          |
|:------------------|----------------:|----------------:|----------------:|----------------:|:----------------|
| SAM (2023) [3]    |            .768 |            .786 |            .794 |            .928 | paper, Table 3  |
| ours [5]          | .750 [.700, .800] | .740 [.700, .800] | .730 [.700, .800] | .720 [.700, .800] | measured, ours  |
| whole             | .750 [.700, .800] | .740 [.700, .800] | .730 [.700, .800] | .720 [.700, .800] | measured, whole |
| minus SAM (paper) |           -.018 |           -.046 |           -.064 |           -.208 | difference      |

[5] only 2 of 200 images of bsds500 test; switches: nms_iou=0.9
"""


def test_markdown_as_expected(tmp_path):
    spec = table_spec("edges")
    whole = finished_run(tmp_path / "whole", "edges", edges_metrics(), "whole")
    table, notes = build_table(spec, [run(tmp_path, "ours", nms_iou=0.9), whole])
    table = table[table["method"].isin(["SAM (2023) [3]", "ours [5]", "whole", "minus SAM (paper)"])]
    assert squeezed(render(table, notes[4:5], spec.title, "md")) == squeezed(MARKDOWN)


def test_an_unknown_format_is_refused():
    with pytest.raises(UsageError, match="format=doc is not known"):
        render(build_table(table_spec("edges"), [])[0], [], "", "doc")


def test_footnotes_of_the_same_words_share_a_number():
    notes = Footnotes()
    assert [notes.mark(text) for text in ("a", "", "b", "a")] == [" [1]", "", " [2]", " [1]"]
    assert notes.texts == ["[1] a", "[2] b"]


def test_numbers_as_the_field_writes_them():
    assert [number(value) for value in (0.768, 1.0, -0.25, float("nan"), None)] == [".768", "1.000", "-.250", "", ""]
    assert [signed(value) for value in (0.0124, -0.25, 0.0, -0.0001, float("nan"))] == [
        "+.012",
        "-.250",
        "+.000",
        "+.000",
        "",
    ]


def test_figure_is_the_same_every_time(tmp_path):
    first = precision_recall([run(tmp_path)], tmp_path / "a")
    assert [path.suffix for path in first] == [".png", ".svg"]
    again = precision_recall([run(tmp_path / "x")], tmp_path / "c")
    assert first[0].read_bytes() == again[0].read_bytes()
    assert first[1].read_bytes() == again[1].read_bytes()


def test_record_is_json_all_the_way(tmp_path):
    json.dumps(run(tmp_path).record.stored)


# text prompts


def concepts_run(folder, subsets, iou_type="segm", **more):
    """A finished run of task=concepts on SA-Co/Gold whose every figure is .5."""
    names = ["cgF1", "IL_MCC", "pmF1", *published_columns(subsets, iou_type)]
    columns = published_columns(subsets, iou_type)
    metrics = {name: Metric(0.5, (0.4, 0.6), 9, reference=columns.get(name)) for name in names}
    data = {"name": "saco_gold", "split": "all", "samples": 9, "keys_sha256": ""}
    return finished_run(folder, "concepts", metrics, "own", data=data, iou_type=iou_type, **more)


def test_a_run_of_text_prompts_stands_beside_what_was_published_of_its_subsets(tmp_path):
    spec = table_spec("concepts")
    table, _ = build_table(spec, [concepts_run(tmp_path / "all", GOLD), concepts_run(tmp_path / "one", ["sa1b"])])
    whole, one = table[table["source"].str.startswith("measured")].to_dict("records")
    assert whole["Gold cgF1"] == whole["sa1b cgF1"] == one["sa1b cgF1"] == ".500 [.400, .600]"
    assert one["Gold cgF1"] == one["metaclip cgF1"] == ""
    apart, of_one = table[table["source"] == "difference"].to_dict("records")
    assert (apart["method"], apart["Gold cgF1"], apart["wiki_common cgF1"]) == (
        *("minus SAM 3 (sam3 repository)", "-.041", "+.075"),
    )
    assert (of_one["sa1b cgF1"], of_one["Gold cgF1"]) == ("-.037", "")


def test_boxes_from_text_stand_in_columns_of_their_own_and_other_rules_have_no_difference(tmp_path):
    boxes = concepts_run(tmp_path / "boxes", GOLD, "bbox")
    assert "own" not in set(build_table(table_spec("concepts"), [boxes])[0]["method"])
    table, _ = build_table(table_spec("concepts_more"), [boxes])
    assert row_of(table, "own")["Gold box cgF1"] == ".500 [.400, .600]"
    assert row_of(table, "minus")["Gold box cgF1"] == "-.057"
    exact = concepts_run(tmp_path / "exact", GOLD, epsilons="none")
    table, notes = build_table(table_spec("concepts"), [exact])
    assert "difference" not in set(table["source"])
    assert any("switches: epsilons=none" in note for note in notes)
