"""The two necks of SAM 3 on an embedding, the trunk's output: the levels for phrases, and those for clicks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers.models.sam3.modeling_sam3 import Sam3VisionEncoderOutput

from sambench.masks.transfers import to_device
from sambench.models.sam.model import TransformersSam
from sambench.types import Embedding


@dataclass
class _AtHand:
    """What was computed of the embedding that was asked last."""

    embedding: Embedding
    phrases: Sam3VisionEncoderOutput | None = None
    clicks: Embedding | None = None


class Necks:
    """Runs a neck on an embedding; what was made of the embedding that was asked last is kept.

    Args:
        encoder: Of the model of phrases; the model of clicks has a neck of its own.
        grid: (h, w) of the trunk's output.
        device: Where it runs.
        dtype: Of the necks.
        decode_dtype: Of what reads the levels for phrases.
    """

    def __init__(
        self, encoder: Any, grid: Sequence[int], device: torch.device, dtype: torch.dtype, decode_dtype: torch.dtype
    ) -> None:
        self.encoder, self.grid, self.device, self.dtype, self.decode_dtype = encoder, grid, device, dtype, decode_dtype
        self._at_hand: _AtHand | None = None

    def _asked(self, embedding: Embedding) -> _AtHand:
        """Return what is known of an embedding; that of the last one is kept."""
        if self._at_hand is None or self._at_hand.embedding is not embedding:
            self._at_hand = _AtHand(embedding)
        return self._at_hand

    def _levels(self, neck: Any, embedding: Embedding) -> list[Tensor]:
        """Return what a neck makes of the trunk's output; its last level, which nothing reads, is left out."""
        trunk = to_device(embedding.tensors["trunk"], self.device, self.dtype)
        spatial = trunk[None].unflatten(1, self.grid).permute(0, 3, 1, 2)
        return [layer(spatial) for layer in neck.fpn_layers[:-1]]

    def for_phrases(self, embedding: Embedding) -> Sam3VisionEncoderOutput:
        """Return the levels that `Sam3Model` reads, without the coarsest."""
        known = self._asked(embedding)
        if known.phrases is None:
            neck = self.encoder.neck
            levels = [level.to(self.decode_dtype) for level in self._levels(neck, embedding)]
            encoding = neck.position_encoding(levels[-1].shape, self.device, self.decode_dtype)
            known.phrases = Sam3VisionEncoderOutput(fpn_hidden_states=tuple(levels), fpn_position_encoding=(encoding,))
        return known.phrases

    def for_clicks(self, clicks: TransformersSam, embedding: Embedding) -> Embedding:
        """Return the embedding that the model of clicks reads, made by its own neck."""
        known = self._asked(embedding)
        if known.clicks is None:
            levels = self._levels(clicks.encoder.neck, embedding)
            tensors = clicks.features(Sam3VisionEncoderOutput(fpn_hidden_states=tuple(levels)))
            features = {name: part[0].to(self.dtype).contiguous() for name, part in tensors.items()}
            known.clicks = Embedding(features, embedding.original_size)
        return known.clicks


def repeated(output: Sam3VisionEncoderOutput, times: int) -> Sam3VisionEncoderOutput:
    """Return an image's levels once a phrase, followed by the coarsest, which `Sam3Model` leaves out."""
    levels, positions = (
        [part.expand(times, -1, -1, -1) for part in parts]
        for parts in (output.fpn_hidden_states, output.fpn_position_encoding)
    )
    return Sam3VisionEncoderOutput(
        fpn_hidden_states=(*levels, levels[-1]), fpn_position_encoding=(*positions, positions[-1])
    )
