"""Orders of the mask decoder's features: as tokens, as images, as blocks of pixels of a token."""

from __future__ import annotations

from torch import Tensor, nn


def as_tokens(features: Tensor) -> Tensor:
    """(C, h, w) -> (h * w, C)."""
    return features.flatten(1).T.contiguous()


def as_matrix(conv: nn.ConvTranspose2d) -> Tensor:
    """Return a 2 x 2 transposed convolution of stride 2 as an (in, 4 * out) matrix, outputs by row, column, channel."""
    return conv.weight.permute(0, 2, 3, 1).flatten(1).contiguous()


def to_blocks(features: Tensor, grid: tuple[int, int]) -> Tensor:
    """Order (c, s h, s w) features as (h * w, s * s * c): an image token's pixels together, s a power of two.

    Within a token's block, pixels go by halves: row and column of the 2 x 2 first, then those within.
    """
    (height, width), channels = grid, len(features)
    if features.shape[1] == 2 * height:
        x = features.view(channels, height, 2, width, 2).permute(1, 3, 2, 4, 0)
    else:
        x = features.view(channels, height, 2, 2, width, 2, 2).permute(1, 4, 2, 5, 3, 6, 0)
    return x.reshape(height * width, -1)


def from_blocks(x: Tensor, grid: tuple[int, int]) -> Tensor:
    """Order (B, M, 16 h w) pixels in blocks of 4 x 4 a token as (B, M, 4h, 4w) images; undoes `to_blocks`."""
    height, width = grid
    blocks = x.unflatten(-1, (height, width, 2, 2, 2, 2))
    return blocks.permute(0, 1, 2, 4, 6, 3, 5, 7).flatten(2, 4).flatten(3)
