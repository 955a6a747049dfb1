"""Forks from their packages, through the tasks: every mask equals the one the fork's own predictor gives alone.

Each task runs on two images; every answer in it is asked again, prompt by prompt, of another predictor over the same
weights by the fork's own public method, and compared at the image's size.
"""

from collections import Counter
from functools import cache

import numpy as np
import pytest
import reference_models as reference
import torch
from small_instances import settings, write_objects
from toys import write_bsds

import sambench
from sambench.masks.resize import logits_at_original
from sambench.models.forks import FORKS as NAMED
from sambench.models.official.model import OfficialModel

SMALL = {
    "points": ["task.clicks=[1,2]"],
    "instances": [],
    "proposals": ["task.points_per_side=2"],
    "edges": ["task.grid=2"],
}


def segment_anything():
    from segment_anything import SamPredictor

    return SamPredictor(reference.small_sam())


def segment_anything_hq():
    from segment_anything_hq import SamPredictor

    return SamPredictor(reference.small_sam_hq())


def sam2():
    from sam2.build_sam import build_sam2
    from sam2.sam2_image_predictor import SAM2ImagePredictor

    model = build_sam2("configs/sam2.1/sam2.1_hiera_t.yaml", None, device="cpu")
    return SAM2ImagePredictor(reference.randomise(model, 2))


def mobile_sam():
    from mobile_sam import SamPredictor, sam_model_registry

    return SamPredictor(reference.randomise(sam_model_registry["vit_t"](), 3))


def efficientvit_sam():
    from efficientsam.models.efficientvit.sam import EfficientViTSamPredictor
    from efficientsam.sam_model_zoo import create_efficientvit_sam_model

    model = create_efficientvit_sam_model("efficientvit-sam-l0", pretrained=False)
    return EfficientViTSamPredictor(reference.randomise(model, 3))


def of_package(name):
    """Build a fork that is in no package: its test runs where its repository is on the path."""
    network, predictor = NAMED[name].build(pytest.importorskip(NAMED[name].packages[0]))
    return predictor(reference.randomise(network, 3))


def efficienttam():
    return of_package("efficienttam_ti")


def efficient_sam():
    return of_package("efficient_sam_ti")


def _ultralytics(predictor, model):
    settings = {"task": "segment", "mode": "predict", "imgsz": 1024, "device": "cpu", "save": False, "verbose": False}
    made = predictor(overrides={**settings, "conf": 0.25})
    made.setup_model(reference.randomise(model, 3), verbose=False)
    return made


def ultralytics_sam():
    from ultralytics.models.sam import Predictor
    from ultralytics.models.sam.build import build_mobile_sam

    return _ultralytics(Predictor, build_mobile_sam())


def ultralytics_sam2():
    from ultralytics.models.sam import SAM2Predictor
    from ultralytics.models.sam.build import build_sam2_t

    return _ultralytics(SAM2Predictor, build_sam2_t())


def own_predict(predictor, points, labels, box, masks, multimask):
    """Ask as the fork's documentation does: numpy in image pixels, one prompt."""
    full, iou, _ = predictor.predict(
        point_coords=points, point_labels=labels, box=box, mask_input=masks, multimask_output=multimask
    )
    return np.asarray(full) > 0, np.asarray(iou)


def own_ultralytics(predictor, points, labels, box, masks, multimask):
    """Ask an ultralytics predictor as its documentation does, with no mask dropped."""
    predictor.args.conf = -1e9
    given = {"points": None if points is None else points[None], "labels": None if labels is None else labels[None]}
    (found,) = predictor(**given, bboxes=None if box is None else box[None], multimask_output=multimask)
    return found.masks.data.cpu().numpy(), found.boxes.conf.cpu().numpy()


def own_efficient_sam(predictor, points, labels, box, masks, multimask):
    """Ask EfficientSAM's module as its example does: an image of 0 to 1, one query, a box as two points."""
    assert masks is None
    corners = [] if box is None else [box.reshape(2, 2)]
    places = np.concatenate([*([] if points is None else [points]), *corners])
    kinds = np.concatenate([*([] if labels is None else [labels]), *([] if box is None else [[2, 3]])])
    given = torch.from_numpy(places)[None, None].float(), torch.from_numpy(kinds)[None, None].long()
    image = torch.from_numpy(np.ascontiguousarray(predictor.shown)).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        logits, iou = predictor.model(image, *given)
    return (logits[0, 0] > 0).numpy(), iou[0, 0].numpy()


