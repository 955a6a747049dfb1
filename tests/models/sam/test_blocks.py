"""Orders of features: what is put into blocks comes out of them, and a transposed convolution is its matrix."""

import pytest
import torch

from sambench.models.sam.blocks import as_matrix, as_tokens, from_blocks, to_blocks


@pytest.mark.parametrize("grid", [(1, 1), (2, 3), (4, 2)])
def test_blocks_of_a_token_are_undone(grid):
    height, width = grid
    image = torch.rand(1, 4 * height, 4 * width)
    blocks = to_blocks(image, grid)
    assert blocks.shape == (height * width, 16)
    assert torch.equal(from_blocks(blocks.reshape(1, 1, -1), grid)[0], image)


def test_a_block_holds_the_pixels_of_its_token_by_halves():
    image = torch.arange(32.0).reshape(1, 4, 8)  # two tokens of 4 x 4 side by side
    first = [0, 1, 8, 9, 2, 3, 10, 11, 16, 17, 24, 25, 18, 19, 26, 27]
    assert to_blocks(image, (1, 2)).tolist() == [first, [value + 4 for value in first]]
    assert to_blocks(image[:, :2, :4], (1, 2)).tolist() == [[0, 1, 8, 9], [2, 3, 10, 11]]


def test_a_transposed_convolution_is_a_product_with_its_matrix():
    conv = torch.nn.ConvTranspose2d(3, 5, 2, stride=2, bias=False)
    image = torch.rand(3, 2, 3)
    rows = as_tokens(image) @ as_matrix(conv)  # (6, 4 * 5): row, column, channel
    expected = conv(image[None])[0]  # (5, 4, 6)
    image_of_rows = rows.view(2, 3, 2, 2, 5).permute(4, 0, 2, 1, 3).reshape(5, 4, 6)
    torch.testing.assert_close(image_of_rows, expected, rtol=1e-5, atol=1e-6)
