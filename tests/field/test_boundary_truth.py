"""Boundaries that people drew, in the forms in which they are kept: files as those of BSDS500, and images."""

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from mat73 import write_mat73
from PIL import Image
from sambench.tasks.edges import EdgesTask
from sambench.tasks.regions import RegionsTask
from toys import write_bsds

import sambench
from sambench.cli import dispatch
from sambench.config.image_rules import ImageRules
from sambench.datasets.edges.boundary_data import read_truth
from sambench.datasets.edges.bsds500 import CARD, Bsds500
from sambench.datasets.own.reader import own
from sambench.errors import DatasetError
from sambench.metrics.boundary.thinning import thin
from sambench.runs.open import load_run
from sambench.types import BoundaryTruth, Sample

LABELS = np.ones((8, 10), np.uint16)
LABELS[:, 4:] = 2
LINE = np.zeros((8, 10), bool)
LINE[:, 3] = True  # the last column of the first region: its right neighbour has another label


def write(path, *annotators):
    cells = np.empty((1, len(annotators)), object)
    for place, fields in enumerate(annotators):
        struct = np.empty((1, 1), [(name, object) for name in fields])
        for name, value in fields.items():
            struct[0, 0][name] = value
        cells[0, place] = struct
    scipy.io.savemat(path, {"groundTruth": cells})
    return path


def read(path):
    return read_truth(path, CARD, ImageRules())


def test_either_field_will_do(tmp_path):
    both = read(write(tmp_path / "1.mat", {"Segmentation": LABELS, "Boundaries": LINE.astype(np.uint8)}))
    lines = read(write(tmp_path / "2.mat", {"Boundaries": LINE.astype(np.uint8)}, {"Boundaries": LINE * 255.0}))
    regions = read(write(tmp_path / "3.mat", {"Segmentation": LABELS}))
    for truth, count in ((both, 1), (lines, 2), (regions, 1)):
        assert len(truth.boundaries) == count
        assert all(np.array_equal(found, LINE) for found in truth.boundaries)
    assert lines.segmentations == []
    assert np.array_equal(regions.segmentations[0], LABELS)


@pytest.mark.parametrize("form", [list, tuple])
def test_files_of_version_7_3_are_the_same_truth(tmp_path, form):
    one, two = {"Segmentation": LABELS, "Boundaries": LINE}, {"Segmentation": LABELS[::-1], "Boundaries": LINE & False}
    old, new = read(write(tmp_path / "old.mat", one, two)), read(write73(tmp_path / "new.mat", form([one, two])))
    for found, wanted in ((new.boundaries, old.boundaries), (new.segmentations, old.segmentations)):
        np.testing.assert_array_equal(found, wanted)
        assert len(found) == 2


def write73(path, annotators):
    return write_mat73(path, {"groundTruth": annotators})


def test_a_set_in_version_7_3_scores_as_it_does_in_the_older(tmp_path):
    data = write_bsds(tmp_path / "data", size=(48, 64))
    maps = tmp_path / "maps"
    maps.mkdir()
    for key in ("1000", "1001", "1002"):
        path = data / f"BSDS500/data/groundTruth/test/{key}.mat"
        cells = scipy.io.loadmat(path)["groundTruth"][0]
        lines = cells[0]["Boundaries"][0, 0]
        Image.fromarray(lines * np.uint8(255)).save(maps / f"{key}.png")
    wanted = _scores(data, maps, tmp_path / "a")
    for path in data.rglob("*.mat"):
        cells = scipy.io.loadmat(path)["groundTruth"][0]
        write73(path, [{name: one[name][0, 0] for name in one.dtype.names} for one in cells])
    assert _scores(data, maps, tmp_path / "b") == wanted
    assert float(wanted["ods"]) > 0.9


def _scores(data, maps, out):
    words = [f"data.root={data}", "task.thresholds=9"]
    run = {"dir": str(out)}
    found = sambench.score("edges", "bsds500", maps, overrides=words, run=run, workers=0, progress="off", illustrate=0)
    return {name: str(metric.value) for name, metric in found.metrics.items()}


