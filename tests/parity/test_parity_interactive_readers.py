"""RITM's own classes read the data sets of interactive segmentation alike: objects, ignored pixels, images."""

import numpy as np
import pytest
from interactive_replicas import INTERACTIVE

pytest.importorskip("ritm_annotation")

from ritm_annotation.data import datasets as theirs

from sambench.config.resolve import build
from sambench.masks import rle

CLASSES = {
    "grabcut": (theirs.GrabCutDataset, "GrabCut", {}),
    "berkeley": (theirs.BerkeleyDataset, "Berkeley", {}),
    "davis": (theirs.DavisDataset, "DAVIS", {}),
    "coco_mval": (theirs.DavisDataset, "COCO_MVal", {}),
    "sbd": (theirs.SBDEvaluationDataset, "benchmark_RELEASE/dataset", {}),
    "pascal_voc": (theirs.PascalVocDataset, "VOCdevkit/VOC2012", {"split": "val"}),
}
"""Our name -> RITM's class, its folder, its arguments; DAVIS' class also reads COCO_MVal."""


@pytest.fixture(autouse=True)
def old_numpy(monkeypatch):
    """Its readers ask for np.int, which numpy no longer has."""
    monkeypatch.setattr(np, "int", int, raising=False)


@pytest.mark.parametrize("name", CLASSES)
def test_objects_are_theirs(name, tmp_path):
    INTERACTIVE[name](tmp_path)
    for path in sorted(tmp_path.rglob("b.2.*")):  # they take a name to end at its first dot
        path.rename(path.with_name(f"c{path.suffix}"))
    grey = {"object_ids": "grey"} if name == "pascal_voc" else {}
    ours = build("datasets", "data", {"name": name, "root": str(tmp_path), **grey})
    made, folder, arguments = CLASSES[name]
    other = made(tmp_path / folder, **arguments)
    found, expected = [], []
    for key in ours.keys:
        sample = ours.load(key)
        for one in sample.target.annotations:
            mask = rle.decode_masks([one.rle], sample.size)[0].astype(np.int32)
            if one.ignore is not None:
                mask[rle.decode_masks([one.ignore], sample.size)[0]] = -1
            found.append((mask, sample.image))
    for index in range(len(other)):
        sample = other.get_sample(index)
        expected += [(sample.get_object_mask(one), sample.image) for one in sample.objects_ids]
    assert len(found) == len(expected) > 1
    for (mask, image), (their_mask, their_image) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mask, their_mask)
        np.testing.assert_array_equal(image, their_image)
