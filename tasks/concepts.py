"""Text prompts: all objects that a noun phrase names, or none (promptable concept segmentation).

Paper:      Segment Anything (arXiv 2304.02643), section 7.5, shows masks from text and measures none; SAM 3
            (arXiv 2511.16719), section 4, appendices E.3 and E.4, defines the measure.
Data:       SA-Co Gold and Silver, LVIS and COCO as pairs of images and category names, one's own; their licences.
Protocol:   each phrase is asked alone; the masks of a score above .3 are kept, those of at least .5 count. One
            assignment a pair gives the largest sum of IoU; cgF1 = pmF1 x IL_MCC over ten IoU thresholds. Of several
            annotators the one that agrees best counts.
Open:       how many phrases are asked at once, how scores are rounded, what crowds and pairs without a prediction count
            for, epsilons: switches below, whose defaults are the official evaluator's.
Metrics:    cgF1, pmF1, IL_MCC, and what they are made of, as fractions; the same by the paper's formulas (`_exact`);
            how well presence is calibrated; with `sweep`, the headlines at other thresholds. Means over subsets.
Rules:      there is no suppression, no limit on detections and no range of areas; a mask without a pixel is a false
            positive; pairs that an annotator did not draw exhaustively are neither asked nor scored.
Deviations: none known; the intervals resample images with all their pairs, where the official evaluator has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Literal

from sambench.config.ranges import Range
from sambench.datasets.base import Dataset
from sambench.drawing.pictures.concepts import ConceptDrawing
from sambench.engine.predictor import Predictor
from sambench.engine.task import Task
from sambench.errors import DatasetError, UsageError
from sambench.masks.phrases import phrase_detections
from sambench.metrics.concepts.counts import PairCounts, count_pair
from sambench.metrics.concepts.references import published_columns
from sambench.metrics.concepts.resampling import ConceptResampling, concept_metrics
from sambench.metrics.concepts.rows import columns_of_pair, columns_of_sweep
from sambench.metrics.concepts.rules import ConceptRules
from sambench.models.base import A_PHRASE, Question
from sambench.predictions.concept_files import EmptyMasks
from sambench.predictions.concept_results import ConceptSaving
from sambench.predictions.concept_shapes import Shapes, shapes_of
from sambench.prompts.concepts import ConceptPair, ConceptPrediction, ConceptTruth, PhraseDetections
from sambench.types import Metric, Row, Sample


@dataclass(frozen=True)
class ConceptsTask(ConceptSaving, ConceptDrawing, ConceptResampling, Task):
    """Masks from phrases: cgF1, pmF1, IL_MCC.

    Attributes:
        iou_type: "segm" compares masks, "bbox" the model's boxes.
        keep_above: Detections of a score not above are not kept (official: .3).
        score_decimals: Scores are rounded to so many decimals before they count (official: 5); null leaves them.
        min_score: Detections of a lower score count for nothing (paper: .5).
        phrases_at_once: So many phrases of an image are asked at once (official: 1).
        epsilons: "official" adds 1e-4 and 1e-6 to denominators; "none" is the paper's formulas.
        crowd: "drop" takes crowds out of the truth (official); "ignore" forgives what lies in one, as COCO does.
        positive_macro: Pairs that positive_macro_F1 is the mean of: those "predicted" (official) or "all" (paper).
        empty_masks: Masks without a pixel of a score that counts, in files made elsewhere: "refuse", or "count" each as
            wrongly found (official). A model's own are counted.
        sweep: Further thresholds of the score at which the headlines are told; null for none.
        nan: What becomes of NaN among a model's scores or logits: "error" stops, "zero" takes the mask as empty, of
            score 0, and counts it.
    """

    name: ClassVar[str] = "concepts"
    target: ClassVar[type] = ConceptTruth
    mini_kind: ClassVar[str] = "concepts"

    iou_type: Literal["segm", "bbox"] = "segm"
    keep_above: Annotated[float, Range(-1, 1)] = 0.3
    score_decimals: Annotated[int, Range(0, 17)] | None = 5
    min_score: Annotated[float, Range(0, 1)] = 0.5
    phrases_at_once: Annotated[int, Range(1, 10000)] = 1
    epsilons: Literal["official", "none"] = "official"
    crowd: Literal["drop", "ignore"] = "drop"
    positive_macro: Literal["predicted", "all"] = "predicted"
    empty_masks: EmptyMasks = "refuse"
    sweep: Annotated[tuple[float, ...], Range(0, 1)] | None = None
    nan: Literal["error", "zero"] = "error"
    dataset: str = field(default="", metadata={"from_data": True})
    members: Mapping[str, str] = field(default_factory=dict, metadata={"from_data": True})

    def __post_init__(self) -> None:
        """Refuse to count what is not kept."""
        super().__post_init__()
        if (least := min((self.min_score, *(self.sweep or ())))) < self.keep_above:
            what = f"detections from {least:g} on are to count, but only those above {self.keep_above:g} are kept"
            raise UsageError(what, where="task.keep_above", mend=f"task.keep_above={max(0.0, least - 0.01):g}")

    @property
    def rules(self) -> ConceptRules:
        """What pairs are counted by."""
        return ConceptRules(self.min_score, self.epsilons, self.crowd, self.positive_macro)

    def for_dataset(self, dataset: Dataset) -> ConceptsTask:
        """Return the task with the data's name; of several subsets (`dataset_of(key)`), each sample's."""
        dataset_of = getattr(dataset, "dataset_of", None)
        members = {} if dataset_of is None else {key: dataset_of(key) for key in dataset.all_keys}
        return replace(self, dataset=dataset.card.name, members=members)

    def questions(self) -> list[Question]:
        """Return that phrases are asked."""
        return [A_PHRASE]

    def predict(self, sample: Sample, predictor: Predictor) -> ConceptPrediction:
        """Ask each phrase of one image."""
        pairs, embedding = sample.target.asked, predictor.embed(sample)
        answers = predictor.concepts(embedding, [pair.phrase for pair in pairs], self.phrases_at_once)
        detections = phrase_detections(answers, sample.size, self.keep_above, self.score_decimals)
        return ConceptPrediction({pair.id: one for pair, one in zip(pairs, detections, strict=True)})

    def score(self, sample: Sample, prediction: ConceptPrediction) -> list[Row]:
        """Count every pair against each of its annotators; one row a pair."""
        common = {"sample_id": sample.id, "image_sha256": sample.image_sha256, "dataset": self.dataset_of(sample.id)}
        return [{**common, **self._row(pair, prediction.to(pair), sample)} for pair in sample.target.asked]

    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Add up over pairs, subset by subset; intervals resample images."""
        if not rows:
            raise DatasetError("the data has no pair that counts", where=self.dataset, mend="choose other data")
        columns = published_columns({row["dataset"] for row in rows}, self.iou_type)
        return concept_metrics(rows, self.rules, self.sweep or (), columns, seed)

    def _row(self, pair: ConceptPair, detections: PhraseDetections, sample: Sample) -> Row:
        shapes = shapes_of(detections, pair, self.iou_type, sample.size)
        counts = columns_of_pair(self._counts(detections, shapes, self.rules), self.rules)
        swept = [self._counts(detections, shapes, replace(self.rules, min_score=least)) for least in self.sweep or ()]
        highest = float(detections.scores.max(initial=0.0))
        scores = {"confidence": highest if detections.presence is None else detections.presence, "score": highest}
        sweep = columns_of_sweep(swept, self.rules) if swept else {}
        return {"pair": str(pair.id), "phrase": pair.phrase, **scores, **counts, **sweep}

    def _counts(self, detections: PhraseDetections, shapes: Shapes, rules: ConceptRules) -> list[PairCounts]:
        """Count one pair against each annotator."""
        return [
            count_pair(shapes.detections, detections.scores, truth, crowd, rules) for truth, crowd in shapes.annotators
        ]

    def dataset_of(self, sample_id: str) -> str:
        """Return the name of the subset a sample is from."""
        return self.members.get(sample_id, self.dataset)