def test_sparse_boundaries_are_boundaries(tmp_path):
    sparse = {"Boundaries": scipy.sparse.csc_matrix(LINE)}
    for path in (write(tmp_path / "1.mat", sparse), write73(tmp_path / "2.mat", [sparse])):
        assert np.array_equal(read(path).boundaries, [LINE])
    scipy.io.savemat(tmp_path / "3.mat", {"groundTruth": scipy.sparse.csc_matrix(LINE)})
    for path in (tmp_path / "3.mat", write73(tmp_path / "4.mat", scipy.sparse.csc_matrix(LINE))):
        with pytest.raises(DatasetError, match="should be structs in `groundTruth`"):
            read(path)


@pytest.mark.parametrize(
    ("annotators", "message"),
    [
        ([{"Boundaries": LINE}, {"Boundaries": LINE[:4]}], "maps of one size"),
        ([{"Boundaries": "drawn"}], "maps of one size"),
        ([{"Boundaries": LINE[:0]}], "maps of one size"),
        ([LINE], "should be structs in `groundTruth`"),
        (LINE, "should be structs in `groundTruth`"),
        ([{"Boundaries": ~LINE}], "boundary at 90% of its pixels"),
        (
            [{"Boundaries": scipy.sparse.csc_matrix((20000, 20000))}],
            "sparse matrix of 20000 x 20000, which is too large",
        ),
    ],
)
def test_what_a_file_of_version_7_3_lacks_is_told(tmp_path, annotators, message):
    with pytest.raises(DatasetError, match=message):
        read(write73(tmp_path / "1.mat", annotators))


def test_a_file_of_version_7_3_without_ground_truth_names_what_it_holds(tmp_path):
    with pytest.raises(DatasetError, match="the file holds gt"):
        read(write_mat73(tmp_path / "1.mat", {"gt": LINE}))
    path = write73(tmp_path / "2.mat", [{"Boundaries": LINE}])
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DatasetError, match="ground truth cannot be read"):
        read(path)


