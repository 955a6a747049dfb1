"""Folders of `transformers` models that read texts: model, preparation of images, tokenizer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sambench.errors import ModelError
from sambench.files.atomic import files_sha256
from sambench.models.checkpoint_files import USE_OFFICIAL, first_line
from sambench.models.pretrained import pretrained, read_folder
from sambench.models.text.phrases import PhraseTokens, TokenizerKind


@dataclass(frozen=True)
class Expected:
    """What a folder has to hold.

    Attributes:
        model_type: In its config.json.
        model: The model's class in `transformers`.
        images: The class that prepares images, on Pillow, whose pixels are the same with torchvision and without.
        tokenizer: Whose tokens it reads.
    """

    model_type: str
    model: str
    images: str
    tokenizer: TokenizerKind = "clip"

    def __str__(self) -> str:
        return f"a folder of {self.model} with preprocessor_config.json and tokenizer.json"


@dataclass(frozen=True)
class TextFolder:
    """A model as a folder holds it.

    Attributes:
        model: In float32 on the CPU, in eval mode.
        images: What prepares images.
        path: The folder.
        provenance: Path, SHA-256, size, class and preprocessing, for `run.json`; the SHA-256 is that of
            configuration and weights.
    """

    model: Any
    images: Any
    path: Path
    provenance: dict[str, Any]

    def pixels(self, image: np.ndarray) -> Tensor:
        """Return the (3, h, w) float32 model input of an (H, W, 3) uint8 RGB image."""
        values: Tensor = self.images(images=image, return_tensors="pt", input_data_format="channels_last")[
            "pixel_values"
        ]
        return values[0]


def load_folder(path: str | None, expected: Expected) -> TextFolder:
    """Load a folder; nothing is downloaded.

    Raises:
        ModelError: It holds another model, not all weights, or does not say how images are prepared.
    """
    import transformers

    if path is None:
        mend = f"model.checkpoint=PATH, {expected}"
        raise ModelError("no checkpoint is given", where="model.checkpoint", mend=mend)
    folder = Path(path).expanduser()
    if not folder.is_dir():
        what = "the checkpoint is no folder" if folder.exists() else "the checkpoint does not exist"
        raise ModelError(what, where=folder, mend=f"model.checkpoint=PATH, {expected}")
    content = read_folder(folder, {expected.model_type: None}, str(expected), USE_OFFICIAL)
    mend = f"download it again, or save the whole model; expected is {expected}"
    model = pretrained(getattr(transformers, expected.model), folder, mend)
    try:
        images = getattr(transformers, expected.images).from_pretrained(folder, local_files_only=True)
    except Exception as error:  # what is missing or damaged fails anywhere in the readers
        what = f"the folder does not say how images are prepared: {first_line(error)}"
        mend = "copy preprocessor_config.json from where the checkpoint is from into the folder"
        raise ModelError(what, where=folder, mend=mend) from error
    prepared = json.dumps(images.to_dict(), sort_keys=True, default=str)
    provenance = {
        "checkpoint": str(folder),
        "sha256": files_sha256(content.files),
        "size_bytes": sum(file.stat().st_size for file in content.files),
        "format": "transformers",
        "class": expected.model,
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "preprocessing": f"{expected.images} {hashlib.sha256(prepared.encode()).hexdigest()[:16]}",
    }
    return TextFolder(model, images, folder, provenance)


def tokens_of(folder: TextFolder, expected: Expected, length: int, template: str = "{}") -> PhraseTokens:
    """Return the folder's tokenizer; see `PhraseTokens`."""
    vocabulary = folder.model.config.text_config.vocab_size
    return PhraseTokens(folder.path, length, vocabulary, expected.tokenizer, template)
