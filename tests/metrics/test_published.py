"""The published numbers against a second copy, typed by hand from the sources in their own units."""

import csv
from importlib.resources import files

import pytest

from sambench.metrics.published import ABOUT, published, published_names, published_texts

COLUMNS = {
    "annotators": ["F", "covering", "PRI", "VOI", "segment IoU", "best segment IoU"],
    "ambiguity": ["mIoU @1", "oracle @1"],
    "concepts_notebook": ["cgF1", "pmF1", "IL_MCC", "positive_macro_F1", "IL_precision", "IL_recall", "IL_FPR"],
    "data_stages": ["mIoU @1", "oracle @1"],
    "data_volume": ["mIoU @1", "oracle @1"],
    "edges": ["ODS", "OIS", "AP", "R50"],
    "encoder": ["mIoU @1", "oracle @1"],
    "fairness": ["mIoU @1", "ci95 @1", "mIoU @3", "ci95 @3"],
    "human": ["mean", "ci95", "low", "high"],
    "human_settings": ["value"],
    "human_tests": [f"{who} {what}" for who in ("baseline", "single out.") for what in ("p", "CI99 low", "CI99 high")],
    "instances": ["COCO AP", "COCO S", "COCO M", "COCO L", "LVIS AP", "LVIS S", "LVIS M", "LVIS L"],
    "instances_boxes": ["box AP", "COCO AP", "LVIS AP", "SegInW AP"],
    "latency": ["low", "high"],
    "mask_quality": ["low", "high"],
    "points": ["SA-23 @1", "SA-23 @5", "SA-23 oracle @1", "image @1", "image @5", "video @1", "video @5"],
    "points_coco": ["COCO box", "COCO box S", "COCO box M", "COCO box L", "COCO box + 1", "COCO box + 2"],
    "points_fig9a": ["images", "masks", "SAM - RITM"],
    "proposals": ["all", "small", "med.", "large", "freq.", "com.", "rare", "all @100", "all @10", "box all"],
    "statements": ["value"],
}
COLUMNS["points"] += ["new 14 @1", "new 14 @5", "SA-37 @1", "SA-37 @3", "SA-37 @5"]
COLUMNS["points_coco"] += ["COCO @1", "COCO @2", "COCO @3", "COCO @5", "LVIS box", "LVIS box + 1", "LVIS box + 2"]
COLUMNS["points_coco"] += ["LVIS @1", "LVIS @2", "LVIS @3", "LVIS @5"]
COLUMNS["concepts_notebook"] += ["cgF1@50", "pmF1@50", "cgF1@75", "pmF1@75"]
GOLD = ("metaclip", "sa1b", "crowded", "fg_food", "fg_sports_equipment", "attributes", "wiki_common")
SILVER = ("bdd100k", "droid", "ego4d", "food_rec", "geode", "inaturalist", "nga_art", "sav", "yt1b", "fathomnet")
FACTORS = ("cgF1", "IL_MCC", "pmF1")
COLUMNS["concepts"] = [f"{name} {one}" for name in ("Gold", *GOLD, "Silver", *SILVER) for one in FACTORS]
COLUMNS["concepts"] += [
    "Gold box cgF1",
    "Silver box cgF1",
    "Bronze cgF1",
    "Bronze box cgF1",
    "Bio pmF1",
    "Bio box pmF1",
]
COLUMNS["concepts"] += ["LVIS cgF1", "LVIS box cgF1"]
COLUMNS["vocabulary"] = ["LVIS AP", "LVIS box AP", "LVIS box AP+", "COCO box AP", "COCO box AP+", "COCO-O box AP"]
COLUMNS["vocabulary"] += ["ODinW13 box AP", "ODinW13 box AP+", "ODinW13 box AP 10-shot", "RF100-VL box AP"]
COLUMNS["vocabulary"] += ["RF100-VL box AP 10-shot", "ADE-847 mIoU", "ADE-150 mIoU", "PC-59 mIoU", "PC-459 mIoU"]
COLUMNS["vocabulary"] += ["Cityscapes mIoU"]
"""Table -> its columns of numbers."""

