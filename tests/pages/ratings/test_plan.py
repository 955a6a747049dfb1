import json
from itertools import pairwise

import numpy as np
from PIL import Image
from rating_studies import planned

from sambench.cli import dispatch
from sambench.pages.ratings.orders import assigned, shuffled
from sambench.pages.ratings.scoring import read_answers, score_study
from sambench.pages.ratings.store import Rating, RatingStore
from sambench.pages.ratings.study import CHECK, DATABASE, TRUTH, read_study


def test_a_study_is_blind_balanced_and_the_same_by_seed(tmp_path, capsys):
    folder = planned(tmp_path, "max_side=300", raters=3)
    study = read_study(folder)
    jobs = [name for name, job in study.key.items() if job.method != CHECK]
    checks = set(study.key) - set(jobs)
    assert len(jobs) == 4 * 3
    assert study.methods[-1] == TRUTH
    for own in study.orders.values():
        assert checks <= set(own)
        items = [study.key[job].item for job in own if job not in checks]
        assert len(items) == len(set(items))  # nobody sees an object twice
    assert sorted(job for own in study.orders.values() for job in own if job not in checks) == sorted(jobs)

    # Names, sizes of the pictures and what lies in their files say nothing of who made a mask.
    told = " ".join(path.name for path in (folder / "images").iterdir()) + (folder / "study.json").read_text()
    assert not any(job.item in told.split('"') for job in study.key.values())
    for job in jobs:
        for view in range(1, 6):
            with Image.open(study.picture(job, view)) as picture:
                assert max(picture.size) <= 720
                assert not picture.info.get("exif")
    assert (folder / "raters.json").stat().st_mode & 0o077 == 0

    words = [f"runs=[{tmp_path / 'a'},{tmp_path / 'b'}]", "masks=4", "raters=3", "max_side=300"]
    assert dispatch(["rate", "plan", *words, f"out={tmp_path / 'again'}"]) == 0
    for name in ("study.json", "key.json"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert json.loads((folder / "raters.json").read_text()) != json.loads((tmp_path / "again/raters.json").read_text())

    # Two raters who see well and one who always says 5.
    quality = {study.methods[0]: 8, study.methods[1]: 6, TRUTH: 9}
    store = RatingStore(folder / DATABASE)
    for rater, own in study.orders.items():
        for job in own:
            told = study.key[job]
            seen = quality.get(told.method, told.low if told.low > 1 else told.high)
            store.add(rater, Rating(job, 5 if rater == "rater3" else seen, True, False, True, 900))
    found = score_study(study, read_answers(study))
    assert list(found.rejected) == ["rater3"]
    assert "failed 2 of 2 attention checks" in found.rejected["rater3"]
    assert {name: one.mean for name, one in found.means.items()} == quality
    assert found.questions[TRUTH] == {"valid": 1, "clean": 0, "matches": 1}
    assert dispatch(["rate", "score", str(folder)]) == 0
    assert "rater3 rejected" in capsys.readouterr().out


def test_jobs_are_dealt_in_equal_shares():
    dealt = assigned(30, 3, 6, 2)
    for own in dealt:
        assert len({item for item, _ in own}) == len(own)
        assert np.bincount([method for _, method in own]).tolist() == [10, 10, 10]
    assert sorted(job for own in dealt for job in own) == sorted([(i, m) for i in range(30) for m in range(3)] * 2)


def test_neighbours_are_of_different_images():
    samples = {f"{image}{job}": image for image, count in (("a", 5), ("b", 3), ("c", 2)) for job in range(count)}
    for seed in range(20):
        order = shuffled(list(samples), samples, np.random.default_rng(seed))
        assert sorted(order) == sorted(samples)
        assert all(samples[one] != samples[two] for one, two in pairwise(order))
