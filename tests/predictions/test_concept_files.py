"""Results made elsewhere about pairs: what is read, and everything that would score 0 in silence."""

import json

import numpy as np
import pytest
from phrase_scenes import SIZE, ColourFinder, Scenes, rectangle
from sambench.tasks.concepts import ConceptsTask

from sambench.engine.predictor import Predictor
from sambench.engine.stages import Stages
from sambench.errors import PredictionError, UsageError
from sambench.masks import rle
from sambench.predictions.concept_files import ConceptFiles
from sambench.predictions.concept_results import ConceptFolder, result_entries


def answers(data=None):
    """What the colour finder says, as the entries of a results list."""
    data, task = data or Scenes(), ConceptsTask()
    predictor = Predictor(ColourFinder(), None, Stages())
    found = []
    for key in data.keys:
        sample = data.load(key)
        for pair, answer in task.predict(sample, predictor).answers.items():
            found += result_entries(pair, answer, sample.size)
    return found


def written(path, entries):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entries))
    return path


def opened(path, entries, task=None, data=None):
    return (task or ConceptsTask()).reader(written(path, entries), data or Scenes())


def rows(task, data, reader):
    task = task.for_dataset(data)
    samples = [data.load_without_pixels(key) for key in data.keys]
    return [row for sample in samples for row in task.score(sample, reader.read(sample))]


def test_results_score_as_the_answers_they_were_written_from(tmp_path):
    data = Scenes()
    for kind in ("segm", "bbox"):
        task = ConceptsTask(iou_type=kind)
        found = rows(task, data, opened(tmp_path / "found.json", answers(), task))
        assert [row["tp"][-1] for row in found] == [2, 1, 0, 0, 0, 1, 0, 0]
        assert task.summarize(found)["cgF1_exact"].value == pytest.approx(1)


def test_entries_are_written_as_the_benchmark_has_them():
    first = answers()[0]
    assert first["image_id"] == 0
    assert first["category_id"] == 1
    assert first["bbox"] == pytest.approx([2 / 60, 2 / 40, 10 / 60, 10 / 40])
    assert first["area"] == pytest.approx(100 / (40 * 60))
    assert first["segmentation"]["size"] == [40, 60]
    assert first["score"] == 0.9


def changed(**change):
    def change_it(entries):
        entries[0] |= change
        return entries

    return change_it


BLANK = rle.to_json(rle.empty(SIZE))
SMALL = rle.to_json(rle.encode_masks(rectangle(0, 0, 2, 2)[None, :20])[0])

SILENT = {
    "image instead of pair": (changed(image_id="im0"), {}, "no pair of this data", "image_id is the `id`"),
    "unknown pair": (changed(image_id=99), {}, "no pair of this data", "choose the data and subset"),
    "category of a class": (changed(category_id=3), {}, "category_id other than 1", "set category_id to 1"),
    "boxes in pixels": (changed(bbox=[2, 2, 10, 10]), {"iou_type": "bbox"}, "bbox in pixels", "task.iou_type=segm"),
    "an empty mask": (changed(segmentation=BLANK), {}, "mask without a pixel", "task.empty_masks=count"),
    "nothing at all": (lambda entries: [], {}, "there is no detection", "the file that the model wrote"),
    "logits for scores": (changed(score=4.2), {}, "score outside 0 to 1", "write probabilities"),
    "no score": (changed(score=None), {}, "missing or non-finite score", "write the file again"),
    "another size": (changed(segmentation=SMALL), {}, "another size than its image", "write the file again"),
    "no mask": (changed(segmentation=None), {}, "no segmentation", "task.iou_type=bbox"),
    "no shape": (changed(segmentation=None, bbox=None), {"iou_type": "bbox"}, "neither bbox nor", "again"),
    "a mask that is none": (changed(segmentation=7), {}, "a segmentation that is no mask", "again"),
    "a box of no width": (changed(bbox=[0, 0, 0, 0.1]), {"iou_type": "bbox"}, "an empty bbox", "again"),
    "a box of words": (changed(bbox=["a", 0, 0, 0.1]), {"iou_type": "bbox"}, "not four finite numbers", "again"),
}


@pytest.mark.parametrize("kind", SILENT)
def test_what_the_official_evaluator_takes_for_nothing_is_told(tmp_path, kind):
    change, switches, what, mend = SILENT[kind]
    with pytest.raises(PredictionError, match=what) as raised:
        opened(tmp_path / "found.json", change(answers()), ConceptsTask(**switches))
    assert mend in raised.value.mend


def test_empty_masks_count_as_wrong_where_that_is_asked(tmp_path):
    entries = changed(segmentation=BLANK)(answers())
    task = ConceptsTask(empty_masks="count")
    found = rows(task, Scenes(), opened(tmp_path / "found.json", entries, task))
    assert (found[0]["tp"][0], found[0]["fp"][0]) == (1, 1)


