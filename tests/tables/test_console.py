"""A published number stands beside a measured one only where the run answers to it: console, tables, figures."""

from xml.etree import ElementTree

import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run

from sambench.commands.table import main as table
from sambench.drawing.figures.clicks import dataset_differences, differences
from sambench.errors import RunError
from sambench.pages.report.parts import metric_lines
from sambench.runs.record import as_record
from sambench.tables.build import build_own_table, build_table
from sambench.tables.console import bottleneck, print_run
from sambench.tables.departures import departure, published_beside
from sambench.tables.specs import table_spec
from sambench.types import Metric

COCO = {"name": "coco", "split": "val2017", "samples": 5000}
LVIS = {"name": "lvis", "split": "val", "samples": 19809}
SA23 = {"name": "sa23", "split": "all", "samples": 40188}
AP = {"AP": Metric(0.5, None, 9, reference="instances/COCO AP"), "AP50": Metric(0.6, None, 9)}
RECALL = {"AR@1000": Metric(0.5, None, 9, reference="proposals/all")}
OWN = {"own": True, "title": "mine"}


def beside(run):
    return {row.name: row.values for row in published_beside(run)}


def printed(run, capsys):
    print_run(run)
    return capsys.readouterr().out


def has_difference(run, name):
    return build_table(table_spec(name), [run])[0]["source"].eq("difference").any()


def test_a_whole_run_by_the_papers_protocol_stands_beside_the_papers_row(tmp_path, capsys):
    run = finished_run(tmp_path / "a", "edges", edges_metrics())
    assert beside(run) == {"SAM (paper)": {"ods": ".768", "ois": ".786", "ap": ".794", "r50": ".928"}}
    out = printed(run, capsys)
    assert "SAM (paper)" in out
    assert ".768" in out
    ((_, (line,)), *_) = metric_lines([run], ["A"])
    assert line.published == ".768 SAM (paper)"


def test_each_preset_stands_beside_its_own_source(tmp_path):
    data = {"data": COCO, "boxes": "vitdet.json"}
    wanted = {"paper": ".465", "efficientvit": ".465", "tinysam": ".466", "edgesam": ".461"}
    for preset, value in wanted.items():
        run = finished_run(tmp_path / preset, "instances", AP, preset=preset, **data)
        assert [row["AP"] for row in beside(run).values()] == [value]
    edges = finished_run(tmp_path / "e", "edges", edges_metrics(), preset="ymgw55")
    assert [row["ods"] for row in beside(edges).values()] == [".746"]


def test_what_the_article_says_of_the_variant_stands_beside_it(tmp_path):
    metrics = {"mIoU@1 (SA-23)": Metric(0.5, None, 9, reference="points/SA-23 @1")}
    run = finished_run(tmp_path / "a", "points", metrics, data=SA23, model={"variant": "vit_b"})
    assert beside(run) == {
        "SAM (three outputs) (article)": {"mIoU@1 (SA-23)": ".593"},
        "ViT-B (91M) (article)": {"mIoU@1 (SA-23)": ".641"},
    }


NOT_ANSWERING = {
    "boxes of the truth": ("instances", AP, {"data": COCO}),
    "boxes for masks": ("instances", AP, {"data": COCO, "boxes": "f.json", "iou_type": "bbox"}),
    "another evaluation": ("instances", AP, {"data": COCO, "boxes": "f.json", "rules": "lvis"}),
    "one pass": ("instances", AP, {"data": COCO, "boxes": "f.json", "passes": 1, "detection_score": "times_iou"}),
    "box recall": ("proposals", RECALL, {"data": LVIS, "preset": "boxes"}),
    "another grid": ("proposals", RECALL, {"data": LVIS, "preset": "grid16"}),
    "another tolerance": ("edges", edges_metrics(), {"preset": "nyudv2"}),
    "another switch": ("edges", edges_metrics(), {"nms_iou": 0.9}),
    "a limit": ("edges", edges_metrics(), {"data": {"samples": 20}}),
    "more images": ("edges", edges_metrics(), {"data": {"samples": 201}}),
    "other images": ("edges", edges_metrics(), {"data": {"keys_sha256": "0" * 64}}),
    "another split": ("edges", edges_metrics(), {"data": {"split": "val", "samples": 100}}),
    "other data": ("edges", edges_metrics(), {"data": {"name": "nyudv2"}}),
    "generated data": ("edges", edges_metrics(), {"card": {"generated": True}}),
    "own data of the same name": ("edges", edges_metrics(), {"card": OWN}),
    "own data in COCO's format": ("instances", AP, {"data": COCO, "boxes": "f.json", "card": OWN}),
    "images left out": ("edges", edges_metrics(), {"model": {"missing": ["a"], "missing_means": "left out"}}),
}


@pytest.mark.parametrize("case", NOT_ANSWERING)
def test_no_published_number_stands_beside(tmp_path, capsys, case):
    task, metrics, about = NOT_ANSWERING[case]
    run = finished_run(tmp_path / "a", task, metrics, **about)
    assert published_beside(run) == []
    assert "SAM" not in printed(run, capsys)
    assert all(not line.published for _, (line,) in metric_lines([run], ["A"]))
    assert not has_difference(run, task)
    assert departure(run, table_spec(task)).text, "the table says why"


