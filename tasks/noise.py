"""How steady masks are when their prompts are moved: K draws an object on one embedding.

Paper:      the rules of noise of SAM (arXiv 2304.02643, appendix A), SAM 2 (its training code), MedSAM and HQ-SAM
            (their training code), and of studies of robustness: RClicks (arXiv 2410.11722), BREPS (arXiv 2601.15123).
Data:       any with instance masks.
Protocol:   the object's own box, or a click on its centre, prompts the model as it is; then moved K times for each
            strength, all on one embedding. Each mask is compared with the object that the prompt came from.
Metrics:    mean over objects of: mean IoU over draws, what it lacks to the IoU of the prompt as it is, population
            standard deviation over draws (RClicks), worst draw; IoU of moved boxes with the box
            (`sambench.metrics.noise`).
Open:       HQ-SAM's scale, here .1 at strength 1; the strength that multiplies every rule's displacements, and clicks'
            rule "jitter", are ours (`sambench.prompts.noise`).
Deviations: SAM states pixels in the frame of its training, here the longer side's 1024; gradient searches for the worst
            prompt (BREPS, TETRIS) are not made: the worst is that of K draws.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

import numpy as np

from sambench.config.ranges import Range
from sambench.datasets.base import Dataset
from sambench.engine.predictor import Predictor
from sambench.engine.task import Task
from sambench.errors import DatasetError, UsageError
from sambench.masks.overlap import mask_ious
from sambench.masks.prompted.noisy import Noise, NoisyMasks, masks_of_boxes, masks_of_clicks
from sambench.masks.prompted.objects import clickable
from sambench.masks.windows import chosen_runs, runs_of_rles
from sambench.metrics.coco.detections import truth_boxes_xywh
from sambench.metrics.noise import NoiseResampling, noise_figures
from sambench.models.base import Question, box_questions
from sambench.prompts.noise import CLICK_RULES, generator_of
from sambench.types import Annotation, InstanceTruth, Metric, Row, Sample

log = logging.getLogger("sambench.noise")


@dataclass(frozen=True)
class NoiseTask(NoiseResampling, Task):
    """Moved prompts: mean, spread and worst IoU of K draws an object, by strength of the noise.

    Attributes:
        prompt_noise: Whose rule moves prompts. Boxes: "sam", "sam2", "medsam", "hq_sam", "smoothing_shift" and
            "smoothing_size" (randomised smoothing). Clicks: "jitter" around the centre, "distance" with a density of
            the distance to the boundary (RClicks' best without a model).
        strengths: Factors of the rule's displacements; 1 is the rule as it is known.
        draws: Moved prompts an object and strength.
        seed: Of the draws; an object's depend on it, the image and the annotation alone.
        passes: Boxes: 2 feeds the most confident mask back with the box (paper); 1 takes the first answer.
        first_output: "multimask" asks for several masks and takes the most confident; "single" for one.
        final_output: The same for the second pass.
        min_area: Objects of fewer pixels are left out; those without a pixel always.
        nan: What becomes of a mask whose logits are NaN or whose predicted IoU is not finite: "error" stops and names
            it, "zero" takes it as empty with a predicted IoU of 0 and counts it.
    """

    name: ClassVar[str] = "noise"
    target: ClassVar[type] = InstanceTruth
    mini_kind: ClassVar[str] = "coco"

    prompt_noise: Literal[
        "sam", "sam2", "medsam", "hq_sam", "smoothing_shift", "smoothing_size", "jitter", "distance"
    ] = "sam2"
    strengths: Annotated[tuple[float, ...], Range(0, 100, above=True)] = (0.5, 1.0, 2.0)
    draws: Annotated[int, Range(2, 1000)] = 8
    seed: Annotated[int, Range(0, 2**32 - 1)] = 0
    passes: Literal[1, 2] = 2
    first_output: Literal["multimask", "single"] = "multimask"
    final_output: Literal["multimask", "single"] = "single"
    min_area: Annotated[int, Range(0, 1000000000)] = 0
    nan: Literal["error", "zero"] = "error"

    def for_dataset(self, dataset: Dataset) -> NoiseTask:
        """Return the task itself.

        Raises:
            UsageError: The data is made of several sets, over whose objects together no mean is asked for.
        """
        if hasattr(dataset, "dataset_of"):
            what = f"{dataset.card.name} is made of several data sets, over whose objects together there is no mean"
            raise UsageError(what, where=f"data={dataset.card.name}", mend="choose one of them, as data=bbbc038v1")
        return self

    def questions(self) -> list[Question]:
        """Return what boxes ask in one pass or two, or what a click does."""
        first = self.first_output == "multimask"
        if self.prompt_noise in CLICK_RULES:
            other = f"task.first_output={'single' if first else 'multimask'}"
            return [Question(points=1, multimask=first, mend=other)]
        return box_questions(self.passes, first, self.final_output == "multimask")

    def predict(self, sample: Sample, predictor: Predictor) -> NoisyMasks | None:
        """Prompt with every object's box or centre, as it is and moved; None where there is no object."""
        objects, embedding = self.objects(sample), predictor.embed(sample)
        if left := sum(not one.iscrowd for one in sample.target.annotations) - len(objects):
            log.warning("%s: %d object(s) of less than %d pixel(s) left out", sample.id, left, max(1, self.min_area))
        if not objects:
            return None
        noise = Noise(self.prompt_noise, self.strengths, self.draws)
        multimask = self.first_output == "multimask", self.final_output == "multimask"

        def fresh() -> list[np.random.Generator]:
            return [generator_of(self.seed, sample.id, one.id) for one in objects]

        if self.prompt_noise in CLICK_RULES:
            return masks_of_clicks(predictor, embedding, [one.rle for one in objects], fresh, noise, multimask[0])
        boxes_xywh = truth_boxes_xywh(replace(sample.target, annotations=objects))
        return masks_of_boxes(predictor, embedding, boxes_xywh, fresh, noise, self.passes, multimask)

    def score(self, sample: Sample, prediction: NoisyMasks | None) -> list[Row]:
        """Compare every mask with the object that its prompt came from; one row an object and strength."""
        if prediction is None:
            return []
        objects = self.objects(sample)
        truth = runs_of_rles([one.rle for one in objects], sample.size)
        clean = mask_ious(prediction.clean, truth)
        drawn = len(self.strengths) * self.draws
        ious = mask_ious(prediction.noisy, chosen_runs(truth, np.repeat(np.arange(len(objects)), drawn)))
        ious = ious.reshape(len(objects), len(self.strengths), self.draws)
        common = {"sample_id": sample.id, "image_sha256": sample.image_sha256}
        rows = []
        for index, one in enumerate(objects):
            own = {**common, "object": str(one.id), "area": float(one.area), "clean_iou": float(clean[index])}
            for column, strength in enumerate(self.strengths):
                overlap = float(prediction.box_overlap[index, column])
                moved = {"strength": float(strength), "ious": ious[index, column].tolist()}
                rows.append({**own, **moved, "box_iou": None if np.isnan(overlap) else overlap})
        return rows

    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Average over objects; intervals resample images.

        Raises:
            DatasetError: There is no object.
        """
        if not rows:
            mend = "choose other data, or lower task.min_area"
            raise DatasetError("the data has no object to prompt for", where="task=noise", mend=mend)
        lower = ("drop", "spread")
        return {
            name: Metric(value, ci95, images, not name.startswith(lower), "IoU")
            for name, (value, ci95, images) in noise_figures(rows, seed).items()
        }

    def objects(self, sample: Sample) -> list[Annotation]:
        """Return the annotations that prompt: no crowds, none without a pixel or below `min_area`."""
        wanted = [one for one in sample.target.annotations if not one.iscrowd]
        return clickable(wanted, self.min_area, "pixels")
