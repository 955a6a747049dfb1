"""Random weights of a model of the SAM family from its tensors' names and shapes, the same wherever they are made."""

import numpy as np
import torch

LEARNT = (
    *("embed", "embed_window", "embed.weight", "token.weight", "tokens.weight", "gaussian_matrix"),
    *("rel_pos_h", "rel_pos_w", "no_mem_embed"),
)
"""Endings of tensors that are learnt vectors, not the weights of a product."""


def seeded(shapes, seed, sharpness=40.0):
    """Return seeded normal weights that keep activations near one and mask logits near +-10.

    All-zero starts of positions and biases, as the constructors leave them, would hide mistakes. Values are rounded to
    half precision, so that goldens can store them in half the bytes.

    Args:
        shapes: Name of a floating tensor -> its shape, in the model's order.
        seed: Of the draws.
        sharpness: What the last layers of the masks' kernels are multiplied with.
    """
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for name, shape in shapes.items():
        if name in ("pixel_mean", "pixel_std"):
            continue
        noise = torch.randn(tuple(shape), generator=generator)
        if name.endswith("running_var"):
            value = 1 + 0.1 * noise.abs()
        elif noise.ndim < 2:
            value = 0.1 * noise + (1.0 if "norm" in name and name.endswith("weight") else 0.0)
        elif name.endswith(LEARNT) or "point_embeddings" in name:
            value = 0.5 * noise
        else:
            value = noise / float(np.sqrt(np.prod(noise.shape[1:])))
        if ("output_hypernetworks_mlps" in name or "hf_mlp" in name) and "layers.2" in name:
            value = value * sharpness
        if "neck.convs" in name:  # SAM 2's neck has no norm after it; keep its features near one too
            value = value * 0.2
        made[name] = value.half().float()
    return made