def test_chosen_images_and_parts_are_no_whole_where_the_number_is_unknown(tmp_path):
    """COCO's objects as masks have no published number of images."""
    metrics = {"mIoU@1": Metric(0.5, None, 9, reference="points_coco/COCO @1")}
    data = {"name": "coco_masks", "split": "val2017", "samples": 4952}
    about = {"data": data, "preset": "efficientvit", "data_settings": {"subset": "all"}}
    assert [row["mIoU@1"] for row in beside(finished_run(tmp_path / "a", "points", metrics, **about)).values()]
    for number, chosen in enumerate(({"limit": 9}, {"ids": ["a"]}, {"subset": "paper"})):
        settings = {**about, "data_settings": {"subset": "all", **chosen}}
        assert not beside(finished_run(tmp_path / str(number), "points", metrics, **settings)), chosen
    shard = {"index": 1, "count": 4, "samples": 5000, "keys_sha256": ""}
    assert not beside(finished_run(tmp_path / "s", "points", metrics, **about, shard=shard))


def test_images_without_a_detection_are_part_of_the_protocol(tmp_path):
    empty = {"missing": ["a"], "missing_means": "empty"}
    assert beside(finished_run(tmp_path / "a", "instances", AP, data=COCO, boxes="f.json", model=empty))


# own data in tables, figures and gates


def test_own_data_stand_in_a_part_of_their_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    finished_run(tmp_path / "whole", "edges", edges_metrics(), "there", rows=EDGE_ROWS)
    own = finished_run(tmp_path / "own", "edges", edges_metrics(), "mine", rows=EDGE_ROWS, card=OWN)
    spec = table_spec("edges")
    assert not build_table(spec, [own])[0]["source"].eq("measured, own").any()
    part, notes, title = build_own_table(spec, [own])
    assert notes == []
    assert part.to_dict("records") == [
        {
            "method": "mine",
            "data": "mine, 200 images",
            "ods": ".750 [.700, .800]",
            "ois": ".740 [.700, .800]",
            "ap": ".730 [.700, .800]",
            "r50": ".720 [.700, .800]",
            "source": "measured, own",
        }
    ]
    assert "no published number answers" in title
    for words in (["edges", "runs=[whole,own]"], ["all", "runs=[whole,own]"]):
        assert table(words) == 0
        out = capsys.readouterr().out
        published, _, rest = out.partition(title)
        assert ".768" in published
        assert out.count("measured, own") == 1
        assert "measured, own" in rest.split("\n\n")[1]
        assert ".768" not in rest.split("\n\n")[1]
    assert (tmp_path / "results/tables/edges_own.csv").exists()


def test_own_data_from_other_boxes_are_told_apart(tmp_path):
    runs = [
        finished_run(tmp_path / "a", "instances", AP, "a", card=OWN, boxes="f.json"),
        finished_run(tmp_path / "b", "instances", AP, "b", card=OWN),
    ]
    table, notes, _ = build_own_table(table_spec("instances"), runs)
    assert (table["method"].tolist(), notes) == (["a", "b [1]"], ["[1] switches: boxes=gt"])


def test_own_data_that_a_table_cannot_show_are_told(tmp_path):
    own = finished_run(tmp_path / "own", "points", {"mIoU@7": Metric(0.5, None, 9)}, card=OWN)
    assert build_table(table_spec("points_coco"), [own])[1][-1] == "not shown, as no column here is theirs: own"


def points_rows(name):
    row = {"dataset": name, "object": "1", "clicks": 1, "iou": 0.5, "oracle_iou": None, "area": 9.0}
    return [("a", row), ("b", {**row, "iou": 0.7})]


def marked(folder, run):
    """Tell whether the paper's differences are drawn."""
    other = finished_run(folder / "other", "points", {}, rows=points_rows("gtea"))
    _, path = dataset_differences(run, other, folder)
    return "SAM - RITM" in "".join(ElementTree.parse(path).getroot().itertext()) or "figure 9a" in path.read_text()


def test_the_papers_differences_are_drawn_where_the_run_answers_to_them(tmp_path):
    whole = finished_run(tmp_path / "w", "points", {}, rows=points_rows("gtea"), data={"name": "gtea", "samples": 652})
    assert marked(tmp_path / "a", whole)
    part = finished_run(tmp_path / "p", "points", {}, rows=points_rows("gtea"), data={"name": "gtea", "samples": 2})
    assert not marked(tmp_path / "b", part)
    own = finished_run(
        tmp_path / "o", "points", {}, rows=points_rows("gtea"), data={"name": "gtea", "samples": 652}, card=OWN
    )
    assert not marked(tmp_path / "c", own)
    with pytest.raises(RunError, match="no published number answers to one's own data"):
        differences(own, "points_fig9a/SAM - RITM")


def test_the_bottleneck_is_told_in_one_line():
    timings = {
        "encode": {"seconds": 6.0, "share": 0.6, "per_image": 1.0},
        "score": {"seconds": 4.0, "share": 0.4, "per_image": 0.7, "p50": 0.5},
        "wall": {"seconds": 8.0, "share": 1.0, "per_image": 1.3},
    }
    costs = {"peak_host": 2.5e9, "peak_device": 1e8, "device_idle": 0.25, "energy_cpu": 120.4}
    told = bottleneck(as_record({"timings": timings, "costs": costs}, "x"))
    assert told == (
        "bottleneck: encode, 60 % of the work; no model computed in 25 % of 8.0 s; "
        "peak memory 2.5 GB (host), 0.1 GB (device); energy 120 J (cpu)"
    )
    assert bottleneck(as_record({"timings": {"wall": timings["wall"]}}, "x")) == "nothing was left to do"
    assert bottleneck(as_record({"timings": timings}, "x")) == "bottleneck: encode, 60 % of the work"  # an older record