def test_masks_have_boxes_of_their_own_where_none_is_stated(tmp_path):
    task = ConceptsTask(iou_type="bbox")
    entries = [{**entry, "bbox": None} for entry in answers()]
    reader = opened(tmp_path / "found.json", entries, task)
    assert reader.choices == {"boxes": "of_masks"}
    assert rows(task, Scenes(), reader)[0]["tp"] == [2] * 10
    with pytest.raises(PredictionError, match=r"3 of 4 detections have a bbox"):
        opened(tmp_path / "found.json", [entries[0], *answers()[1:]], task)


def test_images_without_a_detection_and_answers_given_twice_are_told(tmp_path):
    reader = opened(tmp_path / "found.json", answers())
    assert reader.notes == ["1 of 3 images have no detection for any phrase"]
    reader = opened(tmp_path / "found.json", [*answers(), answers()[0]])
    assert any("1 detections are the same" in note for note in reader.notes)
    assert reader.compare(["im0", "im1", "im2"]) == ([], [])


def test_several_subsets_have_a_file_each(tmp_path):
    data = Scenes(("one", "two"))
    entries = answers(data)
    mine = {"one": [e for e in entries if e["image_id"] not in (10, 11, 12)], "two": entries[3:]}
    for subset, own in mine.items():
        written(tmp_path / f"gold_{subset}" / "dumps" / "found.json", own)
    reader = ConceptsTask().reader(tmp_path, data)
    assert [row["tp"][0] for row in rows(ConceptsTask(), data, reader)] == [2, 1, 0, 0, 0, 1, 0, 0]
    assert len(reader.fingerprint()) == 64
    with pytest.raises(PredictionError, match="one file for 2 subsets") as raised:
        ConceptsTask().reader(tmp_path / "gold_one" / "dumps" / "found.json", data)
    assert "data.subset=NAME" in raised.value.mend
    written(tmp_path / "gold_two" / "again.json", mine["two"])
    with pytest.raises(PredictionError, match="2 results files for subset two"):
        ConceptsTask().reader(tmp_path, data)


def test_a_subset_without_a_detection_is_refused(tmp_path):
    data = Scenes(("one", "two"))
    written(tmp_path / "one" / "found.json", answers()[:3])
    written(tmp_path / "two" / "found.json", [])
    with pytest.raises(PredictionError, match="no detection for subset two"):
        ConceptsTask().reader(tmp_path, data)


def test_other_data_has_no_pairs(tmp_path):
    class Other(Scenes):
        pair_places = None

    with pytest.raises(UsageError, match="no pairs of images and phrases"):
        ConceptFiles(written(tmp_path / "found.json", answers()), Other(), "segm", "refuse")


def test_a_runs_own_files_come_back_as_they_were(tmp_path):
    data, task = Scenes(), ConceptsTask()
    predictor = Predictor(ColourFinder(), None, Stages())
    for key in data.keys:
        sample = data.load(key)
        made = task.predict(sample, predictor)
        task.save(sample, made, tmp_path)
        reader = task.reader(tmp_path, data)
        assert isinstance(reader, ConceptFolder)
        assert task.score(sample, reader.read(sample)) == task.score(sample, made)
    assert reader.compare(data.keys) == ([], [])
    first = reader.fingerprint()
    (tmp_path / "im2.json.gz").unlink()
    assert reader.compare(data.keys) == (["im2"], [])
    assert reader.fingerprint() != first
    (tmp_path / "im1.json.gz").write_bytes(b"[]")
    with pytest.raises(PredictionError, match="cannot be read"):
        reader.read(data.load("im1"))
    (tmp_path / "im0.json.gz").rename(tmp_path / "im1.json.gz")
    with pytest.raises(PredictionError, match="a pair that the image does not have: 0"):
        reader.read(data.load("im1"))


def test_boxes_of_the_truth_are_those_of_its_file():
    from phrase_scenes import drawn

    from sambench.predictions.concept_shapes import shapes_of
    from sambench.prompts.concepts import ConceptPair, PhraseDetections

    pair = ConceptPair(1, "a", (drawn(rectangle(0, 0, 30, 20), box=(6.0, 4.0, 12.0, 8.0)), []))
    found = PhraseDetections(np.zeros(0), [], None)
    truth, crowds = shapes_of(found, pair, "bbox", SIZE).annotators[0]
    assert truth.tolist() == [[0.1, 0.1, 0.2, 0.2]]
    assert crowds == [False]
    assert shapes_of(found, pair, "bbox", SIZE).annotators[1][0].shape == (0, 4)