SETS = ("GrabCut", "Berkeley", "SBD", "DAVIS", "VOC", "COCO_MVal")
COLUMNS["interactive"] = [f"{name} NoC@{percent}" for name in SETS for percent in (85, 90)]
COLUMNS["interactive"] += [f"{name} NoC@95" for name in ("GrabCut", "Berkeley", "DAVIS", "SBD")]
COLUMNS["interactive"] += [f"HQSeg-44K {what}" for what in ("mIoU@5", "NoC@90", "NoC@95", "NoF@95")]
COLUMNS["interactive"] += ["DAVIS mIoU@5", "DAVIS NoF@95"]
COLUMNS["interactive"] += [f"DAVIS-585 {start}NoC@{percent}" for start in ("", "from mask ") for percent in (85, 90)]
COLUMNS["interactive"] += [
    f"{name} mIoU@{count}"
    for name in ("GrabCut", "Berkeley", "DAVIS", "SBD", "VOC", "COCO_MVal")
    for count in (1, 2, 3, 5, 10)
    if (name, count) != ("DAVIS", 5)
]

ROWS = {
    "annotators": 1,
    "ambiguity": 2,
    "concepts_notebook": 34,
    "data_stages": 4,
    "data_volume": 3,
    "edges": 8,
    "encoder": 8,
    "fairness": 4,
    "human": 12,
}
ROWS |= {"human_settings": 19, "human_tests": 8, "instances": 35, "instances_boxes": 30, "latency": 12}
ROWS |= {"mask_quality": 3, "points": 21, "points_coco": 12, "points_fig9a": 23, "proposals": 15, "statements": 30}
ROWS |= {"interactive": 37, "concepts": 31, "vocabulary": 15}

OTHER_UNITS = {
    "annotators",
    "concepts",
    "interactive",
    "human",
    "human_settings",
    "human_tests",
    "latency",
    "points_fig9a",
    "statements",
}
"""Tables whose numbers are not all fractions."""

# Percentages as the sources print them; "-" where a source has none. The first word group is the method.
PAPER = {
    "edges": """
        HED|78.8 80.8 84.0 92.3
        EDETR|84.0 85.8 89.6 93.0
        Sobel filter|53.9 - - -
        Canny|60.0 64.0 58.0 -
        Felz-Hutt|61.0 64.0 56.0 -
        SAM|76.8 78.6 79.4 92.8""",
    "proposals": """
        ViTDet-H|63.0 51.7 80.8 87.0 63.1 63.3 58.3 - - -
        SAM - single out.|54.9 42.8 76.7 74.4 54.7 59.8 62.0 - - -
        SAM|59.3 45.5 81.6 86.9 59.1 63.9 65.8 - - -""",
    "instances": """
        ViTDet-H|51.0 32.0 54.3 68.9 46.6 35.0 58.0 66.3
        SAM|46.5 30.8 51.0 61.7 44.7 32.5 57.6 65.5""",
    "fairness": """
        feminine|54.4 1.7 90.4 0.6
        masculine|55.7 1.7 90.1 0.6
        feminine|76.3 1.1 90.7 0.5
        masculine|81.0 1.2 92.3 0.4""",
}
ARTICLE = {
    "ambiguity": "SAM - single out.|57.9 57.9\nSAM (three outputs)|59.3 67.6",
    "data_stages": """
        manual|63.2 71.8
        manual + semi-automatic|65.1 73.2
        manual + semi-automatic + automatic, the first two oversampled 10x|67.6 75.8
        automatic only|67.1 75.3""",
    "data_volume": "0.1M images|62.4 70.8\n1M images|66.7 74.9\n11M images|67.6 75.8",
    "encoder": "ViT-B (91M)|64.1 72.3\nViT-L (308M)|66.8 74.7\nViT-H (636M)|67.6 75.8",
    "points": "SAM|59.3 - 67.6 - - - - - - - - -\nRITM|57.7 - - - - - - - - - - -",
}
SAM2 = """
    SAM ViT-B|55.9 80.9 - 57.4 81.3 54.0 80.4 54.5 82.6 - - -
    SAM ViT-H|58.1 81.3 - 60.8 82.1 54.5 80.3 59.1 83.4 - - -
    HQ-SAM ViT-B|53.9 72.1 - 56.3 73.9 50.7 69.9 54.5 75.0 - - -
    HQ-SAM ViT-H|59.1 79.8 - 61.8 80.5 55.7 78.9 58.9 81.6 - - -
    SAM 2 Hiera-B+ (SA-1B)|58.9 81.7 - 60.8 82.1 56.4 81.2 56.6 83.7 - - -
    SAM 2 Hiera-L (SA-1B)|60.0 81.8 - 62.0 82.2 57.4 81.2 58.5 83.8 - - -
    SAM 2 Hiera-B+ (mix)|61.9 83.6 - 63.2 83.8 60.3 83.3 69.9 85.9 - - -
    SAM 2 Hiera-B+ (mix; Table 6)|61.4 83.7 - 63.1 83.9 59.1 83.3 69.6 86.0 - - -
    SAM 2 Hiera-L (mix)|63.5 83.5 - 64.3 83.7 62.4 83.2 71.2 85.6 - - -"""
