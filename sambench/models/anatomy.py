"""How large a model is and how much it computes: parameters by part, multiply-adds of encoding and of one prompt."""

from __future__ import annotations

from collections.abc import Callable

from sambench.models.base import PromptableModel


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


def multiply_adds(call: Callable[[], object]) -> int:
    """Return the multiply-adds of a call's matrix products (attention's too) and convolutions, as torch counts them.

    A model that computes elsewhere (ONNX Runtime, numba) counts 0. Fused attention is taken apart to be counted, so the
    call takes longer than it does otherwise.
    """
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        call()
    return int(counter.get_total_flops()) // 2
