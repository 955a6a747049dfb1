"""SAM 3's folders: the model of phrases, and beside it, in the video model's, the one of clicks on the same trunk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sambench.errors import ModelError
from sambench.files.atomic import files_sha256
from sambench.models.checkpoint_files import USE_OFFICIAL
from sambench.models.pretrained import pretrained, read_folder
from sambench.models.sam.checkpoint_folders import DOUBLED
from sambench.models.sam.checkpoints import Checkpoint
from sambench.models.text.phrases import PhraseTokens

EXPECTED = "a folder with the config.json, *.safetensors and tokenizer.json of Sam3Model or Sam3VideoModel"

TYPES = {"sam3": False, "sam3_video": True}
"""`model_type` in a folder's config.json -> whether it holds a model of clicks as well."""


@dataclass(frozen=True)
class Sam3Folder:
    """SAM 3 as a folder holds it.

    Attributes:
        model: `Sam3Model`, in float32 on the CPU, in eval mode.
        tracker: The checkpoint of `Sam3TrackerModel` whose trunk is the model's own, or None.
        tokens: Its tokenizer.
        provenance: Path, SHA-256, size and types, for `run.json`; the SHA-256 is that of configuration and weights.
    """

    model: Any
    tracker: Checkpoint | None
    tokens: PhraseTokens
    provenance: dict[str, Any]


def load_sam3(path: str | Path) -> Sam3Folder:
    """Load a folder of `Sam3Model` or `Sam3VideoModel`.

    Raises:
        ModelError: It holds neither, not all weights, or no tokenizer.
    """
    import transformers

    path = Path(path).expanduser()
    if not path.is_dir():
        what = "the checkpoint is no folder" if path.exists() else "the checkpoint does not exist"
        raise ModelError(what, where=path, mend=f"model.checkpoint=PATH, {EXPECTED}")
    folder = read_folder(path, TYPES, EXPECTED, f"SAM 3's tracker alone is model=sam3_tracker; {USE_OFFICIAL}")
    mend = f"download it again, or save the whole model; expected is {EXPECTED}"
    model = pretrained(transformers.Sam3Model, path, mend)
    text = model.config.text_config
    tokens = PhraseTokens(path, text.max_position_embeddings, text.vocab_size)
    provenance = {
        "checkpoint": str(path),
        "sha256": files_sha256(folder.files),
        "size_bytes": sum(file.stat().st_size for file in folder.files),
        "format": "transformers",
        "model_type": folder.model_type,
    }
    return Sam3Folder(
        model, _tracker(path, model, provenance, mend) if TYPES[folder.model_type] else None, tokens, provenance
    )


def _tracker(path: Path, model: Any, provenance: dict[str, Any], mend: str) -> Checkpoint:
    """Load the model of clicks and put it on the trunk of the model of phrases, which is the same in the folder."""
    import transformers

    tracker = pretrained(transformers.Sam3TrackerModel, path, mend, DOUBLED)
    tracker.vision_encoder.backbone = model.vision_encoder.backbone
    family = "sam3_tracker"
    return Checkpoint(str(path), provenance["sha256"], provenance["size_bytes"], "transformers", family, None, tracker)
