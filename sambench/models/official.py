"""Any predictor with SamPredictor's interface, scored unchanged: `model=official model.factory=package:function`.

The factory returns an object with `set_image` and either `predict_torch` and `transform` (segment_anything and its
forks: MobileSAM, SAM-HQ, EdgeSAM...), `_predict` and `_prep_prompts` (SAM2ImagePredictor and its forks), or `predict`
alone, which is asked one prompt at a time.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import inspect
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sambench.errors import ModelError, UsageError
from sambench.masks.resize import logits_at_original
from sambench.models.base import PromptableModel
from sambench.models.devices import torch_device
from sambench.models.official_ask import dialect, frame_of
from sambench.models.official_state import read_state, restore_state
from sambench.models.padding import without_padding
from sambench.ranges import SHARED, check_range
from sambench.types import Embedding, Masks, Prompts, Size

EXAMPLE = "model=official model.factory=package.module:function, a function that returns the predictor"


def load(
    factory: str | None,
    checkpoint: str | None = None,
    device: str = "auto",
    options: Mapping[str, Any] | None = None,
    decode_batch_size: int = 64,
) -> OfficialModel:
    """Build a predictor and wrap it.

    Args:
        factory: "package.module:function". It is called with `checkpoint` and `device` where it has such parameters
            (`checkpoint` only if given), and with `options`.
        checkpoint: Handed to the factory.
        device: "auto", "cpu", "cuda", "mps"; handed to the factory.
        options: Further keyword arguments of the factory.
        decode_batch_size: Prompts at once.

    Raises:
        UsageError: No factory, or none by that name.
        ModelError: The factory fails or returns no predictor.
    """
    if not factory or ":" not in factory:
        raise UsageError(f"the factory is {factory!r}", where="model.factory", mend=EXAMPLE)
    function = _import(factory)
    arguments: dict[str, Any] = dict(options or {})
    accepted = inspect.signature(function).parameters
    if checkpoint is not None:
        arguments["checkpoint"] = checkpoint
    if "device" in accepted:
        arguments["device"] = str(torch_device(device))
    try:
        predictor = function(**arguments)
    except Exception as error:
        what = f"the factory fails: {type(error).__name__}: {error}"
        raise ModelError(what, where=factory, mend="call it in Python with the same arguments") from error
    return OfficialModel(predictor, factory, checkpoint, decode_batch_size)


def _import(factory: str) -> Callable[..., Any]:
    """Import "package.module:function"."""
    module_name, _, attribute = factory.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        what = f"{module_name} cannot be imported: {error}"
        mend = "install what is missing, or run from the folder that holds the module"
        raise UsageError(what, where=f"model.factory={factory}", mend=mend) from error
    function = getattr(module, attribute, None)
    if not callable(function):
        near = difflib.get_close_matches(attribute, dir(module), n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else EXAMPLE
        raise UsageError(f"{module_name} has no function {attribute!r}", where=f"model.factory={factory}", mend=hint)
    return function  # type: ignore[no-any-return]


class OfficialModel(PromptableModel):
    """A predictor behind the suite's interface.

    An embedding is the predictor's own state where that can be read and put back (`official_state`); for any other
    predictor it is the image, which is encoded again when prompts about it come: right, but nothing is saved.

    Args:
        predictor: What the factory returned.
        factory: Its name, for messages and `run.json`.
        checkpoint: What the factory was given.
        decode_batch_size: Prompts at once.
    """

    libraries = ("numpy", "pillow", "torchvision", "timm", "transformers")

    def __init__(self, predictor: Any, factory: str, checkpoint: str | None, decode_batch_size: int = 64) -> None:
        check_range(decode_batch_size, SHARED["decode_batch_size"], "decode_batch_size")
        self.predictor, self.factory, self.decode_batch_size = predictor, factory, decode_batch_size
        self._ask = dialect(predictor, factory)
        self.name = f"official:{factory.partition(':')[2]}"
        weights, code = weights_sha256(predictor), code_sha256(predictor)
        kind = f"{type(predictor).__module__}.{type(predictor).__qualname__}"
        what = json.dumps([weights, code, kind, factory, torch.__version__])
        self.fingerprint = hashlib.sha256(what.encode()).hexdigest()
        self.provenance = {
            "factory": factory,
            "class": kind,
            "checkpoint": checkpoint,
            "weights_sha256": weights,
            "code_sha256": code,
            "torch": torch.__version__,
            "preprocessing": "the predictor's own",
        }
        self._lock = threading.RLock()
        self._set: Embedding | None = None
        self._frame_is_checked = False

    @torch.no_grad()
    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Let the predictor encode (H, W, 3) uint8 RGB images one by one; see `PromptableModel.encode`."""
        return [self._encode(image) for image in images]

    def _encode(self, image: np.ndarray) -> Embedding:
        with self._lock:
            self.predictor.set_image(image)
            state = read_state(self.predictor)
            tensors = {"image": torch.from_numpy(np.ascontiguousarray(image))} if state is None else state
            self._set = Embedding(tensors, (image.shape[0], image.shape[1]))
            return self._set

    @torch.no_grad()
    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Ask the predictor; see `PromptableModel.decode`. Points labelled -1 are taken out first.

        Raises:
            ModelError: The predictor's own masks are not its low-resolution logits resized by a known rule.
        """
        with self._lock:
            self._restore(embedding)
            parts: list[tuple[Tensor, Tensor, Tensor]] = []
            for rows, group in without_padding(prompts):
                for start in range(0, len(rows), self.decode_batch_size):
                    chunk = slice(start, start + self.decode_batch_size)
                    full, iou, low = self._ask(self.predictor, group[chunk], multimask)
                    self._check_frame(full, low, embedding.original_size)
                    parts.append((rows[chunk], low, iou))
        order = torch.cat([rows for rows, _, _ in parts]).argsort().to(parts[0][1].device)
        logits, iou = (torch.cat([part[i] for part in parts])[order].float() for i in (1, 2))
        return Masks(logits, iou, frame_of(self.predictor, embedding.original_size))

    def _restore(self, embedding: Embedding) -> None:
        """Make the predictor's state that of an embedding."""
        if self._set is embedding:
            return
        if "image" in embedding.tensors:
            self.predictor.set_image(embedding.tensors["image"].cpu().numpy())
        else:
            restore_state(self.predictor, embedding.tensors, embedding.original_size)
        self._set = embedding

    def _check_frame(self, full: Tensor, low: Tensor, size: Size) -> None:
        """Compare the predictor's own full-size masks with ours, once."""
        if self._frame_is_checked:
            return
        self._frame_is_checked = True
        ours = logits_at_original(low[:1], frame_of(self.predictor, size))
        theirs = full[:1].to(ours.device)
        if ours.shape != theirs.shape or bool((((ours > 0) != (theirs > 0)) & (ours.abs() > 1e-2)).any()):
            what = "the predictor's masks are not its low-resolution logits resized as segment_anything or sam2 do"
            mend = "switch further post-processing (such as filling of holes) off in the factory"
            raise ModelError(what, where=self.factory, mend=mend)


def weights_sha256(predictor: Any) -> str | None:
    """Return the SHA-256 (hex) over names and bytes of every tensor of the predictor's modules, None without any."""
    modules = {k: v for k, v in sorted(vars(predictor).items()) if isinstance(v, torch.nn.Module)}
    if not modules:
        return None
    digest = hashlib.sha256()
    for owner, module in modules.items():
        for name, tensor in sorted(module.state_dict().items()):
            digest.update(f"{owner}.{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
            digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def code_sha256(predictor: Any) -> str | None:
    """Return the SHA-256 (hex) of the Python files of the predictor's package, so that a changed fork is another model.

    None where its class has no file (an interactive session).
    """
    module = importlib.import_module(type(predictor).__module__.partition(".")[0])
    file = getattr(module, "__file__", None)
    if file is None:
        return None
    top = Path(file)
    files = sorted(top.parent.rglob("*.py")) if top.name == "__init__.py" else [top]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(top.parent).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
