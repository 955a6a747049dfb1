"""Places of bits in words: every place, alone and below others."""

import numpy as np
import pytest

from sambench.masks.run_lengths.bits import lowest_bit


@pytest.mark.parametrize("place", range(64))
def test_the_lowest_of_several_bits_is_found(place):
    alone = np.uint64(1 << place)
    assert lowest_bit(alone) == place
    assert lowest_bit(alone | np.uint64(1 << 63)) == place
    assert lowest_bit(np.uint64((2**64 - 1) >> place << place)) == place