@pytest.mark.parametrize(
    ("annotators", "message"),
    [
        ([{"Segmentation": LABELS, "Boundaries": LINE}, {"Boundaries": LINE}], "only 1 of 2 annotators have Segm"),
        ([{"Boundaries": LINE}, {"Boundaries": LINE[:4]}], "maps of one size"),
        ([{"Contours": LINE}], "maps of one size, has none"),
        ([{"Boundaries": LINE[:0]}], "maps of one size"),
        ([{"Segmentation": np.array([["a", "b"]], object)}], "numbers are expected"),
        ([{"Boundaries": ~LINE}], "boundary at 90% of its pixels"),
        (
            [{"Boundaries": LABELS}],
            "2 values, two values in one channel are expected, 0 and one above it; it has 1, 2",
        ),
        ([{"Boundaries": np.where(LINE, 1, 0.1)}], "it has 0.1, 1"),
        ([{"Boundaries": np.where(LINE, 1, np.nan)}], "it has 1, nan"),
        ([{"Boundaries": np.array([["a", "b"]], object)}], "type object"),
        ([{"Segmentation": LINE.astype(np.uint8)}], "lines of 1 on 0, not labels of regions"),
        ([{"Segmentation": LINE.astype(np.uint8), "Boundaries": LINE}], "lines of 1 on 0, not labels of regions"),
        ([{"Segmentation": np.where(LINE, np.nan, 1)}], "labels are expected"),
        ([{"Segmentation": LABELS}, {"Segmentation": LABELS / 2}], "labels are expected"),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path, annotators, message):
    with pytest.raises(DatasetError, match=message):
        read(write(tmp_path / "1.mat", *annotators))


@pytest.mark.parametrize("pixels", [LINE, LINE.astype(np.uint8), LINE * np.uint8(255), LINE * np.uint16(40000)])
def test_an_image_of_two_values_is_a_boundary_map(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "1.png")
    truth = read(tmp_path / "1.png")
    assert np.array_equal(truth.boundaries, [LINE])
    assert truth.segmentations == []


def test_a_coloured_image_of_equal_channels_is_grey_and_a_blank_one_has_no_boundary(tmp_path):
    Image.fromarray(LINE * np.uint8(255)).convert("RGB").save(tmp_path / "1.png")
    assert np.array_equal(read(tmp_path / "1.png").boundaries, [LINE])
    Image.fromarray(LINE * np.uint8(0)).save(tmp_path / "2.png")
    assert not read(tmp_path / "2.png").boundaries[0].any()


def test_truth_without_any_boundary_is_told(tmp_path):
    found = EdgesTask().score(_blank(), np.where(LINE, np.uint8(255), np.uint8(0)))
    assert "no annotator of any image drew a boundary" in EdgesTask().summarize(found)["ods"].note


def _blank():
    return Sample("a", np.zeros((8, 10, 3), np.uint8), BoundaryTruth([], [LINE & False, LINE & False]))


def test_two_forms_of_truth_with_other_names_are_told(tmp_path):
    for folder in ("images", "groundTruth"):
        (tmp_path / folder).mkdir()
    for name in ("a", "b"):
        Image.fromarray(np.zeros((8, 10, 3), np.uint8)).save(tmp_path / f"images/{name}.png")
    write(tmp_path / "groundTruth/a.mat", {"Boundaries": LINE})
    Image.fromarray(LINE).save(tmp_path / "groundTruth/b.png")
    with pytest.raises(DatasetError, match=r"and images of other names: b\.png"):
        own(tmp_path, for_task=EdgesTask, check_images=False)


def test_structs_outside_a_cell_are_annotators_too(tmp_path):
    scipy.io.savemat(tmp_path / "1.mat", {"groundTruth": {"Boundaries": LINE}})
    assert np.array_equal(read(tmp_path / "1.mat").boundaries, [LINE])
    two = np.empty((1, 2), [("Boundaries", object)])
    two["Boundaries"][0, 0], two["Boundaries"][0, 1] = LINE, LINE & False
    scipy.io.savemat(tmp_path / "2.mat", {"groundTruth": two})
    assert np.array_equal(read(tmp_path / "2.mat").boundaries, [LINE, LINE & False])


@pytest.mark.parametrize("value", [LINE, np.stack([LINE, LINE], -1), "text"])
def test_a_variable_that_holds_no_structs_is_told(tmp_path, value):
    scipy.io.savemat(tmp_path / "1.mat", {"groundTruth": value})
    with pytest.raises(DatasetError, match="ground truth should be structs in `groundTruth`"):
        read(tmp_path / "1.mat")
    scipy.io.savemat(tmp_path / "1.mat", {"gt": LINE})
    with pytest.raises(DatasetError, match="the file holds gt"):
        read(tmp_path / "1.mat")


def test_maps_in_a_cell_without_structs_are_told(tmp_path):
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = LINE, LINE
    scipy.io.savemat(tmp_path / "1.mat", {"groundTruth": cells})
    with pytest.raises(DatasetError, match="ground truth should be structs in `groundTruth`"):
        read(tmp_path / "1.mat")


def test_filled_objects_are_no_boundaries_and_thick_lines_are(tmp_path):
    filled, thick = np.zeros((2, 40, 60), np.uint8)
    filled[10:24, 20:40] = 255
    thick[:, 20:25] = 255
    thick[10:15] = 255
    for name, pixels in (("1", filled), ("2", thick)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    with pytest.raises(DatasetError, match="whole squares of 6 x 6 pixels, as where objects are filled"):
        read(tmp_path / "1.png")
    assert np.array_equal(read(tmp_path / "2.png").boundaries, [thick > 0])


def test_alpha_and_several_pictures_hide_no_boundary(tmp_path):
    grey = LINE * np.uint8(255)
    Image.fromarray(np.stack([grey] * 3 + [grey * 0 + 255], -1)).save(tmp_path / "1.png")
    assert np.array_equal(read(tmp_path / "1.png").boundaries, [LINE])
    Image.fromarray(np.stack([grey * 0] * 3 + [grey], -1)).save(tmp_path / "2.png")
    with pytest.raises(DatasetError, match="strength in the alpha channel alone"):
        read(tmp_path / "2.png")
    Image.fromarray(grey * 0).save(tmp_path / "3.tif", save_all=True, append_images=[Image.fromarray(grey)])
    with pytest.raises(DatasetError, match="the file holds 2 pictures"):
        read(tmp_path / "3.tif")


def test_soft_and_inverted_maps_are_refused(tmp_path):
    soft = np.where(LINE, 255, 0).astype(np.uint8)
    soft[:, 4] = 120
    Image.fromarray(soft).save(tmp_path / "1.png")
    with pytest.raises(DatasetError, match="3 values, two values in one channel are expected"):
        read(tmp_path / "1.png")
    Image.fromarray(~LINE * np.uint8(255)).save(tmp_path / "2.png")
    with pytest.raises(DatasetError, match="boundary at 90% of its pixels, as where lines are dark on white"):
        read(tmp_path / "2.png")
    Image.fromarray(np.stack([soft, soft, LINE * np.uint8(9)], -1)).save(tmp_path / "3.png")
    with pytest.raises(DatasetError, match=r"shape \(8, 10, 3\)"):
        read(tmp_path / "3.png")


def test_truth_without_label_maps_is_scored_for_edges_and_told_for_regions(tmp_path):
    root = write_bsds(tmp_path, count=2)
    whole = Bsds500(root).load_truth(Bsds500(root).keys[0])
    for path in root.rglob("*.mat"):
        write(path, {"Boundaries": thin(Bsds500(root).load_truth(f"test/{path.stem}").boundaries[0])})
    sample = Bsds500(root).load(Bsds500(root).keys[0])
    assert np.array_equal(sample.target.boundaries, [thin(whole.boundaries[0])])
    maps = tmp_path / "maps"
    maps.mkdir()
    for key in Bsds500(root).keys:
        drawn = Bsds500(root).load_truth(key).boundaries[0]
        Image.fromarray(drawn.astype(np.uint8) * 255).save(maps / f"{key.split('/')[1]}.png")
    words = ["data=bsds500", f"data.root={root}", "workers=0", "progress=off", "illustrate=0", "predictions.nms=none"]
    assert dispatch(["score", "task=edges", *words, f"predictions={maps}", f"run.dir={tmp_path / 'out'}"]) == 0
    assert load_run(tmp_path / "out").metrics["ods"].value == 1  # the predictions are what the one annotator drew
    with pytest.raises(DatasetError, match="boundaries and no segmentation"):
        RegionsTask().score(sample, [np.ones(sample.size, int)])


def several(root, *names):
    (root / "images").mkdir(parents=True)
    for image in ("1", "b"):
        Image.fromarray(np.zeros((8, 10, 3), np.uint8)).save(root / f"images/{image}.png")
    for number, name in enumerate(names):
        path = root / "groundTruth" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(LINE, number, 1) * np.uint8(255)).save(path)
    return own(root, for_task=EdgesTask())


@pytest.mark.parametrize(
    "names",
    [
        ("1/1", "1/x", "b/1"),
        ("annotator1/1", "annotator2/1", "annotator2/b"),
        ("1_1", "1_2", "b_2"),
    ],
)
def test_files_of_several_annotators_are_read(tmp_path, names):
    data = several(tmp_path, *names)
    assert data.keys == ["1", "b"]
    assert np.array_equal(data.load("1").target.boundaries, [LINE, np.roll(LINE, 1, 1)])
    assert np.array_equal(data.load("b").target.boundaries, [np.roll(LINE, 2, 1)])
    assert "files of 1 to 2 annotators an image" in data.card.note


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("1/1", "1/b", "b/1"), "IMAGE/ANNOTATOR or as ANNOTATOR/IMAGE"),
        (("x/1", "y/1"), "1 files do not fit together: .*b.png: image has no ground truth"),
        (("x/1", "b_1"), "4 files do not fit together"),
    ],
)
def test_files_of_several_annotators_that_do_not_fit_are_told(tmp_path, names, message):
    with pytest.raises(DatasetError, match=message):
        several(tmp_path, *names)