SAM3 = """
    SAM 1 ViT-H (SA-37)|- - - - - - - - - 58.5 77.0 82.1
    SAM 2.1 L (SA-37)|- - - - - - - - - 66.4 80.3 84.3
    SAM 3 (SA-37)|- - - - - - - - - 66.1 81.3 85.1"""
EXPECTED = [
    *((table, "paper", text) for table, text in PAPER.items()),
    *((table, "article", text) for table, text in ARTICLE.items()),
    ("points", "SAM 2 (arXiv 2408.00714)", SAM2),
    ("points", "SAM 3 (arXiv 2511.16719)", SAM3),
    ("encoder", "a third party", "ViT-B (read off the figure)|57.0 69.0\nViT-L (read off the figure)|58.5 71.5\n"
     "ViT-H (read off the figure)|59.0 72.5"),
    ("annotators", "Arbelaez et al., TPAMI 2011", "Human|80 72 88 117 - -"),
    ("edges", "FastSAM (arXiv 2306.12156)", "FastSAM|75.0 79.0 79.3 90.3"),
    ("edges", "ymgw55/segment-anything-edge-detection", "SAM (reimplementation)|74.6 77.6 76.9 92.5"),
    ("proposals", "segment-anything issue 205", "SAM-H (reported by a user)|50.5 - - - - - - - - -"),
    ("proposals", "FastSAM (arXiv 2306.12156)", """
        ViTDet-H (FastSAM paper)|59.9 48.3 78.1 84.8 - - - - - 65.0
        SAM-H E64 (FastSAM paper)|54.2 39.6 77.9 83.9 - - - - - 52.1
        SAM-H E32 (FastSAM paper)|51.8 35.2 78.7 85.2 - - - - - -
        SAM-B E32 (FastSAM paper)|45.8 31.1 70.5 73.6 - - - - - -
        FastSAM|49.7 35.6 72.7 77.6 - - - - - 57.1"""),
    ("proposals", "MobileSAMv2 (arXiv 2312.09579)", """
        SAM-H 64 x 64 (MobileSAMv2 paper)|59.2 46.6 78.7 82.4 - - - 44.8 12.6 -
        SAM-H 32 x 32 (MobileSAMv2 paper)|57.2 42.9 79.2 83.6 - - - - - -
        SAM-H 16 x 16 (MobileSAMv2 paper)|40.0 - - - - - - - - -
        SAM-H 64 x 64 single mask (MobileSAMv2 paper)|54.3 44.4 71.5 67.4 - - - - - -
        MobileSAMv2 320 boxes|59.3 47.9 77.1 79.9 - - - - - -
        FastSAM (MobileSAMv2 paper)|49.6 - - - - - - - - -"""),
    ("instances", "EfficientViT-SAM", """
        SAM-H (EfficientViT-SAM)|46.5 30.8 51.0 61.7 44.2 31.8 57.1 65.3
        MobileSAM (EfficientViT-SAM)|38.7 23.7 42.2 54.3 37.0 24.7 47.8 59.1
        EfficientSAM-S (EfficientViT-SAM)|- - - - 41.5 - - -
        EfficientViT-SAM-L0|45.7 - - - 41.8 - - -
        EfficientViT-SAM-L1|46.2 - - - 42.1 - - -
        EfficientViT-SAM-L2|46.6 - - - 42.7 - - -
        EfficientViT-SAM-XL0|47.5 - - - 43.9 - - -
        EfficientViT-SAM-XL1|47.8 - - - 44.4 - - -"""),
    ("instances", "EfficientSAM", """
        MobileSAM (EfficientSAM)|38.7 23.7 42.2 54.3 34.4 - - -
        EfficientSAM-Ti|42.3 26.7 46.2 57.4 39.9 28.9 51.0 59.9
        EfficientSAM-S|44.4 28.4 48.3 60.1 42.3 30.8 54.0 62.3"""),
    ("instances", "EdgeSAM", """
        SAM-H (EdgeSAM)|46.1 33.6 51.9 57.7 - - - -
        MobileSAM (EdgeSAM)|39.4 26.9 44.4 52.2 - - - -
        EdgeSAM (checkpoint table)|42.1 - - - - - - -
        EdgeSAM-3x|42.7 30.0 48.6 54.5 - - - -
        EdgeSAM-10x|43.0 30.3 48.9 55.1 - - - -"""),
    ("instances", "EdgeSAM; LVIS EfficientViT-SAM", "EdgeSAM|42.2 29.6 47.6 53.9 39.8 28.6 51.3 59.3"),
    ("instances", "TinySAM", """
        SAM-H multimask|46.6 - - - 44.7 - - -
        SAM-H single|46.5 - - - - - - -
        SAM-L|46.2 - - - 43.5 31.1 56.3 65.1
        SAM-L single|45.5 30.2 50.1 60.5 - - - -
        SAM-B|43.4 - - - 40.8 29.1 52.8 60.7
        SAM-B single|41.0 28.5 45.5 53.4 - - - -
        MobileSAM (TinySAM)|41.0 24.4 44.5 58.6 37.0 24.7 47.8 59.1
        TinySAM|42.3 26.3 45.8 58.8 38.9 - - -
        TinySAM (README)|41.9 - - - 38.6 - - -
        Q-TinySAM|41.4 - - - 38.5 - - -
        Q-TinySAM (README)|41.3 - - - 37.2 - - -
        SlimSAM-77|41.3 25.7 44.9 57.4 38.3 26.7 49.7 59.0"""),
    ("instances", "FastSAM (arXiv 2306.12156)", "FastSAM|37.9 23.9 43.4 50.0 34.5 24.6 46.2 50.8"),
    ("points_coco", "EfficientSAM", """
        SAM ViT-H (EfficientSAM)|78.4 - - - - - 55.6 - 74.1 - 78.9 - - 59.8 - 75.2 -
        EfficientSAM-Ti|75.7 - - - - - 45.5 - 67.2 - 74.3 - - 52.7 - 66.8 -
        EfficientSAM-S|76.9 - - - - - 50.0 - 69.8 - 75.4 - - 56.2 - 68.7 -"""),
    ("points_coco", "EfficientViT-SAM", """
        SAM ViT-H (EfficientViT-SAM)|77.4 - - - - - 58.4 - 69.6 71.4 77.0 - - 59.2 - 66.0 66.8
        EfficientViT-SAM-XL1|79.9 - - - - - 59.8 - 71.3 75.3 79.9 - - 56.6 - 67.0 71.7
        EfficientViT-SAM-XL1 (README)|79.927 75.833 82.210 83.748 - - 59.757 - - - 79.886 - - 56.624 - - -"""),
    ("points_coco", "EdgeSAM", """
        SAM ViT-H (EdgeSAM)|77.3 - - - 77.7 78.1 53.6 67.4 71.7 - 77.8 78.3 78.5 60.5 68.1 70.7 -
        EdgeSAM|76.7 - - - - - 48.0 61.8 68.7 - 76.2 - - 53.7 63.4 67.7 -
        MobileSAM (EdgeSAM)|74.4 - - - - - 50.9 63.0 66.8 - 73.1 - - 52.1 59.9 63.0 -"""),
    ("points_coco", "Ultralytics", """
        SAM 2.1-L (Ultralytics)|- - - - - - 69.9 - 75.7 75.7 - - - - - - -
        SAM 3 (Ultralytics)|- - - - - - 69.8 - 73.9 76.2 - - - - - - -
        SAM 3.1 (Ultralytics)|- - - - - - 72.8 - 76.4 77.9 - - - - - - -"""),
    ("points", "EdgeTAM", """
        SAM 2.1 (EdgeTAM)|61.9 83.5 - 63.3 83.8 60.1 83.2 - - - - -
        EdgeTAM|55.5 81.7 - 56.0 81.9 54.8 81.5 - - - - -"""),
    ("points", "EfficientTAM", """
        EfficientTAM-Ti/2|58.6 82.5 - - - - - - - - - -
        EfficientTAM-Ti|58.2 82.6 - - - - - - - - - -
        EfficientTAM-S/2|60.5 82.9 - - - - - - - - - -
        EfficientTAM-S|60.7 83.0 - - - - - - - - - -"""),
    ("instances_boxes", "RockeyCoss/Prompt-Segment-Anything", """
        SAM-B|63.2 44.5 - -
        SAM-L|63.2 48.6 - -
        SAM-H|63.2 49.1 - -
        SAM-H multimask + cascade|63.2 49.6 - -
        SAM-B|58.0 42.5 - -
        SAM-L|58.0 46.3 - -
        SAM-H|58.0 46.8 - -
        SAM-H multimask + cascade|58.0 47.3 - -
        SAM-B single|50.0 38.2 - -
        SAM-B multimask|50.0 39.9 - -
        SAM-B single + cascade|50.0 38.8 - -
        SAM-B multimask + cascade|50.0 40.5 - -
        SAM-L single|50.0 41.5 - -
        SAM-B|53.2 40.0 - -
        SAM-L|53.2 43.5 - -"""),
    ("instances_boxes", "sam-hq", """
        SAM-L|- 48.5 - -
        HQ-SAM-L|- 49.5 - -
        MobileSAM|- 44.3 - -
        Light HQ-SAM|- 45.0 - -"""),
    ("instances_boxes", "EfficientViT-SAM", """
        SAM-H|- 43.8 - -
        EfficientViT-SAM-XL1|- 44.7 - -
        SAM-H|- 46.9 - -
        EfficientViT-SAM-XL1|- 48.2 - -
        Grounded-SAM|- - - 48.7
        HQ-SAM|- - - 49.6
        EfficientViT-SAM|- - - 48.9"""),
    ("instances_boxes", "detectron2", "ViTDet-H (COCO)|58.7 51.0 - -\nViTDet-H (LVIS)|51.5 - 46.6 -"),
]  # fmt: skip

