"""A SAM-family module of `transformers` that is in memory: what is found in it, and how it is scored where it is.

Its image encoder runs as it is. Its decoder's weights go through this package's decoder, as a checkpoint's do, over a
copy of its structure that shares the tensors. Where a part of the decoder is no plain layer (a LoRA that is not merged,
a quantised weight, a hook), reading the weights would miss what the part does; the module's own decoder answers then.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from sambench.errors import ModelError, UsageError, listing
from sambench.models.official.held import HeldModules
from sambench.models.official.weights import weights_sha256
from sambench.models.sam.checkpoint_folders import FAMILIES, FOLDER_TYPES, folder_variant
from sambench.models.sam.checkpoints import Checkpoint
from sambench.models.sam.decoder import DecoderImage
from sambench.models.sam.model import TransformersSam
from sambench.models.sam.token_rules import TokenRules
from sambench.types import Embedding, Prompts

MERGE = "merge it first (model.merge_and_unload() for PEFT), or remove the hooks"

OWN_DECODER = "the module's own decoder answers, as parts of it are no plain layers"


def sam_module(given: nn.Module) -> tuple[nn.Module, str] | None:
    """Return the one SAM-family module that is or lies in a module, with its family; None where there is none.

    A wrapper (DistributedDataParallel, torch.compile, PEFT, a LightningModule) is looked into.

    Raises:
        UsageError: There are several.
    """
    kinds = {family: getattr(transformers, names[0]) for family, names in FAMILIES.items()}
    sam_modules: list[tuple[nn.Module, str]] = []
    for module in given.modules():
        inside = any(module is inner for outer, _ in sam_modules for inner in outer.modules())
        family = None if inside else next((f for f, kind in kinds.items() if isinstance(module, kind)), None)
        if family is not None:
            sam_modules.append((module, family))
    if len(sam_modules) > 1:
        what = f"the module holds {len(sam_modules)} models of the SAM family ({listing([f for _, f in sam_modules])})"
        raise UsageError(what, where=type(given).__name__, mend="give the one that is meant, as in wrapper.student")
    return sam_modules[0] if sam_modules else None


def memory_checkpoint(module: Any, family: str) -> Checkpoint:
    """Describe a module as a checkpoint whose bytes are its tensors'.

    Raises:
        ModelError: Its tensors are not all here (sharded, or on the meta device).
    """
    away = [name for name, tensor in module.named_parameters() if not _is_whole(tensor)]
    if away:
        what = f"{len(away)} of the module's tensors are not whole in this process: {listing(away, 3)}"
        mend = "gather them first (FSDP: summon_full_params; DeepSpeed: GatheredParameters)"
        raise ModelError(what, where=type(module).__name__, mend=mend)
    sha256 = weights_sha256(module, HeldModules(module)) or ""
    size = sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values() if _is_tensor(tensor))
    kind = FOLDER_TYPES.get(module.config.model_type, family)
    return Checkpoint("in memory", sha256, size, "memory", family, folder_variant(kind, module.config), module)


class MemorySam(TransformersSam):
    """A SAM-family module where it is: device and dtype are its own, and nothing of it is changed.

    Args:
        checkpoint: From `memory_checkpoint`.
        rules: Which of the decoder's masks are answered.
        decode_batch_size: Prompts at once, None for the device's default.

    Raises:
        ModelError: A SAM-HQ decoder with parts that are no plain layers, as `transformers`' own departs from the
            authors'.
    """

    def __init__(self, checkpoint: Checkpoint, rules: TokenRules, decode_batch_size: int | None = None) -> None:
        module = checkpoint.model
        self.own = module
        self.strange = [*strange_parts(module.mask_decoder), *strange_parts(module.prompt_encoder)]
        if self.strange and checkpoint.family == "sam_hq":
            what = f"parts of the SAM-HQ decoder are no plain layers: {listing(self.strange, 3)}"
            raise ModelError(what, where=type(module).__name__, mend=MERGE)
        with torch.no_grad():
            super().__init__(
                checkpoint,
                device=next(module.parameters()).device,
                dtype=next(module.vision_encoder.parameters()).dtype,
                decode_dtype=next(module.mask_decoder.parameters()).dtype,
                decode_batch_size=decode_batch_size,
                rules=rules,
            )
        if self.strange:
            self.provenance["notes"] = [f"{OWN_DECODER}: {listing(self.strange, 3)}"]

    def _placed(self, model: Any, compile: bool, channels_last: bool) -> tuple[Any, Any]:
        """Return a module beside the given one that shares its tensors, and the given encoder."""
        return beside(model), model.vision_encoder

    def _decode_chunk(
        self, image: DecoderImage, embedding: Embedding, prompts: Prompts, multimask: bool
    ) -> tuple[Tensor, Tensor]:
        if not self.strange:
            return super()._decode_chunk(image, embedding, prompts, multimask)
        points, boxes, masks = self._model_prompts(prompts, embedding.original_size)
        names = ["image_embedding"] if self.family == "sam" else ["high_res_0", "high_res_1", "image_embedding"]
        held = [embedding.tensors[name].to(self.device, self.decode_dtype)[None] for name in names]
        batch = len(prompts) if masks is not None else 1  # a mask belongs to an image there: one image a prompt
        held = [part.expand(batch, -1, -1, -1) for part in held]
        answer = self.own(
            image_embeddings=held[0] if self.family == "sam" else held,
            input_points=None if points is None else points[0].unflatten(0, (batch, -1)),
            input_labels=None if points is None else points[1].unflatten(0, (batch, -1)),
            input_boxes=None if boxes is None else boxes.unflatten(0, (batch, -1)),
            input_masks=None if masks is None else masks[:, None],
            multimask_output=multimask,
        )
        return answer.pred_masks.flatten(0, 1), answer.iou_scores.flatten(0, 1)


def beside(module: Any) -> Any:
    """Return a module that shares a module's tensors but not what this package changes of its structure.

    Its prompt encoder is a copy in float32, in which points are embedded; its decoder's norms can be given the
    authors' epsilon.
    """
    twin = copy.copy(module)
    twin.__dict__ = dict(module.__dict__)
    twin._modules = dict(module._modules)
    decoder = module.mask_decoder
    shared = {id(tensor): tensor for tensor in [*decoder.parameters(), *decoder.buffers()]}
    twin._modules["mask_decoder"] = copy.deepcopy(decoder, shared) if not strange_parts(decoder) else decoder
    for name in ("prompt_encoder", "shared_image_embedding"):
        twin._modules[name] = copy.deepcopy(getattr(module, name)).float().requires_grad_(False).eval()
    return twin


def strange_parts(module: nn.Module) -> list[str]:
    """Return the parts of a decoder that do something besides what their weights say, by name and class."""
    return [f"{name} ({type(part).__name__})" for name, part in module.named_modules() if not _is_plain(part)]


def _is_plain(part: nn.Module) -> bool:
    package = type(part).__module__.partition(".")[0]
    if package not in ("torch", "transformers") or type(part).__name__.startswith("Parametrized"):
        return False
    if part._forward_hooks or part._forward_pre_hooks or "forward" in vars(part):
        return False
    return all(type(tensor) in (Tensor, nn.Parameter) for tensor in part.parameters(recurse=False))


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


def _is_whole(tensor: Tensor) -> bool:
    """Tell whether a parameter's numbers are all in this process."""
    return not (tensor.is_meta or tensor.numel() == 0 or hasattr(tensor, "device_mesh"))
