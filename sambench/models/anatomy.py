"""How large a model is and how much it computes: parameters by part, multiply-adds of encoding and of one prompt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from sambench.models.base import PromptableModel

if TYPE_CHECKING:
    from torch import nn

_PRODUCTS = ("bmm", "baddbmm", "scaled_dot_product")  # of queries by keys and of weights by values, not of projections


def parameter_counts(model: PromptableModel) -> dict[str, int]:
    """Return the number of parameters of each of the model's parts, and of all in "model"; nothing where none is known.

    Buffers (fixed position encodings, statistics) are none; a parameter that two parts share counts once in "model".
    """
    counts, seen = {}, dict[int, int]()
    for part, module in model.parts().items():
        own = {id(parameter): parameter.numel() for parameter in module.parameters()}
        counts[part] = sum(own.values())
        seen |= own
    return {**counts, "model": sum(seen.values())} if counts else {}


def multiply_adds(call: Callable[[], object], encoder: nn.Module | None = None) -> tuple[int, float | None]:
    """Count the multiply-adds of a call's matrix products (attention's too) and convolutions, as torch counts them.

    Fused attention is taken apart to be counted, so the call takes longer than it does otherwise.

    Args:
        call: What is counted.
        encoder: A network within it, whose attention is looked at too.

    Returns:
        The multiply-adds, 0 of a model that computes elsewhere (ONNX Runtime, numba); and how many times as many the
        products of a layer that attends everywhere take as those of one that attends within windows: the most and the
        least of the encoder's layers of equal width. None where they are all alike, or none was seen.
    """
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        call()
    total = int(counter.get_total_flops()) // 2
    if encoder is None:
        return total, None
    counted, widths = counter.get_flop_counts(), defaultdict[int, list[int]](list)
    for name, module in encoder.named_modules():
        own = counted.get(f"{type(encoder).__name__}.{name}", {})
        products = sum(count for kind, count in own.items() if any(word in str(kind) for word in _PRODUCTS))
        if products and name.endswith("attn"):
            widths[max(weight.shape[-1] for weight in module.parameters() if weight.ndim == 2)].append(products)
    ratio = max((max(own) / min(own) for own in widths.values()), default=1.0)
    return total, ratio if ratio > 1 else None
