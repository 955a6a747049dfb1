"""What the official evaluator of promptable concept segmentation does, as switches (SAM 3, arXiv 2511.16719, E.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""(10,) float64; .50 to .95 by .05. The ninth is .8999999999999999, as in the official evaluator."""


@dataclass(frozen=True)
class ConceptRules:
    """How pairs of an image and a phrase are counted; the defaults are the official evaluator's.

    Attributes:
        min_score: Predictions of a lower score count for nothing; .5, at least, as there and in the paper.
        epsilons: "official" adds 1e-4 to denominators of precision, recall and F1 and 1e-6 to those of the image level,
            so that perfect predictions for two pairs score .99985; "none" is the paper's formulas, which have none.
        crowd: "drop" takes crowds out of the truth, so that what is found on one is a false positive, and a pair with
            nothing but crowds is a negative one; "ignore" forgives, as COCO does, predictions that lie in a crowd by
            the threshold, and takes a crowd for a sign that the concept is there.
        positive_macro: Positive pairs that the positive macro F1 is the mean of: those "predicted", with at least one
            prediction, as the code does; or "all", as the paper's words have it, those without one being 0.
    """

    min_score: float = 0.5
    epsilons: Literal["official", "none"] = "official"
    crowd: Literal["drop", "ignore"] = "drop"
    positive_macro: Literal["predicted", "all"] = "predicted"
