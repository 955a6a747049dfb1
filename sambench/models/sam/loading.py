"""A model of the SAM family from a local folder or file, by the words of `configs/model`."""

from __future__ import annotations

from typing import Annotated

from sambench.config.ranges import Range
from sambench.errors import ModelError, UsageError
from sambench.models.devices import torch_device, torch_dtype
from sambench.models.quantise import Quantisation
from sambench.models.sam.checkpoint_folders import FAMILIES
from sambench.models.sam.checkpoints import load_checkpoint
from sambench.models.sam.model import TransformersSam
from sambench.models.sam.token_rules import TokenRules


def load(
    checkpoint: str | None,
    family: str | None = None,
    variant: str | None = None,
    device: str = "auto",
    dtype: str = "fp32",
    decode_dtype: str = "fp32",
    compile: bool = False,
    channels_last: bool = False,
    encode_batch_size: int = 1,
    decode_batch_size: int | None = None,
    dynamic_multimask: bool = True,
    hq_token_only: bool = False,
    base: str | None = None,
    prefix: str | None = None,
    lora_alpha: Annotated[float, Range(0, 1e6, above=True)] | None = None,
    quantize: Quantisation | None = None,
) -> TransformersSam:
    """Load a model of the SAM family; nothing is downloaded.

    Args:
        checkpoint: Local folder in `transformers`' format, or the authors' original file.
        family: "sam", "sam_hq", "sam2", "sam3_tracker" or "edgetam"; anything else in the file is refused. None takes
            what the file holds.
        variant: The size that must be in the file, such as "vit_h", "2.1_hiera_large"; None takes any.
        device: "auto" (cuda, then mps, then cpu), "cpu", "cuda", "cuda:1", "mps".
        dtype: "fp32", "bf16" or "fp16" for the image encoder and the embeddings it gives.
        decode_dtype: The same for the mask decoder; low precision moves masks, so the default is fp32.
        compile: Compile the image encoder with torch.compile.
        channels_last: Lay the image encoder's convolutions out channels last.
        encode_batch_size: Images at once in `encode`.
        decode_batch_size: Prompts at once in `decode`; None is 4 on a CPU, whose caches hold no more, and 64 elsewhere.
        dynamic_multimask: SAM 2 and later, single answers: fall back to the best of three where the single mask is not
            stable, as `build_sam2` does by default.
        hq_token_only: SAM-HQ: answer the high-quality token's mask alone, not its sum with SAM's.
        base: A whole model that the checkpoint is a part of: a decoder alone, an adapter of PEFT.
        prefix: Which of several models in the checkpoint is meant, as "student."; one is found by itself.
        lora_alpha: `lora_alpha` of LoRA that stands beside the weights, which no tensor tells.
        quantize: Fewer bits for the image encoder (`quantise_encoder`).

    Raises:
        ModelError: The checkpoint cannot be loaded or is not what was asked for.
        UsageError: A wrong device, dtype or family.
    """
    if checkpoint is None:
        raise ModelError(
            "no checkpoint is given", where="model.checkpoint", mend="model.checkpoint=PATH; see docs/models.md"
        )
    if family is not None and family not in FAMILIES:
        raise UsageError(f"unknown family {family!r}", where="model.family", mend=f"one of {', '.join(FAMILIES)}")
    target = torch_device(device)
    dtypes = torch_dtype(dtype, "model.dtype"), torch_dtype(decode_dtype, "model.decode_dtype")
    loaded = load_checkpoint(checkpoint, base, prefix, lora_alpha)
    loaded.check(family, variant)
    return TransformersSam(
        loaded,
        device=target,
        dtype=dtypes[0],
        decode_dtype=dtypes[1],
        compile=compile,
        channels_last=channels_last,
        encode_batch_size=encode_batch_size,
        decode_batch_size=decode_batch_size,
        rules=TokenRules(dynamic_multimask=dynamic_multimask, hq_token_only=hq_token_only),
        quantize=quantize,
    )