FORKS = {
    segment_anything: ("segment_anything", own_predict, True),
    segment_anything_hq: ("segment_anything_hq", own_predict, True),
    sam2: ("sam2", own_predict, True),
    mobile_sam: ("mobile_sam", own_predict, True),
    efficientvit_sam: ("efficientsam", own_predict, True),
    efficienttam: ("efficient_track_anything", own_predict, True),
    efficient_sam: ("efficient_sam", own_efficient_sam, False),
    ultralytics_sam: ("ultralytics", own_ultralytics, False),
    ultralytics_sam2: ("ultralytics", own_ultralytics, False),
}
"""Builder -> package, how its own predictor is asked, whether that takes earlier masks."""


@cache
def own_predictor(build):
    """Return the other predictor over the same weights, made once for all tasks."""
    return build()


class Compared(OfficialModel):
    """The adapter, whose every answer is held against the fork's own."""

    def compare_with(self, own, ask):
        self.own, self.ask_own, self.tally, self.cuts, self.shown = own, ask, Counter(), {}, None
        self.hands_out = (-32, 32) if hasattr(own, "_prep_prompts") else (-np.inf, np.inf)

    def _encode(self, image):
        embedding = super()._encode(image)
        self.cuts[id(embedding)] = (embedding, image)
        return embedding

    def decode(self, embedding, prompts, multimask):
        masks = super().decode(embedding, prompts, multimask)
        full = logits_at_original(masks.logits, masks.frame)
        image = self.cuts[id(embedding)][1]
        if self.shown is not image:
            self.own.set_image(np.ascontiguousarray(image[..., ::-1]) if self.ask_own is own_ultralytics else image)
            self.shown = self.own.shown = image
        for row in range(min(len(prompts), 4)):
            parts = [
                None if part is None else part[row].cpu().numpy()
                for part in (prompts.points_xy, prompts.labels, prompts.boxes_xyxy, prompts.mask_logits)
            ]
            if parts[1] is not None:
                parts[0], parts[1] = parts[0][parts[1] != -1], parts[1][parts[1] != -1]
            # Within what sam2 hands out; the others' own logits are theirs to take back as they are.
            parts[3] = None if parts[3] is None else parts[3][None].clip(*self.hands_out)
            theirs, iou = self.ask_own(self.own, *parts, multimask)
            sure = (full[row].abs() > 1e-4 * max(1.0, float(full[row].abs().max()))).numpy()  # sums differ by batch
            self.tally["apart"] += int((((full[row] > 0).numpy() != theirs) & sure).sum())
            self.tally["pixels"] += theirs.size
            np.testing.assert_allclose(masks.predicted_iou[row].numpy(), iou, rtol=1e-4, atol=1e-4)
            self.tally["compared"] += 1
        return masks


@pytest.mark.parametrize("task", SMALL)
@pytest.mark.parametrize("build", FORKS, ids=lambda build: build.__name__)
def test_every_mask_of_a_run_is_the_forks_own(build, task, tmp_path):
    package, ask, takes_masks = FORKS[build]
    pytest.importorskip(package)
    model = Compared(build(), f"{package}:predictor", None)
    model.compare_with(own_predictor(build), ask)
    without = {"points": ["task.mask_feedback=false"], "instances": ["task.passes=1"]}
    if build is efficient_sam:  # every answer of its example is of three masks, of the foreground
        without = {"points": ["task.clicks=[1]"], "instances": ["task.passes=1"]}
    words = [*SMALL[task], *([] if takes_masks else without.get(task, []))]
    there = {"run": {"dir": str(tmp_path / "run")}, "limit": 2}
    if task == "edges":
        root = write_bsds(tmp_path / "data", count=2)
        run = sambench.evaluate(model, task, "bsds500", [f"data.root={root}", *words], **there)
    else:
        given = settings(write_objects(tmp_path / "data"), task=task, overrides=words, **there)
        run = sambench.evaluate(model, **given)
    assert run.record["counts"]["samples"] == 2
    assert model.tally["compared"] >= 4
    assert model.tally["apart"] == 0
    print(build.__name__, task, dict(model.tally))