FIGURE_9A = [46.9, 44.7, 41.1, 28.9, 21.1, 18.5, 17.3, 9.1, 8.8, 7.8, 7.0, 6.1]
FIGURE_9A += [2.7, 1.8, 1.5, 0.8, -0.3, -0.6, -2.0, -5.8, -6.5, -15.0, -21.4]

TABLE_8 = """
    LVIS v0.5|4e-69 1.40 1.84 2e-11 0.29 0.64
    VISOR|7e-98 1.81 2.24 7e-26 0.58 0.94
    DRAM|1e-76 1.54 2.00 2e-24 0.62 1.03
    IBD|2e-57 1.03 1.39 1e-15 0.32 0.62
    NDD20|2e-86 1.88 2.37 5e-08 0.19 0.55
    OVIS|2e-64 1.38 1.84 3e-10 0.27 0.63
    iShape|2e-88 1.97 2.47 7e-23 0.65 1.10
    LVIS v1|2e-05 0.11 0.42 - - -"""


def typed(text, scale=1.0):
    """Read a hand-typed table into (method, values); None stands for "-"."""
    rows = [line.strip().split("|") for line in text.strip().splitlines()]
    return [(name, [None if word == "-" else float(word) / scale for word in words.split()]) for name, words in rows]


def test_every_table_is_known():
    assert set(published_names()) == set(COLUMNS) == set(ROWS)


