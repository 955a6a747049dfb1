"""The decoding half of an exported model, where points and corners of boxes are asked as labelled coordinates.

So ask segment_anything's decoder and its relatives (SAM-HQ, EdgeSAM, EfficientViT-SAM, SAM-Med2D) and the decoders of
SAM 2 by samexporter and ONNX-SAM2. They differ in who adds the point that stands for no box, in the order of corners
and points, and in whether one graph takes several prompts at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sambench.errors import ModelError
from sambench.models.base import Question, question_of
from sambench.models.onnx.answers import AnswerRules
from sambench.models.onnx.contracts import FEATURES, Contract, read_ports
from sambench.models.onnx.geometry import Geometry
from sambench.models.onnx.sessions import GraphSession, Port
from sambench.models.padding import chunks
from sambench.types import Embedding, MaskFrame, Masks, Prompts, Size

FEEDBACK_CLAMP = 32.0
"""SAM 2 takes its own answers back no larger than this."""


PROBE = 64
"""Side of the image that is asked about where a graph does not say how many masks it gives."""


@dataclass(frozen=True)
class Graph:
    """A decoder's session with what was recognised of it.

    Attributes:
        session: The session.
        contract: Its contract.
        roles: What each input is for.
        geometry: The frame of its coordinates.
    """

    session: GraphSession
    contract: Contract
    roles: Mapping[str, Port]
    geometry: Geometry


class Decoder(ABC):
    """From features and prompts to masks.

    Attributes:
        identity: Names everything but the features that changes an answer.
        contract: Whose features it reads, for the encoder.
        side: Of the square that its coordinates are in.
    """

    identity: str
    contract: Contract
    side: int

    @abstractmethod
    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer prompts, as `PromptableModel.decode` does."""

    @abstractmethod
    def refuses(self, question: Question) -> str | None:
        """Say why a question has no answer, or None."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return what `run.json` says of it, notes included."""


