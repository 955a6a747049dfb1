"""A promptable segmenter for tests: a point gets the pixels of similar grey value, by three tolerances.

It answers with 256 x 256 logits in SAM's padded 1024 x 1024 frame. Its arithmetic is exact (nearest neighbours, float64
rounded once), so that its logits are the same on every machine; its masks have holes and islands, its quality estimates
have ties.
"""

import numpy as np
import torch

from sambench.types import Embedding, MaskFrame, Masks, Prompts

LOW, PADDED = 256, 1024
TOLERANCES = (4.37, 9.71, 21.53)


def blobs_image(height, width, seed):
    """Make (H, W, 3) uint8 smooth blobs with specks."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    grey = np.zeros((height, width))
    for _ in range(45):
        cy, cx, radius = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(5, 40)
        grey = np.where((y - cy) ** 2 + (x - cx) ** 2 < radius**2, rng.uniform(0, 255), grey)
    specks = rng.random((height // 3 + 1, width // 3 + 1)).repeat(3, 0).repeat(3, 1)[:height, :width] < 0.01
    grey = np.where(specks, 255 - grey, grey + 3 * np.sin(x / 7) + 3 * np.cos(y / 5))
    return np.clip(grey, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)


class ToySegmenter:
    """A model for the mask generator.

    Args:
        empty_every: Every this many masks one is empty, with all logits at -0.5; 0 for none.
    """

    def __init__(self, empty_every=0):
        self.empty_every = empty_every

    def encode(self, images):
        embeddings = []
        for image in images:
            height, width = image.shape[:2]
            rows, columns = (int(side * PADDED / max(height, width) + 0.5) // 4 for side in (height, width))
            grey = np.full((LOW, LOW), 1e4)
            grey[:rows, :columns] = image[..., 0][
                np.ix_(np.arange(rows) * height // rows, np.arange(columns) * width // columns)
            ]
            embeddings.append(Embedding({"grey": torch.from_numpy(grey)}, (height, width)))
        return embeddings

    def decode(self, embedding, prompts: Prompts, multimask):
        height, width = embedding.original_size
        input_size = tuple(int(side * PADDED / max(height, width) + 0.5) for side in (height, width))
        x, y = (prompts.points_xy[:, 0].double() * (LOW / max(height, width))).long().unbind(1)
        grey = embedding.tensors["grey"]
        difference = (grey - grey[y, x][:, None, None]).abs().clamp(max=100)
        tolerances = torch.tensor(TOLERANCES if multimask else TOLERANCES[1:2], dtype=torch.float64)
        logits = 6 * (tolerances[:, None, None] - difference[:, None])
        quality = ((7 * x + 13 * y)[:, None] + 5 * torch.arange(len(tolerances))) % 16
        if self.empty_every:
            logits.flatten(0, 1)[:: self.empty_every] = -0.5
        frame = MaskFrame((height, width), (PADDED, PADDED), input_size)
        return Masks(logits.float(), (0.76 + quality / 64).float(), frame)