@pytest.mark.parametrize("table", COLUMNS)
def test_shape_and_numbers(table):
    rows = published(table)
    assert len(rows) == ROWS[table]
    numbers = [name for name in rows if name not in ABOUT and rows[name].dtype.kind in "if"]
    assert numbers == COLUMNS[table]
    assert rows[numbers].notna().any(axis=1).all(), "a row without a number"


@pytest.mark.parametrize("table", COLUMNS)
def test_every_number_has_a_source_and_a_place(table):
    texts = published_texts(table)
    assert list(texts.columns[-3:]) == ["source", "location", "note"]
    assert (texts[["source", "location"]] != "").all().all()
    key = [texts.columns[0], "source", "location"]
    assert not texts.duplicated(key).any(), texts[texts.duplicated(key, keep=False)][key]


@pytest.mark.parametrize("table", sorted(COLUMNS.keys() - OTHER_UNITS))
def test_fractions_lie_between_nothing_and_one(table):
    values = published(table)[COLUMNS[table]]
    assert ((values > 0) & (values < 1) | values.isna()).all().all()


@pytest.mark.parametrize("table", COLUMNS)
def test_files_are_plain_csv(table):
    text = (files("sambench.reference") / f"{table}.csv").read_text(encoding="utf-8")
    assert text.isascii()
    assert text.endswith("\n")
    assert "\r" not in text
    header, *lines = csv.reader(text.splitlines())
    assert {len(line) for line in lines} == {len(header)}
    assert all(cell == cell.strip() for line in lines for cell in line)