class OnnxDecoder(Decoder):
    """What all decoding graphs share: groups of prompts of one length, chunks, outputs, and the choice of masks.

    Args:
        graph: The graph.
        rules: Which of its masks are answered.
        batch: Prompts at once where the graph takes several.
    """

    def __init__(self, graph: Graph, rules: AnswerRules, batch: int) -> None:
        self.graph, self.rules = graph, rules
        self.contract, self.side = graph.contract, int(getattr(graph.geometry, "size", 0))
        self.masks, self.scores, self.is_low = read_ports(graph.session, graph.roles, graph.contract)
        self.batch = 1 if self._one_by_one() else batch
        parts = (graph.session.file.sha256, graph.contract, graph.geometry.describe(), graph.session.provider)
        self.identity = " ".join(parts)

    @abstractmethod
    def _one_by_one(self) -> bool:
        """Tell whether the graph takes one prompt at a time."""

    @abstractmethod
    def _prompts(self, prompts: Prompts, size: Size) -> dict[str, np.ndarray]:
        """Return the graph's inputs for (B) prompts of one number of points, by role."""

    def count_masks(self) -> int | None:
        """Return how many masks a prompt gets: as the outputs declare, or by asking once about features of zeros."""
        ports = self.graph.session.outputs
        declared = ports[self.masks].shape[-3] if ports[self.masks].rank >= 4 else None
        if declared is not None or "pixels" in self.graph.roles:
            return declared
        shapes = {role: self.graph.roles[role].shape[1:] for role in FEATURES if role in self.graph.roles}
        if any(None in shape for shape in shapes.values()):
            return None
        zeros = {role: torch.zeros([side or 1 for side in shape]) for role, shape in shapes.items()}
        embedding = Embedding(zeros, (self.side or PROBE, self.side or PROBE))
        point = Prompts(torch.ones(1, 1, 2), torch.ones(1, 1, dtype=torch.int64))
        prompts = self._prompts(point, embedding.original_size)
        return int(self._run({**self._shared(embedding), **prompts})[0].shape[1])

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer prompts; see `PromptableModel.decode`.

        Raises:
            ModelError: The graph has no answer to such prompts.
        """
        size = embedding.original_size
        shared = self._shared(embedding)
        order, logits, scores = [], [], []
        for some, part in chunks(prompts, self.batch):
            self._check(part, multimask)
            made = self._run({**shared, **self._prompts(part, size)})
            answer = self.rules.choose(*made, multimask)
            order.append(some)
            logits.append(answer[0])
            scores.append(answer[1])
        rows = torch.cat(order).argsort()
        frame = self.graph.geometry.frame(size) if self.is_low else MaskFrame(size)
        return Masks(torch.cat(logits)[rows], torch.cat(scores)[rows], frame)

    def refuses(self, question: Question) -> str | None:
        """Say why a question has no answer, or None."""
        if question.mask and not ("mask" in self.graph.roles and self.is_low):
            return f"the decoder ({self.contract}) takes no mask prompts"
        if not question.points and not question.box:
            return f"the decoder ({self.contract}) takes no prompts without point and box"
        return self.rules.refuses(question)

    def describe(self) -> dict[str, Any]:
        """Return what `run.json` says of it."""
        notes = [] if self.is_low else ["the export gives masks at the image's size, which are scored as they come"]
        return {
            **self.graph.session.describe(),
            "contract": self.contract,
            "frame": self.graph.geometry.describe(),
            "masks": self.rules.masks,
            "prompts_at_once": self.batch,
            "notes": [*self.rules.notes, *notes],
        }

    def _check(self, prompts: Prompts, multimask: bool) -> None:
        question = question_of(prompts, multimask)
        if (why := self.refuses(question)) is not None:
            what = f"the export has no answer to {question}: {why}"
            raise ModelError(what, where=self.graph.session.file.path, mend="ask other prompts, or export it anew")

    def _shared(self, embedding: Embedding) -> dict[str, np.ndarray]:
        """Return what all prompts of an image share, by role."""
        shared = {}
        for role in (*FEATURES, "pixels"):
            port = self.graph.roles.get(role)
            if port is None:
                continue
            if role not in embedding.tensors:
                held = ", ".join(f"{name} {tuple(part.shape)}" for name, part in embedding.tensors.items())
                what = f"the decoder reads {port}, which the encoder does not give; it gives {held}"
                mend = "give the encoder and decoder of one model"
                raise ModelError(what, where=self.graph.session.file.path, mend=mend)
            array = embedding.tensors[role].float().cpu().numpy()[None]
            if role == "interm_embeddings" and port.shape[:1] == (4,):
                array = np.repeat(array, 4, axis=0)  # the decoder reads the first of its four
            shared[role] = array
        if "size" in self.graph.roles:
            shared["size"] = np.array(embedding.original_size)
        return shared

    def _run(self, by_role: Mapping[str, np.ndarray]) -> tuple[Tensor, Tensor]:
        """Return (B, M, h, w) logits and (B, M) scores."""
        roles = self.graph.roles
        feeds = {roles[role].name: array for role, array in by_role.items() if role in roles}
        made = self.graph.session.run(feeds, [self.masks, self.scores])
        logits, scores = (torch.from_numpy(np.array(made[name], np.float32)) for name in (self.masks, self.scores))
        return logits.flatten(0, logits.ndim - 4), scores.flatten(0, scores.ndim - 2)


class PointDecoder(OnnxDecoder):
    """Points and corners as labelled coordinates: 0 and 1 points, 2 and 3 a box's corners, -1 none."""

    def _one_by_one(self) -> bool:
        several = ("points", "labels", "mask")
        return any(self.graph.roles[role].shape[:1] == (1,) for role in several if role in self.graph.roles)

    def _prompts(self, prompts: Prompts, size: Size) -> dict[str, np.ndarray]:
        xy, labels = coordinates(prompts, self.graph.geometry, size, self.contract == "sam2")
        # SAM has no such point beside a box; SAM 2's graphs add theirs inside.
        if prompts.boxes_xyxy is None and self.contract != "sam2":
            xy = np.concatenate([xy, np.zeros((len(xy), 1, 2))], 1)
            labels = np.concatenate([labels, np.full((len(xy), 1), -1.0)], 1)
        return {"points": xy, "labels": labels, **self._mask(prompts)}

    def _mask(self, prompts: Prompts) -> dict[str, np.ndarray]:
        """Return the inputs of an earlier answer, zeros where there is none."""
        port = self.graph.roles.get("mask")
        if port is None:
            return {}
        if prompts.mask_logits is None:
            grid = self.graph.roles["image_embedding"].shape[-1] or self.side // 16
            side = port.shape[-1] or 4 * grid
            number = len(prompts) if port.shape[0] is None else port.shape[0]
            return {"mask": np.zeros((number, 1, side, side)), "has_mask": np.zeros(1)}
        masks = prompts.mask_logits.float().cpu()
        if self.contract == "sam2":
            masks = masks.clamp(-FEEDBACK_CLAMP, FEEDBACK_CLAMP)
        return {"mask": masks[:, None].numpy(), "has_mask": np.ones(1)}


def coordinates(prompts: Prompts, geometry: Geometry, size: Size, corners_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return (B, N, 2) points and corners in the model's frame and their (B, N) labels, corners 2 and 3."""
    xy: list[Tensor] = []
    labels: list[Tensor] = []
    if prompts.points_xy is not None and prompts.labels is not None:
        xy.append(geometry.to_model(prompts.points_xy.cpu(), size))
        labels.append(prompts.labels.cpu().float())
    if prompts.boxes_xyxy is not None:
        xy.append(geometry.to_model(prompts.boxes_xyxy.cpu().unflatten(-1, (2, 2)), size))
        labels.append(torch.tensor([2.0, 3.0]).expand(len(prompts), 2))
    if corners_first:
        xy, labels = xy[::-1], labels[::-1]
    return torch.cat(xy, 1).numpy(), torch.cat(labels, 1).numpy()
