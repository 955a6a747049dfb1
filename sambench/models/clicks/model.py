"""Click models: image, clicks and the earlier mask go through the whole network, so that there is nothing to encode.

They are asked through their authors' own predictor (RITM's `BasePredictor`, which SimpleClick and FocalClick ship),
with its zoom and its flip: one click after the other, since what it crops depends on what it answered before.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch

from sambench.errors import ModelError
from sambench.models.base import PromptableModel, Question
from sambench.models.official.held import HeldModules
from sambench.models.official.weights import code_sha256, weights_sha256
from sambench.types import Embedding, MaskFrame, Masks, Prompts

NO_QUALITY = "click models give no estimate of their mask's quality; predicted IoU is 1 for all"

_LEAST = 1e-6
"""Probabilities are kept this far from 0 and 1, so that their logits are numbers."""

Clicks = tuple[tuple[float, float, bool], ...]
"""(x, y, is positive) in image pixels, in the order of the clicks."""


class ClickPredictor(Protocol):
    """What RITM's predictors are: one image and one object at a time."""

    def set_input_image(self, image: np.ndarray) -> object:
        """Begin an object on an (H, W, 3) uint8 RGB image."""

    def get_prediction(self, clicker: Any) -> np.ndarray:
        """Return the (H, W) probability map after all clicks of `clicker.get_clicks()`."""

    def get_states(self) -> dict[str, Any]:
        """Return what it remembers of the object."""

    def set_states(self, states: dict[str, Any]) -> None:
        """Put back what it remembered."""


class OneClick:
    """A click as RITM's transforms read and copy it: (row, column) and its place in the order of all clicks."""

    def __init__(self, is_positive: bool, coords: tuple[float, float], indx: int) -> None:
        self.is_positive, self.coords, self.indx = is_positive, coords, indx

    @property
    def coords_and_indx(self) -> tuple[float, float, int]:
        """(row, column, order)."""
        return (*self.coords, self.indx)

    def copy(self, **changes: Any) -> OneClick:
        """Return the click with other values."""
        other = copy.copy(self)
        vars(other).update(changes)
        return other


class ClickList:
    """The clicks of one object, as a predictor asks for them."""

    click_indx_offset = 0

    def __init__(self, clicks: Clicks) -> None:
        self._clicks = [OneClick(good, (int(y), int(x)), index) for index, (x, y, good) in enumerate(clicks)]

    def get_clicks(self, clicks_limit: int | None = None) -> list[OneClick]:
        """Return the first clicks, all by default."""
        return self._clicks[:clicks_limit]

    def __len__(self) -> int:
        return len(self._clicks)


class ClickModel(PromptableModel):
    """A click predictor behind the suite's interface; it answers one mask, at the image's size.

    An embedding is the image. After each click the predictor's own state is kept for the object's next one, so that a
    prompt of N points is their N-th answer, as in the authors' evaluation; the mask that a task hands back is the one
    that state holds.

    Args:
        predictor: The authors' predictor.
        name: For tables.
        provenance: What `run.json` says besides.
        factory: Names the code that made the predictor.
    """

    cacheable = False
    libraries = ("numpy", "torchvision")

    def __init__(
        self, predictor: ClickPredictor, name: str, provenance: dict[str, object] | None = None, factory: str = ""
    ) -> None:
        lacks = [method for method in ("set_input_image", "get_prediction") if not hasattr(predictor, method)]
        if lacks:
            what = f"{type(predictor).__name__} has no {' and no '.join(lacks)}"
            raise ModelError(what, where=factory or name, mend="return a predictor as of isegm.inference.predictors")
        self.predictor, self.name = predictor, name
        held = HeldModules(predictor)
        weights, code = weights_sha256(predictor, held), code_sha256(predictor, factory, held)
        kind = f"{type(predictor).__module__}.{type(predictor).__qualname__}"
        described: dict[str, object] = {"class": kind, "weights_sha256": weights, "code_sha256": code}
        what = json.dumps([described, provenance, torch.__version__], default=str)
        self.fingerprint = hashlib.sha256(what.encode()).hexdigest()
        self.provenance = {**described, **(provenance or {}), "torch": torch.__version__, "notes": [NO_QUALITY]}
        self._states: dict[Clicks, tuple[dict[str, Any], np.ndarray]] = {}
        self._image: Embedding | None = None

    def refuses(self, question: Question) -> str | None:
        """Say what click models have no place for: boxes, several masks, later clicks without the earlier mask."""
        if question.box:
            return "a click model takes no box"
        if question.multimask:
            return "a click model answers a single mask"
        if question.points > 1 and not question.mask:
            return "a click model always sees its earlier mask (task.mask_feedback=true)"
        return None

    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Keep (H, W, 3) uint8 RGB images as they are; see `PromptableModel.encode`."""
        pixels = [torch.from_numpy(np.array(image)) for image in images]
        return [Embedding({"image": one}, (one.shape[0], one.shape[1])) for one in pixels]

    @torch.no_grad()
    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer each prompt with the predictor's mask after its last point; see `PromptableModel.decode`.

        Raises:
            ModelError: A prompt has no points.
        """
        if prompts.points_xy is None or prompts.labels is None:
            raise ModelError("a click model was asked without a click", where=self.name, mend="choose task=points")
        if self._image is not embedding:
            self._image, self._states = embedding, {}
        maps = []
        for xy, labels in zip(prompts.points_xy.tolist(), prompts.labels.tolist(), strict=True):
            clicks = tuple((x, y, label == 1) for (x, y), label in zip(xy, labels, strict=True) if label != -1)
            maps.append(torch.from_numpy(np.asarray(self._after(embedding, clicks), np.float32)))
        logits = torch.stack(maps)[:, None].clamp(_LEAST, 1 - _LEAST).logit()
        return Masks(logits, torch.ones(len(maps), 1), MaskFrame(embedding.original_size))

    def _after(self, embedding: Embedding, clicks: Clicks) -> np.ndarray:
        """Return the (H, W) probabilities after clicks; those before the last are not asked again."""
        if clicks in self._states:
            return self._states[clicks][1]
        before = clicks[:-1]
        if before:
            self._after(embedding, before)
        self.predictor.set_input_image(embedding.tensors["image"].cpu().numpy())
        if before:
            self.predictor.set_states(self._states.pop(before)[0])
        probabilities = self.predictor.get_prediction(ClickList(clicks))
        self._states[clicks] = copy.deepcopy(self.predictor.get_states()), probabilities
        return probabilities