@pytest.mark.parametrize(("table", "source", "text"), EXPECTED, ids=lambda value: str(value)[:20].strip())
def test_numbers_are_the_sources(table, source, text):
    rows = published(table)
    rows = rows[rows["source"] == source]
    found = [
        (row["method"], [None if value != value else value for value in row[COLUMNS[table]]])
        for _, row in rows.iterrows()
    ]
    expected = typed(text, 100)
    assert [name for name, _ in found] == [name for name, _ in expected]
    for (name, values), (_, wanted) in zip(found, expected, strict=True):
        assert values == pytest.approx(wanted, abs=1e-9), name


def test_every_row_of_these_tables_was_typed_twice():
    count = {}
    for table, _, text in EXPECTED:
        count[table] = count.get(table, 0) + len(typed(text))
    # the rows left over: SAM 2's two of the encoder table; HQ-SAM's three; SAM 3 by text; RITM, derived
    count = {**count, "encoder": count["encoder"] + 2, "instances": count["instances"] + 3}
    count = {**count, "instances_boxes": count["instances_boxes"] + 2, "points": count["points"] + 1}
    assert count == {table: ROWS[table] for table in count}


def test_leftover_rows():
    instances, boxes = published("instances").set_index("method"), published("instances_boxes")
    assert instances.loc[["HQ-SAM", "HQ-SAM-L (paper)", "HQ-SAM-L (reported by a user)"], "LVIS AP"].tolist() == [
        0.451,
        0.439,
        0.45289,
    ]
    by_text = boxes[boxes["source"] == "SAM 3"]
    assert by_text["box AP"].tolist() == [0.564, 0.536]
    assert by_text["LVIS AP"].dropna().tolist() == [0.485]


def test_figure_9a():
    rows = published("points_fig9a")
    assert (rows["SAM - RITM"] * 100).tolist() == pytest.approx(FIGURE_9A)
    assert rows["SAM - RITM"].mean() == pytest.approx(0.0924, abs=5e-5)
    assert (rows["SAM - RITM"] > 0).sum() == 16
    assert (rows["images"].sum(), rows["masks"].sum()) == (40188, 172653)
    assert rows.set_index("dataset")["mask type"][lambda kind: kind != "Instance"].to_dict() == {
        "cityscapes": "Panoptic",
        "dram": "Semantic",
    }


def test_table_8_and_figure_11():
    tests = published("human_tests")
    found = [[None if x != x else x for x in row] for row in tests[COLUMNS["human_tests"]].to_numpy()]
    assert list(zip(tests["method"], found, strict=True)) == typed(TABLE_8)
    rows = published("human")
    box = rows[(rows["source"] == "paper") & (rows["prompt"] == "box")].set_index("method")
    assert box["mean"].to_dict() == {
        "LVIS ground truth": 8.6,
        "SAM": 8.1,
        "ViTDet-H": 7.9,
        "COCO ground truth": 7.6,
    }
    assert box["ci95"].tolist() == [0.06, 0.07, 0.08, 0.12]
    own = rows[(rows["source"] == "article") & (rows["prompt"] == "box")].set_index("method")
    assert own["ci95"].to_dict() == {
        "LVIS ground truth": 0.06,
        "SAM": 0.07,
        "ViTDet-H": 0.08,
        "COCO ground truth": 0.12,
    }
    assert own["mean"].to_dict() == box["mean"].to_dict()
    (sets,) = rows[(rows["source"] == "paper") & (rows["prompt"] != "box")]["data"]
    assert sets.split(", ") == [name for name, _ in typed(TABLE_8)][:7]
    article = rows[(rows["source"] == "article") & (rows["prompt"] != "box")].set_index("method")
    assert article[["low", "high"]].to_numpy().tolist() == [[7, 9], [5, 7], [7.5, 8.5]]


