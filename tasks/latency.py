"""What an answer costs: time of every step on real images, memory, parameters, multiply-adds.

Paper:      Segment Anything (arXiv 2304.02643), section 3: an image is encoded once, a prompt is
            answered in about 50 ms. Times of others are published as images a second of the encoder (SAM 2 and SAM 3).
Data:       any images; their ground truth is not read.
Protocol:   each step is run `warmup` times untimed, then up to `repeats` times with the device synchronised before and
            after, for each image: encode (one image, and batches of it), decode K points of one embedding (K of
            `prompts`), first mask (encode, decode one point, masks at the image's size), next mask (the same without
            encode), and automatic generation with `generate` points a side, encoding included.
Open:       papers rarely say whether preprocessing and resizing to the image's size count. Here encoding begins with
            the decoded image in memory, decoding ends with logits on the device, and a first or next mask ends with
            (H, W) bool on the host.
Metrics:    percentiles 50, 90 and 99 in ms over images and repeats, images a second of encoding; the fixed and the
            per-prompt part of decoding, and what K prompts of one embedding save; peak memory; the model's size.
Deviations: none; nobody else's protocol is followed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from sambench.engine.costs import OtherLoad, peak_bytes, thread_count, timed
from sambench.engine.latency_steps import StepSettings, in_turn, steps_of
from sambench.engine.predictor import Predictor
from sambench.engine.task import Task
from sambench.metrics.latency.figures import LatencyRows, latency_metrics
from sambench.models.anatomy import multiply_adds, parameter_counts
from sambench.models.base import Question
from sambench.models.devices import device_of
from sambench.types import Metric, Row, Sample


@dataclass(frozen=True)
class LatencyTask(StepSettings, LatencyRows, Task):
    """Time of encoding, decoding, first and next mask and generation; memory; size.

    Its switches are those of the steps (`sambench.engine.latency_steps`).
    """

    name: ClassVar[str] = "latency"
    target: ClassVar[type] = object
    mini_kind: ClassVar[str] = "bsds"
    embeds: ClassVar[bool] = False

    def questions(self) -> list[Question]:
        """Return the one question: single points."""
        mend = f"task.multimask={'false' if self.multimask else 'true'}"
        return [Question(points=1, multimask=self.multimask, mend=mend)]

    def predict(self, sample: Sample, predictor: Predictor) -> list[dict[str, Any]]:
        """Time every step on one image; returns a record a step, and one of the model."""
        model, load = predictor.model, OtherLoad()
        device = device_of(model)
        steps = steps_of(predictor, sample.image, self)
        records = [
            {"step": step, "number": number, "seconds": seconds}
            for step, number in steps
            for seconds in in_turn([steps], (step, number), partial(timed, device=device), self)
        ]
        counted = {step: multiply_adds(steps[step, 1], model.parts().get("encoder")) for step in ("encode", "decode")}
        figures = {
            "others": load.processors(),
            "threads": thread_count(),
            "peak_bytes": peak_bytes(device),
            "parameters": parameter_counts(model),
            "multiply_adds": {step: total for step, (total, _) in counted.items()},
            "attention_ratio": counted["encode"][1],
        }
        return [*records, {"step": "model", "number": 1, "seconds": [], **figures}]

    def score(self, sample: Sample, prediction: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Return the records as rows, one a step."""
        common = {
            "sample_id": sample.id,
            "image_sha256": sample.image_sha256,
            "pixels": sample.size[0] * sample.size[1],
        }
        return [{**common, **record} for record in prediction]

    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Pool the repeats of all images; intervals resample images."""
        return latency_metrics(rows, seed)
