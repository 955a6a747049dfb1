"""`sambench masks`: sets of every form against each other, and a study there and back."""

import gzip
import json
import re

import numpy as np
import pandas as pd
import pytest
from own_folders import write_own
from PIL import Image

import sambench
from sambench.cli import dispatch
from sambench.errors import DatasetError, PredictionError, UsageError
from sambench.files.json_text import parse_json
from sambench.masks.rle import boxes_xywh, decode_masks

OWN = ["data=own", "data.annotations=gt.json", "data.images=photos"]


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder with six images of two objects each, and a results list that finds them as they are."""
    write_own(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def summary(folder):
    """Return the figures that were written."""
    return pd.read_csv(folder / "summary.csv").set_index("figure")["value"].to_dict()


def edited(path, change):
    """Write a JSON file again after a change of its content; returns its name."""
    content = parse_json(path.read_bytes())
    change(content)
    out = path.with_name(f"edited_{path.name}")
    out.write_text(json.dumps(content))
    return out.name


def test_a_results_list_is_held_against_the_truth(own, capsys):
    def worse(found):
        found[0]["segmentation"] = [[5, 5, 13, 5, 13, 15, 5, 15]]  # 80 of the 110 pixels
        found.append({"image_id": 3, "score": 0.5, "segmentation": [[0, 26, 4, 26, 4, 30, 0, 30]]})
        del found[1]

    name = edited(own / "found.json", worse)
    assert dispatch(["masks", f"a={name}", "b=truth", *OWN, "out=told"]) == 0
    found = summary(own / "told")
    assert found["pairs above .9"] == pytest.approx(10 / 11, rel=1e-4)
    assert found["a above .9"] == pytest.approx(10 / 12, rel=1e-4)
    assert found["b above .75"] == pytest.approx(10 / 12, rel=1e-4)
    assert found["mean IoU"] == pytest.approx((10 + 80 / 110) / 11, rel=1e-4)
    images = pd.read_csv(own / "told" / "images.csv")
    assert images["matched"].tolist() == [1, 2, 2, 2, 2, 2]
    assert images["only_a"].tolist() == [0, 0, 1, 0, 0, 0]
    assert images["only_b"].tolist() == [1, 0, 0, 0, 0, 0]
    pairs = pd.read_csv(own / "told" / "pairs.csv")
    assert len(pairs) == 13
    assert pairs["iou"].isna().sum() == 2
    printed = capsys.readouterr().out
    assert "note: 6 images, matched by file name" in printed
    assert "1 masks are in a alone" in printed
    assert re.search(r"pairs above \.75 +│ +\.909 │ +too few images │\n", printed)
    page = (own / "told" / "index.html").read_text(encoding="utf-8")
    assert "pairs above .9" in page
    assert "SA-1B" not in printed + page
    pictures = sorted(path.name for path in (own / "told" / "pictures").iterdir())
    assert pictures == ["only_in_a_1.png", "only_in_b_1.png", *(f"worst_pair_{number}.png" for number in (1, 2, 3))]
    assert page.count("<img ") == page.count("data:image/") == 5
    drawn = np.asarray(Image.open(own / "told" / "pictures" / "worst_pair_1.png"))
    assert (drawn == [0, 0, 0]).all(axis=2).mean() < 0.5
    assert {"in both", "in a alone", "in b alone"} <= set(re.findall(r"</span>([^<]+)</li>", page))
    assert all(uri.startswith(("data:", "#")) for uri in re.findall(r'(?:src|href)="([^"]*)"', page))


def test_published_figures_stand_beside_images_of_sa_1b_alone(own, capsys):
    def named(told):
        for image in told["images"]:
            image["file_name"] = f"sa_{image['id']}.jpg"

    name = edited(own / "gt.json", named)
    (own / "corrected.json").write_bytes((own / name).read_bytes())
    assert dispatch(["masks", f"a={name}", "b=corrected.json", "out=told", "count=0"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"pairs above \.75 +│ +1\.000 │ .+ │ +\.97", printed)
    assert "do not answer to them" in printed
    assert "SA-1B, published" in (own / "told" / "index.html").read_text(encoding="utf-8")
    assert not (own / "told" / "pictures").exists()


def test_a_study_goes_to_an_annotation_tool_and_comes_back(own, capsys):
    words = ["masks", "sample=3", "a=found.json", *OWN]
    assert dispatch([*words, "out=study.json"]) == 0
    assert dispatch([*words, "out=again.json", "seed=0"]) == 0
    assert dispatch([*words, "out=other.json", "seed=1"]) == 0
    study = parse_json((own / "study.json").read_bytes())
    assert (own / "again.json").read_bytes() == (own / "study.json").read_bytes()
    other = parse_json((own / "other.json").read_bytes())
    assert {one["file_name"] for one in other["images"]} != {one["file_name"] for one in study["images"]}
    assert len(study["images"]) == 3
    assert len(study["annotations"]) == 6
    for one in study["annotations"]:
        code = {**one["segmentation"], "counts": one["segmentation"]["counts"].encode()}
        mask = decode_masks([code], (30, 40))[0]
        assert one["area"] == mask.sum()
        assert one["bbox"] == boxes_xywh([code])[0].tolist()

    def corrected(told):
        """Number everything anew, in another order and folder, with one mask redrawn, one gone and one added."""
        for image in told["images"]:
            image["id"] = 90 - image["id"]
            image["file_name"] = f"job_7/{image['file_name'].split('/')[-1]}"
        for number, one in enumerate(told["annotations"]):
            one["id"], one["image_id"] = 500 + number, 90 - one["image_id"]
        told["annotations"][0]["segmentation"] = [[5, 5, 10, 5, 10, 15, 5, 15]]
        told["annotations"][1]["segmentation"] = [[0, 0, 2, 0, 2, 2, 0, 2]]
        told["images"].reverse()

    name = edited(own / "study.json", corrected)
    assert dispatch(["masks", "a=study.json", f"b={name}", "out=told"]) == 0
    found = summary(own / "told")
    first = study["annotations"][0]["area"]
    assert found["pairs above .75"] == pytest.approx(4 / 5)
    assert found["mean IoU"] == pytest.approx((4 + 50 / first) / 5, rel=1e-4)
    assert found["a above .9"] == pytest.approx(4 / 6, rel=1e-4)
    assert "matched by the last part of the file name" in capsys.readouterr().out
    (own / "packed.json.gz").write_bytes(gzip.compress((own / "study.json").read_bytes()))
    assert dispatch(["masks", "a=study.json", "b=packed.json.gz", "out=same"]) == 0
    assert summary(own / "same")["pairs above .9"] == 1.0


def test_a_run_brings_its_data_and_its_predictions_folder_is_the_run(own, capsys):
    words = [*OWN[1:], "task.clicks=[1]", "task.boundary_ratio=null"]
    run = sambench.run("points", data="own", overrides=words, workers=0, device="cpu", run={"dir": "results/a"})
    assert dispatch(["masks", "a=results/a", "b=truth", "out=one"]) == 0
    assert dispatch(["masks", "a=results/a/predictions", "b=gt.json", "out=two"]) == 0
    one, two = (pd.read_csv(own / name / "pairs.csv") for name in ("one", "two"))
    pd.testing.assert_frame_equal(one, two)
    scored = pd.DataFrame(run.rows()).set_index("object")["iou"]
    matched = one[one["a"] == one["b"]]
    assert len(matched) > len(scored) / 2
    assert matched["iou"].to_numpy() == pytest.approx(scored.loc[matched["a"].astype(int).astype(str)], rel=1e-4)
    assert "masks after 1 click(s)" in capsys.readouterr().out


def test_what_does_not_fit_is_told_with_what_mends_it(own):
    def refused(error, match, *words):
        with pytest.raises(error, match=match) as caught:
            dispatch(["masks", *words])
        assert caught.value.mend

    refused(UsageError, "no b was given", "a=found.json")
    refused(UsageError, "no file was given", "a=found.json", "sample=3", *OWN)
    refused(UsageError, "of a alone", "a=found.json", "b=truth", "sample=3", "out=x.json", *OWN)
    refused(UsageError, "data that are not named", "a=found.json", "b=gt.json")
    refused(UsageError, "names no data", "a=gt.json", "b=found.json", "data.root=photos")
    refused(UsageError, "held against itself", "a=gt.json", "b=gt.json")
    refused(UsageError, "no such masks", "a=none.json", "b=gt.json")

    def strangers(told):
        for image in told["images"]:
            image.update(file_name=f"x{image['id']}.jpg", id=image["id"] + 50)
        for one in told["annotations"]:
            one["image_id"] += 50

    other = edited(own / "gt.json", strangers)
    refused(PredictionError, "share no image", "a=gt.json", f"b={other}")
    larger = edited(own / "gt.json", lambda told: told["images"][0].update(width=41))
    refused(PredictionError, r"is \(30, 40\)", "a=gt.json", f"b={larger}")
    (own / "damaged.json").write_text('{"images": [')
    refused(DatasetError, "no JSON", "a=gt.json", "b=damaged.json")
    (own / "boxes_only.json").write_text(json.dumps([{"image_id": 1, "bbox": [1, 1, 5, 5], "score": 0.5}]))
    refused(PredictionError, "are boxes", "a=boxes_only.json", "b=truth", *OWN)


def test_ids_match_images_whose_names_differ_altogether(own, capsys):
    def rename(told):
        for image in told["images"]:
            image["file_name"] = f"task-{image['id']}-of-6"

    renamed = edited(own / "gt.json", rename)
    assert dispatch(["masks", "a=gt.json", f"b={renamed}", "out=told"]) == 0
    assert summary(own / "told")["pairs above .9"] == 1.0
    assert "matched by image id" in capsys.readouterr().out
    assert np.isfinite(pd.read_csv(own / "told" / "pairs.csv")["iou"]).all()