def test_small_tables():
    ranges = published("latency")[["low", "high"]].head(3).to_numpy().tolist()
    assert ranges == [[200, 300], [50, 50], [250, 350]]
    assert published("latency")["low"].tolist()[3:] == [76.7, 21.7, 73.5, 21.4, 130.1, 61.4, 41.0, 93.0, 43.5]
    assert published("mask_quality")[["low", "high"]].to_numpy().tolist() == [[0.94] * 2, [0.97] * 2, [0.85, 0.91]]
    settings = published("human_settings").set_index("setting")["value"].to_dict()
    assert settings["smallest mask"] == 24**2
    assert settings["jobs a data set (single point)"] == (
        settings["masks a data set (single point)"] * settings["models (single point)"]
    )
    assert settings["jobs (box)"] == settings["masks (box)"] * settings["models (box)"]


def test_statements_follow_from_the_tables():
    said = published("statements")
    derived = said[said["source"] == "derived"]["value"].tolist()
    points, rows = published("points").set_index("method"), published("points_fig9a")
    twice = points["SA-23 @1"]["SAM 2 Hiera-B+ (mix)"] - points["SA-23 @1"]["SAM 2 Hiera-B+ (mix; Table 6)"]
    again = [rows["images"].sum(), rows["masks"].sum(), round(rows["SAM - RITM"].mean(), 4), round(twice, 3)]
    assert derived == pytest.approx(again)
    ritm = points["SA-23 @1"]["SAM ViT-H"] - rows["SAM - RITM"].mean()
    assert points["SA-23 @1"]["RITM (derived)"] == pytest.approx(ritm, abs=5e-4)


def test_what_the_article_says_of_making_the_masks():
    rows = published("statements")
    for section, wanted in (
        ("sections 5.2 and 5.3", [34, 14, 6.5, 20, 44, 72, 4.3e6, 5.9e6]),
        ("section 5.4", [32, 0.8, 0.9, 0.05, 0.95, 0.7, 100, 500, 50_000]),
    ):
        found = rows[(rows["source"] == "article") & (rows["location"] == section)]
        assert found["value"].tolist() == wanted


def test_sam2s_averages_fit_13_sets_of_images_and_10_of_videos():
    rows = published("points")
    rows = rows[rows["source"].str.startswith("SAM 2")]
    for count in (1, 5):
        mean = (13 * rows[f"image @{count}"] + 10 * rows[f"video @{count}"]) / 23
        assert mean.to_numpy() == pytest.approx(rows[f"SA-23 @{count}"].to_numpy(), abs=1.1e-3)


def test_numbers_in_two_tables_agree():
    encoder, points = published("encoder"), published("points").set_index("method")
    for _, row in encoder[encoder["source"].str.startswith("SAM 2")].iterrows():
        assert row["mIoU @1"] == points["SA-23 @1"][row["method"]]


def test_the_article_is_never_called_the_paper():
    for table in ("ambiguity", "data_stages", "data_volume", "encoder", "points"):
        assert "paper" not in set(published(table)["source"])
    low = published("encoder")
    assert low[low["source"] == "a third party"]["note"].str.startswith("low confidence").all()


def test_the_notebooks_subsets_average_to_the_papers_row():
    rows = published("concepts_notebook")
    assert (rows["cgF1"] - rows["pmF1"] * rows["IL_MCC"]).abs().max() < 1e-15
    # SAM 3, Tables of SA-Co/Gold and Silver: cgF1, IL_MCC, pmF1 of masks; cgF1 of boxes
    for name, subsets, wanted in (("Gold", 7, (54.06, 0.82, 66.11)), ("Silver", 10, (49.57, 0.76, 65.17))):
        of_set = rows[rows["data"].str.startswith(f"SA-Co/{name} ") & (rows["compared"] == "masks")]
        assert len(of_set) == subsets
        found = 100 * of_set["cgF1"].mean(), of_set["IL_MCC"].mean(), 100 * of_set["pmF1"].mean()
        assert found == pytest.approx(wanted, abs=0.0051)
    boxes = rows[rows["data"].str.startswith("SA-Co/Gold ") & (rows["compared"] == "boxes")]
    assert 100 * boxes["cgF1"].mean() == pytest.approx(55.7, abs=0.051)


