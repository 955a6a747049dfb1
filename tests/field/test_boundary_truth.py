"""Boundaries that people drew, in the forms in which they are kept: files as those of BSDS500, and images."""

import numpy as np
import pytest
import scipy.io
from PIL import Image
from sambench.tasks.regions import RegionsTask
from toys import write_bsds

from sambench.cli import dispatch
from sambench.datasets.boundary_data import read_truth
from sambench.datasets.bsds500 import CARD, Bsds500
from sambench.errors import DatasetError
from sambench.image_rules import ImageRules
from sambench.metrics.thinning import thin
from sambench.runs.opening import load_run

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


@pytest.mark.parametrize(
    ("annotators", "message"),
    [
        ([{"Segmentation": LABELS, "Boundaries": LINE}, {"Boundaries": LINE}], "only 1 of 2 annotators have Segm"),
        ([{"Boundaries": LINE}, {"Boundaries": LINE[:4]}], "maps of one size"),
        ([{"Contours": LINE}], "maps of one size, has none"),
        ([{"Boundaries": LINE[:0]}], "maps of one size"),
        ([{"Segmentation": np.array([["a", "b"]], object)}], "numbers are expected"),
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
