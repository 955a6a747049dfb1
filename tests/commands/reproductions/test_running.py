"""Entries run, found again, failing; and their verdicts."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from toys import write_bsds

from sambench.commands.reproductions.catalogue import Input, Reproduction
from sambench.commands.reproductions.running import Figure, judged, reproduce

ENTRY = Reproduction(
    name="mine/one",
    title="a line, 3 images",
    command="score task=edges data=bsds500 data.root=DATA predictions=DATA/maps task.thresholds=5 workers=0",
    published={"ods": "0.5", "ap": "0.4"},
    tolerance=1.0,
    reason="made up",
    source="nowhere",
    inputs=(Input("maps", "edge maps", "https://example.org", place="maps", files=3),),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = write_bsds(tmp_path_factory.mktemp("inputs of mine"))
    (folder / "maps").mkdir()
    for index in range(3):
        pixels = np.zeros((24, 36), np.uint8)
        pixels[4, 5:30] = 200
        Image.fromarray(pixels).save(folder / "maps" / f"{1000 + index}.png")
    return folder


@pytest.fixture(scope="module")
def outcome(root, tmp_path_factory):
    results = str(tmp_path_factory.mktemp("results"))
    return reproduce(ENTRY, root, results), results


def test_a_run_gives_every_published_number_its_own_and_its_interval(outcome):
    found, _ = outcome
    assert [one.metric for one in found.figures] == ["ods", "ap"]
    assert (found.again, found.error, found.missing) == (False, "", {})
    assert all(one.verdict == "within" and 0 < one.value < 1 for one in found.figures)
    assert found.figures[0].difference == pytest.approx(found.figures[0].value - 0.5)


def test_what_is_done_is_not_run_again_and_is_judged_anew(outcome, root):
    found, results = outcome
    again = reproduce(replace(ENTRY, tolerance=1e-6), root, results)
    assert again.again
    assert [one.value for one in again.figures] == [one.value for one in found.figures]
    assert [one.verdict for one in again.figures] == ["outside", "outside"]
    assert not reproduce(ENTRY, root, results, redo=True).again
    beside = reproduce(replace(ENTRY, verdict=False), root, results)
    assert [one.verdict for one in beside.figures] == ["beside", "beside"]


def test_other_inputs_are_run_anew(outcome, root, tmp_path):
    other = write_bsds(tmp_path / "other")
    (other / "maps").mkdir()
    for path in (root / "maps").iterdir():
        Image.fromarray(np.asarray(Image.open(path)).T.copy().reshape(24, 36)).save(other / "maps" / path.name)
    found, results = outcome
    again = reproduce(ENTRY, other, results)
    assert not again.again
    assert [one.value for one in again.figures] != [one.value for one in found.figures]


def test_what_is_missing_is_not_run_and_what_fails_is_told(root, tmp_path):
    absent = replace(ENTRY, inputs=(replace(ENTRY.inputs[0], files=4),))
    found = reproduce(absent, root, str(tmp_path))
    assert list(found.missing) == ["maps"]
    assert not found.figures
    assert list(tmp_path.iterdir()) == []
    failed = reproduce(
        replace(ENTRY, command=ENTRY.command.replace("thresholds=5", "thresholds=0")), root, str(tmp_path)
    )
    assert "thresholds" in failed.error or "0" in failed.error
    nameless = reproduce(replace(ENTRY, published={"oods": "0.5"}), root, str(tmp_path))
    assert "the run has no oods" in nameless.error


@pytest.mark.parametrize(
    ("value", "published", "tolerance", "verdict"),
    [
        (0.6058, 0.6, 0.01, "within"),
        (0.61, 0.6, 0.01, "within"),
        (0.6101, 0.6, 0.01, "outside"),
        (0.5899, 0.6, 0.01, "outside"),
        (math.nan, 0.6, 0.01, "outside"),
    ],
)
def test_a_difference_of_the_tolerance_is_within(value, published, tolerance, verdict):
    assert judged(value, published, tolerance) == verdict
    assert Figure("ods", str(published), value, None, verdict).verdict == verdict