def test_the_notebooks_numbers_typed_again():
    rows = published("concepts_notebook").set_index(["data", "compared"])
    wanted = {
        ("SA-Co/Gold metaclip_nps", "masks"): (
            0.4725864,
            0.5858322,
            0.8066924,
            0.7594765,
            0.0131986,
            0.5675504,
            0.5149223,
        ),
        ("SA-Co/Gold sa1b_nps", "masks"): (0.5368885, 0.6255271, 0.8582978, 0.7490378, 0.0548516, 0.6617783, 0.5840289),
        ("SA-Co/Gold metaclip_nps", "boxes"): (
            0.5003431,
            0.6198942,
            0.8071427,
            0.8129273,
            0.0130921,
            0.5705999,
            0.5297149,
        ),
    }
    columns = ["cgF1", "pmF1", "IL_MCC", "positive_macro_F1", "IL_FPR", "cgF1@50", "cgF1@75"]
    for key, values in wanted.items():
        assert rows.loc[key, columns].tolist() == pytest.approx(values, abs=5.1e-8), key


def test_the_factors_of_cgf1_fit_it_and_subsets_fit_their_average():
    rows = published("concepts").set_index(["method", "source"])
    for name in (*GOLD, *SILVER):  # each figure is rounded: IL_MCC to .01
        product = rows[f"{name} IL_MCC"] * rows[f"{name} pmF1"]
        assert (product - rows[f"{name} cgF1"]).abs().max() < 0.0056, name
    for name, subsets in (("Gold", GOLD), ("Silver", SILVER)):
        for one, digit in (("cgF1", 0.001), ("IL_MCC", 0.01), ("pmF1", 0.001)):
            mean = rows[[f"{subset} {one}" for subset in subsets]].mean(axis=1, skipna=False).dropna()
            assert (mean - rows.loc[mean.index, f"{name} {one}"]).abs().max() < 1.01 * digit, (name, one)


def test_the_papers_numbers_of_gold_are_its_repositorys_rounded_and_of_silver_are_not():
    rows = published("concepts").set_index(["source", "method"])
    paper, own = rows.loc["SAM 3 (arXiv 2511.16719)"], rows.loc["sam3 repository"]
    assert len(own) == 8
    gold, silver = ([f"{name} {one}" for name in names for one in FACTORS] for names in (GOLD, SILVER))
    assert (paper.loc[own.index, gold] - own[gold]).abs().max().max() < 5.1e-4
    apart = (paper.loc[own.index, silver] - own[silver]).abs().max(axis=1).dropna()
    assert apart["SAM 3"] < 5.1e-4
    assert apart.drop("SAM 3").min() > 0.01
    assert (paper.loc["OWLv2*", "Silver cgF1"], own.loc["OWLv2*", "Silver cgF1"]) == (0.115, 0.1123)


def test_the_repositorys_row_is_its_notebooks_rounded():
    rows = published("concepts").set_index(["source", "method"]).loc[("sam3 repository", "SAM 3")]
    notebook = published("concepts_notebook")
    for _, row in notebook[notebook["compared"] == "masks"].iterrows():
        name = row["data"].split(" ")[1].removesuffix("_nps")
        for one, digit in (("cgF1", 1e-4), ("IL_MCC", 0.01), ("pmF1", 1e-4)):
            assert abs(row[one] - rows[f"{name} {one}"]) < 0.51 * digit, (name, one)


def test_numbers_of_text_prompts_typed_again():
    concepts = published("concepts").set_index(["source", "method"])
    human = concepts.loc[("SAM 3 (arXiv 2511.16719)", "Human")]
    assert human[[f"{name} cgF1" for name in ("Gold", *GOLD)]].tolist() == [
        *(0.728, 0.641, 0.643, 0.704, 0.783, 0.804, 0.802, 0.716)
    ]
    sam3 = concepts.loc[("SAM 3 (arXiv 2511.16719)", "SAM 3")]
    assert sam3[["Gold box cgF1", "Bronze cgF1", "Bio pmF1", "LVIS cgF1"]].tolist() == [0.557, 0.426, 0.554, 0.372]
    names = published("vocabulary").set_index("method")
    assert names.loc["SAM 3", ["LVIS AP", "LVIS box AP", "COCO box AP"]].tolist() == [0.485, 0.536, 0.564]
    assert names.loc["SAM 3 (Table 3)", ["COCO box AP+", "LVIS box AP+", "ODinW13 box AP+"]].tolist() == [
        *(0.588, 0.547, 0.631)
    ]
    boxes = published("instances_boxes")
    by_text = boxes[boxes["source"] == "SAM 3"]
    assert by_text["box AP"].tolist() == names.loc["SAM 3", ["COCO box AP", "LVIS box AP"]].tolist()
