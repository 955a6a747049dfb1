"""MedSAM: SAM's ViT-B with a preprocessing and a mask of its own, prompted by boxes alone.

Source: MedSAM_Inference.py of bowang-lab/MedSAM. On SAM's own preprocessing the same weights are another model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from skimage.transform import resize
from torch import Tensor

from sambench.errors import ModelError
from sambench.models.base import Question, question_of
from sambench.models.devices import torch_device, torch_dtype
from sambench.models.sam.checkpoints import load_checkpoint
from sambench.models.sam.model import TransformersSam
from sambench.models.sam.preprocess import Preprocessing, Square, checked_size
from sambench.types import Embedding, Masks, Prompts


@dataclass(frozen=True)
class MinMaxSquare(Square):
    """MedSAM's preprocessing: the whole image to a square in 8 bits, then its own range of values to 0 to 1.

    The resampling is scikit-image's cubic one, antialiased, cut off to whole numbers. The range is one for all
    channels; mean and standard deviation play no part.
    """

    def describe(self) -> str:
        """Return what the pixels depend on, for the fingerprint and for `run.json`."""
        return f"square {self.size}, scikit-image cubic antialiased uint8, the image's range to 0..1"

    def pixels(self, image: np.ndarray) -> Tensor:
        """Return the (3, size, size) float32 model input of an (H, W, 3) uint8 RGB image."""
        checked_size(image)
        side = (self.size, self.size)
        square = resize(image, side, order=3, preserve_range=True, anti_aliasing=True).astype(np.uint8)
        low, high = float(square.min()), float(square.max())
        pixels = (square.astype(np.float64) - low) / max(high - low, 1e-8)
        return torch.from_numpy(pixels).float().permute(2, 0, 1).contiguous()


class MedSam(TransformersSam):
    """SAM's network asked as MedSAM's authors ask it.

    A mask is where the probability resized to the image exceeds one half, so that the answer's logits are the
    probability less one half; what goes back in as a mask prompt would be the network's own logits.
    """

    libraries = ("numpy", "transformers", "scikit-image")

    def _preprocessing(self) -> Preprocessing:
        return MinMaxSquare(super()._preprocessing().size)

    def refuses(self, question: Question) -> str | None:
        """Say what MedSAM was not trained for: anything but a box, and several masks."""
        if question.points or question.mask or not question.box:
            return "MedSAM takes boxes alone"
        return "MedSAM answers a single mask" if question.multimask else None

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer boxes with a single mask each; see `PromptableModel.decode`.

        Raises:
            ValueError: Another prompt, or several masks asked.
        """
        if (why := self.refuses(question_of(prompts, multimask))) is not None:
            raise ValueError(why)
        masks = super().decode(embedding, prompts, multimask)
        return replace(masks, logits=masks.logits.sigmoid() - 0.5, feedback=masks.logits)


def load(
    checkpoint: str | None,
    device: str = "auto",
    dtype: str = "fp32",
    decode_dtype: str = "fp32",
    encode_batch_size: int = 1,
    decode_batch_size: int | None = None,
) -> MedSam:
    """Load MedSAM; nothing is downloaded.

    Args:
        checkpoint: The authors' file, or SAM's weights trained as they did.
        device: "auto" (cuda, then mps, then cpu), "cpu", "cuda", "cuda:1", "mps".
        dtype: "fp32", "bf16" or "fp16" for the image encoder and the embeddings it gives.
        decode_dtype: The same for the mask decoder.
        encode_batch_size: Images at once in `encode`.
        decode_batch_size: Prompts at once in `decode`; None is 4 on a CPU and 64 elsewhere.

    Raises:
        ModelError: The checkpoint cannot be loaded or is no SAM.
        UsageError: A wrong device or dtype.
    """
    if checkpoint is None:
        raise ModelError("no checkpoint is given", where="model.checkpoint", mend="model.checkpoint=PATH")
    loaded = load_checkpoint(checkpoint)
    loaded.check("sam", None)
    model = MedSam(
        loaded,
        device=torch_device(device),
        dtype=torch_dtype(dtype, "model.dtype"),
        decode_dtype=torch_dtype(decode_dtype, "model.decode_dtype"),
        encode_batch_size=encode_batch_size,
        decode_batch_size=decode_batch_size,
    )
    model.name = "medsam"
    return model
